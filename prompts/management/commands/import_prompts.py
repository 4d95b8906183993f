"""Import a prompt file into a pool, and print what was found."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from core.errors import DomainError, InputError, Invalid, TooLarge
from prompts import services
from prompts.models import PromptPool
from prompts.services import ImportReport


class Command(BaseCommand):
    help = "Import prompts from CSV, TSV, JSON, JSONL or Parquet into a pool's draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--pool", required=True, metavar="SLUG", help="made if it is new")
        parser.add_argument("--name", default="", help="of a new pool")
        parser.add_argument("--columns", default="", help="prompt=COLUMN,id=COLUMN,…")
        parser.add_argument("--skip-bad-rows", action="store_true")
        parser.add_argument("--refuse-duplicates", action="store_true")
        parser.add_argument("--reference", type=Path, metavar="FILE", help="reference answers")
        parser.add_argument("--publish", action="store_true", help="freeze the version afterwards")
        parser.add_argument("--dry-run", action="store_true", help="report, but store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            # All or nothing: a refused reference file takes the prompts back too.
            with transaction.atomic():
                lines = list(self._import(options))
                transaction.set_rollback(options["dry_run"])
        except DomainError as error:
            raise CommandError("\n".join(_refusal(error))) from error
        self.stdout.write("\n".join(lines))

    def _import(self, options: dict[str, Any]) -> Iterator[str]:
        pool = PromptPool.objects.filter(slug=options["pool"]).first()
        pool = pool or services.create_pool(slug=options["pool"], name=options["name"])
        report = services.import_prompts(
            pool=pool,
            data=_read(options["file"]),
            filename=options["file"].name,
            columns=services.parse_columns(options["columns"]),
            skip_bad_rows=options["skip_bad_rows"],
            refuse_duplicates=options["refuse_duplicates"],
            dry_run=options["dry_run"],
        )
        yield from _lines(report)
        if report.version is None:
            return
        if options["reference"]:
            n_attached = services.attach_reference_answers(
                version=report.version,
                data=_read(options["reference"]),
                filename=options["reference"].name,
                skip_bad_rows=options["skip_bad_rows"],
            )
            yield f"{n_attached:,} reference answers attached."
        if options["publish"]:
            published = services.publish_version(version=report.version, now=timezone.now())
            yield f"Published version {published.number} of {pool.slug}: {published.digest}"


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > settings.UPLOAD_MAX_BYTES:
            message = f"{path.name} is larger than {settings.UPLOAD_MAX_BYTES:,} bytes."
            raise TooLarge(message)
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", code="file") from error


def _lines(report: ImportReport) -> Iterator[str]:
    yield f"{report.filename}: {report.format}, recognised as {report.shape}"
    for one in report.warnings:
        where = f" (rows {', '.join(map(str, one.rows))}{'…' * (one.count > len(one.rows))})"
        column = f"{one.column}: " if one.column else ""
        yield f"  note: {one.count:,} × {column}{one.message}{where if one.rows else ''}"
    for error in report.errors:
        yield f"  {_line(error)}"
    done = "would be imported" if report.dry_run else "imported"
    place = f" into version {report.version.number}" if report.version else ""
    yield f"{report.n_imported:,} of {report.n_rows:,} rows {done}{place}; {report.n_skipped:,} skipped"


def _refusal(error: DomainError) -> Iterator[str]:
    yield error.message
    if hint := error.details.get("hint"):
        yield f"  {hint}"
    if isinstance(error, Invalid):
        yield from (f"  {_line(one)}" for one in error.errors)
        if error.total > len(error.errors):
            yield f"  … and {error.total - len(error.errors):,} more"


def _line(error: InputError) -> str:
    row = f"row {error.row:,}" if error.row else ""
    where = ", ".join(filter(None, (row, error.column)))
    return f"{where}: {error.message} {error.hint or ''}".strip(": ").rstrip()
