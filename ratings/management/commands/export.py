"""Write the judgments or the leaderboard of a study as a file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from judging.models import Study
from judging.services.unblinding import record_unblinding
from ratings.exports.writers import FORMATS
from ratings.services.exports import KINDS, export, write_export


class Command(BaseCommand):
    help = "Write the judgments (one row a vote) or the newest leaderboard of a study as a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY")
        parser.add_argument("what", choices=list(KINDS))
        parser.add_argument("--format", choices=list(FORMATS), default="csv")
        parser.add_argument("--criterion", default="", help="leaderboard: only this criterion")
        parser.add_argument(
            "--superseded", action="store_true", help="judgments: earlier revisions too, marked"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = Study.objects.get(slug=options["study"])
            content = export(
                study=study,
                what=options["what"],
                file_format=options["format"],
                superseded=options["superseded"],
                criterion=options["criterion"],
            ).content
            record_unblinding(
                study=study,
                user=None,
                path="manage.py export",
                reason=f"export of {options['what']}",
                now=timezone.now(),
            )
            if options["output"] is not None:
                size = write_export(content=content, path=options["output"])
                self.stderr.write(f"{options['output']}: {size:,} bytes")
                return
            # Bytes, not text: Parquet is none, and the line ends of CSV must stay.
            sys.stdout.buffer.writelines(content)
        except Study.DoesNotExist:
            raise CommandError(f"There is no study {options['study']!r}.") from None
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"Cannot write: {error}") from error
