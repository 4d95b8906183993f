"""`manage.py rank FILE`: ranks any file of pairwise votes, with no database."""

import io
import os
import sys
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Invalid
from ratings.ranking.choices import (
    BOTH_BADS,
    DRAWS,
    INITIAL,
    INTERVALS,
    K_FACTOR,
    MARGIN,
    METHODS,
    TIES,
    Choices,
)

if TYPE_CHECKING:
    from ratings.ranking.writers import Rankings
    from ratings.vote_files import SkippedRow

USAGE, NOTHING_USABLE = 2, 3
FORMATS = ("table", "json", "csv")
HELP = """\
Rank the models in a file of pairwise votes: CSV, TSV, JSON, JSONL, Parquet, Arrow, packed or not,
or - for the standard input. Read without options, in any spelling of the columns: Arena (model_a,
model_b, winner), its one-hot form, MT-bench judgments and games, evalica, llmfao and crowd-kit
(left, right, winner or label, worker), AlpacaEval annotations (a preference between 1 and 2 counts
for the nearer side), compar:IA votes, chosen_model and rejected_model, ranks of two systems (WMT),
rows of counts (win1, win2), and this product's own judgments, which are ranked for each criterion:
criteria are never pooled. Other columns are named with --columns, other words and numbers with
--outcomes; what is not plainly told is left out with its row and reason, and never guessed.

score, lower and upper are in the method's own unit: rating points for bt and elo, a share for win
rates. Intervals are 95 %, by default clustered by rater and prompt where both are known (two-way),
else by what is known (cluster), else for independent votes (sandwich); rank ranges hold for all
models together, and --tiers gathers models whose ranges do not tell them apart. With --position and
--style the strengths are those of answers shown alike and of equal style, and the effects (JSON:
"effects") are log-odds. What the votes do not determine is null: then "converged" is false and
"not_estimable" gives the reason and the groups of models.

Exit codes: 0 ranked; 2 wrong usage; 3 nothing in the file is usable."""


class Command(BaseCommand):
    help = HELP
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", metavar="FILE", help="the votes, or - for the standard input")
        add("--method", choices=METHODS, default="bt")
        add("--ties", choices=TIES, default="half", help="default: half a win each")
        add("--both-bad", choices=BOTH_BADS, default="tie", help="default: tie")
        add(
            "--intervals",
            choices=INTERVALS,
            help="default: two-way, cluster or sandwich, by what the file tells; none for elo and "
            "crowd-bt. For win rates sandwich is Wilson's interval",
        )
        add("--bootstrap", type=int, default=DRAWS, metavar="N", help="resamples (default: 1000)")
        add("--rater", metavar="COLUMN", help="the column that says who judged")
        add("--prompt", metavar="COLUMN", help="the column that says on what")
        add("--columns", type=_columns, metavar="a=…,b=…,winner=…,rater=…,prompt=…")
        add(
            "--outcomes",
            type=_outcomes,
            metavar="first=…,second=…,tie=…,both-bad=…",
            help="the file's own words or numbers for outcomes, several parted by |",
        )
        add("--encoding", default="utf-8", help="of a text that is not UTF-8: latin-1, cp1252, …")
        add("--by", metavar="COLUMN", help="rank each value of this column on its own")
        add(
            "--anchor",
            type=_anchor,
            metavar="MODEL=RATING",
            help="move all ratings so that this holds",
        )
        add(
            "--compare",
            nargs=2,
            metavar=("A", "B"),
            help="say whether A is better than B, worse, equivalent, or how many votes that takes",
        )
        add(
            "--margin",
            type=float,
            default=MARGIN,
            help="difference of win rates that is too small to matter (default: 0.05)",
        )
        add(
            "--position",
            action="store_true",
            help="fit what being shown first is worth; the first model is taken to be the one shown "
            "first (left, A)",
        )
        add(
            "--style",
            nargs=2,
            metavar=("A_TEXT", "B_TEXT"),
            help="fit what length, headings, lists and bold are worth; the columns with the answers",
        )
        add("--tiers", action="store_true", help="name the tiers (JSON: tiers, lists of models)")
        add("--audit", action="store_true", help="check what a board can suffer from")
        add("--k", type=float, default=K_FACTOR, help="Elo's K (default: 4)")
        add("--initial", type=float, default=INITIAL, help="Elo's first rating (default: 1000)")
        add("--seed", type=int, default=0, help="of bootstrap, orders and rank ranges (default: 0)")
        add("--format", choices=FORMATS, default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rankings, skipped = _rank(options)
        except Invalid as error:
            usage = error.code in {"usage", "columns"}
            raise CommandError(
                error.message, returncode=USAGE if usage else NOTHING_USABLE
            ) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise CommandError(f"{options['file']}: {reason}", returncode=USAGE) from error
        for line in _remarks(rankings, skipped):
            self.stderr.write(line)
        from ratings.ranking.writers import WRITERS

        text = io.StringIO()
        WRITERS[options["format"]](text, rankings, skipped)
        self.stdout.write(text.getvalue(), ending="")


def _columns(text: str) -> dict[str, str]:
    return _pairs(text, "a=…,b=…,winner=…,rater=…,prompt=…")


def _outcomes(text: str) -> dict[str, str]:
    return _pairs(text, "first=…,second=…,tie=…,both-bad=…")


def _pairs(text: str, form: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    names = [name for name, _, _ in pairs]
    if not all(sign and value for _, sign, value in pairs) or len(set(names)) < len(names):
        raise ArgumentTypeError(f"{text!r} is not {form}")
    return {name: value for name, _, value in pairs}


def _anchor(text: str) -> tuple[str, float]:
    model, _, rating = text.rpartition("=")
    try:
        return model, float(rating)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not MODEL=RATING") from None


def _rank(options: dict[str, Any]) -> "tuple[Rankings, Sequence[SkippedRow]]":
    # Before numpy loads: on a busy machine the threads of its linear algebra wait for each other
    # hundreds of times longer than matrices of this size take.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ratings.ranking.ranks import rank_groups, rank_votes
    from ratings.vote_files import read_votes

    names = ("method", "ties", "both_bad", "intervals", "anchor", "k", "initial", "seed")
    choices = Choices(
        **{name: options[name] for name in names},
        draws=options["bootstrap"],
        audit=options["audit"],
        compare=tuple(options["compare"]) if options["compare"] else None,
        margin=options["margin"],
        position=options["position"],
        tiers=options["tiers"],
        style=bool(options["style"]),
    )
    source = sys.stdin.buffer if options["file"] == "-" else Path(options["file"])
    table = read_votes(
        source,
        columns=options["columns"],
        rater=options["rater"],
        prompt=options["prompt"],
        group=options["by"],
        answers=tuple(options["style"]) if options["style"] else None,
        outcomes=options["outcomes"],
        encoding=options["encoding"],
    )
    if table.group is None:
        return {None: rank_votes(table, choices)}, table.skipped
    return dict(rank_groups(table, choices).items()), table.skipped


def _remarks(rankings: "Rankings", skipped: "Sequence[SkippedRow]") -> list[str]:
    """Return one line for the rows left out, and one for each ranking that lacks numbers."""
    from ratings.ranking.ranks import summary
    from ratings.vote_files import ascii_safe

    lines = [f"{summary(skipped)}."] if skipped else []
    for group, ranking in rankings.items():
        if ranking.trouble:
            what = "No interval" if ranking.converged else "Not estimable"
            lines.append(f"{what}{'' if group is None else f' in {group}'}: {ranking.trouble}.")
    return [ascii_safe(line) for line in lines]
