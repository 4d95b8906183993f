"""Print the leaderboards of a study, taking a snapshot of it as it stands."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from judging.models import Study
from judging.services.unblinding import record_unblinding
from ratings.exports.records import LeaderboardRow
from ratings.exports.writers import write_csv
from ratings.models import LeaderboardSnapshot
from ratings.services.exports import board_parts, leaderboard_rows
from ratings.services.snapshots import latest_version, take_snapshot

COLUMNS = ("rank", "model", "rating", "interval", "win rate", "n", "both bad", "Elo")


class Command(BaseCommand):
    help = "Print a study's leaderboard for each criterion, and the composite."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY")
        parser.add_argument("--criterion", default="", help="only this one; composite is one too")
        parser.add_argument("--format", choices=["table", "json", "csv"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = Study.objects.get(slug=options["study"])
            now = timezone.now()
            snapshot, _ = take_snapshot(version=latest_version(study), now=now)
            rows = list(leaderboard_rows(snapshot=snapshot, criterion=options["criterion"]))
            record_unblinding(
                study=study,
                user=None,
                path="manage.py leaderboard",
                reason="read the leaderboard",
                now=now,
            )
        except Study.DoesNotExist:
            raise CommandError(f"There is no study {options['study']!r}.") from None
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps([row._asdict() for row in rows], indent=2))
        elif options["format"] == "csv":
            text = b"".join(write_csv(rows, LeaderboardRow)).decode()
            self.stdout.write(text.replace("\r\n", "\n"), ending="")
        else:
            self.stdout.write(tables(snapshot, options["criterion"]))


def tables(snapshot: LeaderboardSnapshot, criterion: str = "") -> str:
    """Return the boards as aligned text, one after the other."""
    result, version = snapshot.result, snapshot.study_version
    parts = board_parts(result)
    shown = [parts[criterion]] if criterion else parts.values()
    heading = [
        f"{version.study.name}: version {version.number}, snapshot {snapshot.pk}"
        + (" (interim: the study is not closed)" if snapshot.interim else ""),
        "Judged by: " + (", ".join(map(_kind, result["raters"])) or "nobody yet"),
        result["cluster"]["note"],
    ]
    return "\n".join(["\n".join(heading), *(_table(part, result["level"]) for part in shown)])


def _kind(kind: Mapping[str, Any]) -> str:
    return f"{kind['label'].lower()} ({kind['raters']} raters, {kind['judgments']:,} judgments)"


def _table(part: Mapping[str, Any], level: float) -> str:
    """Return one criterion: a title, aligned rows, and what could not be estimated."""
    title = f"\n{part.get('label', 'Composite')}"
    if "votes" in part:
        forfeits = f", {part['forfeits']:,} forfeits" if part["forfeits"] else ""
        cannot = f"{part['cannot_judge']:,} could not judge"
        title += f"  ({part['votes']:,} votes by {part['raters']:,} raters{forfeits}, {cannot})"
    else:
        weights = ", ".join(f"{key} {weight:g}" for key, weight in part["weights"].items())
        title += f"  (weights: {weights})"
    names = [name if name != "interval" else f"{level:.0%} interval" for name in COLUMNS]
    lines = [names, *(_cells(row) for row in part["rows"])]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    text = ["  ".join(_aligned(line, widths)).rstrip() for line in lines]
    groups = [f"  not ranked together: {' | '.join(map(', '.join, part.get('groups', [])))}"]
    notes = [f"  {reason}" for reason in part["reasons"]]
    return "\n".join([title, *text, *(groups if part.get("groups") else []), *notes])


def _aligned(line: list[str], widths: list[int]) -> list[str]:
    return [
        cell.ljust(width) if name == "model" else cell.rjust(width)
        for name, cell, width in zip(COLUMNS, line, widths, strict=True)
    ]


def _cells(row: Mapping[str, Any]) -> list[str]:
    best, worst = row["rank_lower"], row["rank_upper"]
    lower, upper = row["rating_lower"], row["rating_upper"]
    return [
        _shown(row["rank"], "d")
        if best is None
        else f"{best}"
        if best == worst
        else f"{best}–{worst}",
        row["model"],
        _shown(row["rating"], ".0f"),
        "–" if lower is None else f"{lower:.0f} … {upper:.0f}",
        _shown(row.get("win_rate"), ".1%"),
        _shown(row.get("battles"), ",d"),
        _shown(row.get("both_bad_rate"), ".1%"),
        _shown(row.get("online_elo"), ".0f"),
    ]


def _shown(value: float | None, pattern: str) -> str:
    return "–" if value is None else format(value, pattern)
