"""Recompute snapshots from the judgments they counted, and say whether they are the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ratings.models import LeaderboardSnapshot
from ratings.services.snapshots import Verification, verify_snapshot


class Command(BaseCommand):
    help = "Recompute a snapshot, or all, and compare every number to 1e-9; exit 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", nargs="?", type=int, metavar="ID")
        parser.add_argument("--all", action="store_true", help="verify every snapshot")

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["id"] is None) != options["all"]:
            raise CommandError("Name one snapshot by its id, or --all.")
        snapshots = LeaderboardSnapshot.objects.select_related("study_version").order_by("pk")
        if not options["all"]:
            snapshots = snapshots.filter(pk=options["id"])
            if not snapshots:
                raise CommandError(f"There is no snapshot {options['id']}.")
        found = [verify_snapshot(snapshot=snapshot) for snapshot in snapshots]
        for one in found:
            self.stdout.write(described(one))
        failed = sum(not one.verified for one in found)
        if failed:
            raise CommandError(f"{failed} of {len(found)} snapshots are not what the votes give.")


def described(found: Verification) -> str:
    """Return what was found, one line or a few."""
    verdict = "verified" if found.verified else "NOT verified"
    size = f"largest difference {found.largest_difference:.1e}"
    lines = [f"snapshot {found.snapshot.pk}: {verdict} ({size})"]
    notes = {
        "the judgments, models or protocol it counted are not the same": found.inputs_match,
        "the stored result was changed": found.result_intact,
        f"taken by other code ({found.snapshot.code_version})": found.code_matches,
        f"taken with other libraries ({found.snapshot.library_versions})": found.libraries_match,
    }
    lines += [f"  {note}" for note, fine in notes.items() if not fine]
    lines += [f"  differs: {path}" for path in found.differences]
    return "\n".join(lines)
