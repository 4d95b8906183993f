"""Import completions that were generated elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError, Invalid, Missing
from models_registry.models import LanguageModel
from models_registry.services.imports import find_published_version, import_completions
from models_registry.services.language_models import (
    find_language_model,
    register_language_model,
)


class Command(BaseCommand):
    help = "Import a file of answers (AlpacaEval, MT-bench, own JSONL or CSV) as a model's own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--model", required=True, metavar="SLUG", help="SLUG or SLUG@VERSION")
        parser.add_argument("--pool", required=True, metavar="SLUG[/N]", help="else the newest one")
        parser.add_argument(
            "--name", default="", help="register the model under it if there is none"
        )
        parser.add_argument("--rows-of", default="", metavar="NAME", help="whose rows to take")
        parser.add_argument("--skip-bad-rows", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = Path(options["file"])
        try:
            done = import_completions(
                data=path.read_bytes(),
                filename=path.name,
                language_model=_model(options["model"], options["name"]),
                pool_version=find_published_version(options["pool"]),
                rows_of=options["rows_of"],
                skip_bad_rows=options["skip_bad_rows"],
                now=timezone.now(),
            )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(_told(error)) from error
        self.stdout.write(
            f"{done.created} imported, {done.present} there already, {done.empty} empty, "
            f"{done.naming_their_maker} naming their maker, {done.total_errors} left out"
        )


def _model(reference: str, name: str) -> LanguageModel:
    try:
        return find_language_model(reference)
    except Missing as error:
        if not name:
            raise Missing(f"{error} Register it on the way: --name 'Name of the model'.") from error
    return register_language_model(slug=reference, name=name)


def _told(error: DomainError) -> str:
    found = error.errors if isinstance(error, Invalid) else []
    rows = [f"  row {one.row}: {one.message}" for one in found[:20]]
    hint = ["Mend them, or leave them out: --skip-bad-rows."] if error.code == "bad_rows" else []
    return "\n".join([error.message, *rows, *hint])
