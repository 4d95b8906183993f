"""Rankings as a table for people, as JSON, and as CSV that a spreadsheet cannot execute."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from types import MappingProxyType
from typing import Any, TextIO

from ratings.exports.writers import escape_cell
from ratings.ranking.ranks import Ranking
from ratings.scoring import BoardRow, Finding
from ratings.vote_files import SkippedRow, ascii_safe

COLUMNS = ("model", *(field.name for field in fields(BoardRow) if field.name != "item"))
UNITS = MappingProxyType({"win-rate": "win rate", "average-win-rate": "win rate"})

# A ranking of the whole file stands under None; rankings by group under the group's name.
Rankings = Mapping[str | None, Ranking]


def write_json(out: TextIO, rankings: Rankings, skipped: Sequence[SkippedRow]) -> None:
    """Write one JSON object; with groups, `skipped` at the top holds the rows of no group."""
    if None in rankings:
        body: dict[str, Any] = rankings[None].as_dict()
    else:
        rest = [one.as_dict() for one in skipped if one.group not in rankings]
        groups = {str(name): ranking.as_dict() for name, ranking in rankings.items()}
        body = {"groups": groups, "skipped": rest}
    out.write(json.dumps(body, ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def write_csv(out: TextIO, rankings: Rankings, skipped: Sequence[SkippedRow]) -> None:
    """Write a row per model; with groups the group stands first."""
    lines = csv.writer(out, lineterminator="\n")
    grouped = None not in rankings
    lines.writerow(["group", *COLUMNS] if grouped else COLUMNS)
    for name, ranking in rankings.items():
        for row in ranking.rows:
            item, *numbers = astuple(row)
            cells = [escape_cell(item), *numbers]
            lines.writerow([escape_cell(str(name)), *cells] if grouped else cells)


def write_table(out: TextIO, rankings: Rankings, skipped: Sequence[SkippedRow]) -> None:
    """Write aligned columns for reading."""
    for name, ranking in rankings.items():
        if name is not None:
            out.write(f"[{ascii_safe(name)}]\n")
        out.write(_heading(ranking) + "\n")
        out.writelines(
            line + "\n"
            for line in _aligned(
                [_titles(ranking), *(_cells(ranking, row) for row in ranking.rows)]
            )
        )
        out.writelines(f"{ascii_safe(line)}\n" for line in _remarks(ranking))
        out.write("\n" if name is not None else "")


TIE_WORDS = MappingProxyType(
    {
        "half": "ties as half a win",
        "davidson": "Davidson's ties",
        "rao-kupper": "Rao and Kupper's ties",
    }
)


def _heading(ranking: Ranking) -> str:
    raters = "" if ranking.n_raters is None else f", {_counted(ranking.n_raters, 'rater')}"
    clusters = ranking.uncertainty or "votes taken as independent"
    bounds = (
        "no intervals"
        if ranking.intervals == "none"
        else f"95 % intervals: {ranking.intervals}, {clusters}"
    )
    ties = TIE_WORDS[ranking.ties]
    return f"{ranking.method}, {ties}, {bounds}; {_counted(ranking.n_votes, 'vote')}{raters}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _remarks(ranking: Ranking) -> list[str]:
    """Return what was asked for beside the rows: tiers, effects, two models, the audit."""
    lines = [f"tier {at}: {', '.join(tier)}" for at, tier in enumerate(ranking.tiers, start=1)]
    lines += [str(effect) for effect in ranking.effects]
    lines += [str(ranking.compared)] if ranking.compared else []
    if ranking.audit:
        lines.append(f"audit: {_counted(len(ranking.audit.flags), 'flag')}")
        lines += [_finding(one) for one in ranking.audit.findings]
        lines += [f"  {check}: not checked: {why}" for check, why in ranking.audit.skipped.items()]
    return lines


def _finding(one: Finding) -> str:
    names = f" ({'; '.join(one.names[:SHOWN])})" if one.names else ""
    mark = "FLAG" if one.flagged else "ok"
    return f"  {one.check}: {mark}, {one.figure:.4g} against {one.threshold:g}{names}"


SHOWN = 3


def _titles(ranking: Ranking) -> list[str]:
    return ["rank", "range", "model", UNITS.get(ranking.method, "rating"), "95 % interval", "votes"]


def _cells(ranking: Ranking, row: BoardRow) -> list[str]:
    digits = 4 if ranking.method in UNITS else 1
    between = "" if row.rank_lower is None else f"{row.rank_lower}–{row.rank_upper}"
    bounds = "" if row.lower is None else f"{row.lower:.{digits}f} … {row.upper:.{digits}f}"
    score = "not estimable" if row.score is None else f"{row.score:.{digits}f}"
    return [str(row.rank or ""), between, ascii_safe(row.item), score, bounds, str(row.n)]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at == _MODEL else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


_MODEL = 2
WRITERS: Mapping[str, Callable[[TextIO, Rankings, Sequence[SkippedRow]], None]] = MappingProxyType(
    {"table": write_table, "json": write_json, "csv": write_csv}
)
