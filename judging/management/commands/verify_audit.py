"""Recompute the seals over everything that was judged, and say what was changed since."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from judging.models import AuditBatch
from judging.services.ledger import seal_judgments, verify_ledger


class Command(BaseCommand):
    help = (
        "Verify the ledger of judgments against its sealed batches; exit 1 when anything differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--link",
            metavar="NUMBER:CHAIN",
            help="a link that was written down elsewhere: it must still be there",
        )
        parser.add_argument(
            "--seal", action="store_true", help="seal what is not sealed yet, first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seal"]:
            seal_judgments(now=timezone.now())
        found = verify_ledger()
        self.stdout.write(
            f"{found.judgments} judgments in {found.batches} sealed batches, {found.unsealed} not "
            "sealed yet"
        )
        problems = [*found.problems, *self._link_problems(options["link"])]
        for one in problems:
            self.stdout.write(f"  {one}")
        if problems:
            raise CommandError(f"The ledger is not as it was sealed: {len(problems)} problems.")
        if found.chain:
            self.stdout.write(f"verified; write down: {found.batches}:{found.chain}")

    def _link_problems(self, link: str | None) -> list[str]:
        if link is None:
            return []
        number, _, chain = link.partition(":")
        if not number.isdecimal() or not chain:
            raise CommandError("Write the link as NUMBER:CHAIN, as this command prints it.")
        if AuditBatch.objects.filter(number=int(number), chain=chain).exists():
            return []
        return [f"batch {number} with the link {chain} is not there"]
