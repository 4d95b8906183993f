"""Where things stand in the pictures of a board: shares of the width, steps of colour (pure).

Templates draw them. Positions across are percentages, so that a picture fits a phone and a wall
without scaling its letters; positions down are pixels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ROW = 44  # pixels a row of a forest plot
CELL = 46  # pixels a cell of a matrix
LABEL = 190  # pixels beside a matrix
LONGEST = 24  # letters of a name in a picture; the tables have the whole of it
MOST_CELLS = 20  # models in a matrix; with more it says nothing at a glance
STEPS = 4  # of colour to each side of even
TICKS = 5


@dataclass(frozen=True, slots=True)
class Tick:
    at: float  # per cent of the width
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One model's interval: `y` pixels, the others per cent; without an interval `lower` is None."""

    name: str
    ranks: str
    y: int
    at: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Forest:
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    mean: float | None  # where 1000 stands
    height: int
    axis: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair from the row's side: `share` in per cent, `step` from -4 to 4, None: never met."""

    x: int
    y: int
    share: int | None
    step: int
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    number: int
    y: int
    x: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    lines: tuple[Line, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference on a scale with zero in the middle; all in per cent of the width."""

    at: float
    lower: float | None
    upper: float | None
    margin_from: float | None
    margin_width: float | None
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str  # win, tie, loss
    count: int
    x: float
    width: float


def forest(rows: Sequence[Mapping[str, Any]]) -> Forest | None:
    """Return the plot of the ranked rows, best first; None where nothing is ranked.

    A row has `name`, `ranks`, `rating`, `rating_lower` and `rating_upper`.
    """
    ranked = [row for row in rows if row["rating"] is not None]
    if not ranked:
        return None
    values = [
        row[key]
        for row in ranked
        for key in ("rating", "rating_lower", "rating_upper")
        if row[key] is not None
    ]
    scale = _Scale.around(min(values), max(values))
    return Forest(
        bars=tuple(
            Bar(
                name=_short(row["name"]),
                ranks=row["ranks"],
                y=ROW * at + ROW - 14,
                at=scale.place(row["rating"]),
                lower=scale.place(row["rating_lower"]),
                upper=scale.place(row["rating_upper"]),
            )
            for at, row in enumerate(ranked)
        ),
        ticks=scale.ticks(),
        mean=scale.place(1000.0) if scale.lower < 1000 < scale.upper else None,  # noqa: PLR2004 - the rating of the mean
        axis=ROW * len(ranked),
        height=ROW * len(ranked) + 26,
    )


def matrix(rows: Sequence[Mapping[str, Any]], met: Sequence[Mapping[str, Any]]) -> Matrix | None:
    """Return every model against every other in the order of `rows`; None with too many of them."""
    if not 1 < len(rows) <= MOST_CELLS:
        return None
    shares = _shares(met)
    return Matrix(
        lines=tuple(
            Line(
                name=_short(row["name"]),
                number=at + 1,
                y=CELL * (at + 1),
                x=LABEL + CELL * at,
                cells=tuple(
                    _cell(shares.get((row["model"], other["model"])), at, to, other["name"])
                    for to, other in enumerate(rows)
                    if to != at
                ),
            )
            for at, row in enumerate(rows)
        ),
        width=LABEL + CELL * len(rows) + 2,
        height=CELL * (len(rows) + 1) + 2,
    )


def gap(difference: Mapping[str, float | None], *, points: float, margin: float | None) -> Gap:
    """Return a difference of ratings; `margin` is in log-odds, `points` turn it into ratings."""
    zone = None if margin is None else margin * points
    values = [difference["rating"], difference["rating_lower"], difference["rating_upper"], zone]
    widest = max(abs(one) for one in values if one is not None) or 1.0
    scale = _Scale.around(-widest, widest)
    low, high = (None, None) if zone is None else (scale.place(-zone), scale.place(zone))
    return Gap(
        at=scale.place(difference["rating"] or 0.0),
        lower=scale.place(difference["rating_lower"]),
        upper=scale.place(difference["rating_upper"]),
        margin_from=low,
        margin_width=None if low is None or high is None else round(high - low, 2),
        ticks=scale.ticks(signed=True),
    )


def pieces(met: Mapping[str, int]) -> tuple[Piece, ...]:
    """Return wins, ties and losses as parts of one bar; nothing where the two never met."""
    total = met["wins"] + met["ties"] + met["losses"]
    if not total:
        return ()
    made, x = [], 0.0
    for kind, key in (("win", "wins"), ("tie", "ties"), ("loss", "losses")):
        width = 100 * met[key] / total
        made.append(Piece(kind, met[key], round(x, 2), round(width, 2)))
        x += width
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Scale:
    lower: float
    upper: float

    @classmethod
    def around(cls, lowest: float, highest: float) -> "_Scale":
        """Leave a little room at both ends; a scale of no width gets some."""
        room = 0.06 * (highest - lowest) or 10.0
        return cls(lowest - room, highest + room)

    def place(self, value: float | None) -> Any:
        """Return where `value` stands, in per cent; None of None."""
        if value is None:
            return None
        return round(100 * (value - self.lower) / (self.upper - self.lower), 2)

    def ticks(self, *, signed: bool = False) -> tuple[Tick, ...]:
        """Return some round numbers on the scale: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.upper - self.lower) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
        first, last = math.ceil(self.lower / step), math.floor(self.upper / step)
        return tuple(
            Tick(self.place(at * step), _number(at * step, signed=signed, step=step))
            for at in range(first, last + 1)
        )


def _number(value: float, *, signed: bool, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step)))
    text = f"{value:+.{decimals}f}" if signed and value else f"{value:.{decimals}f}"
    return text.replace("-", "−")


def _shares(met: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Return by (row, column) the share of the points that the row's model took."""
    shares = {}
    for one in met:
        total = one["wins"] + one["ties"] + one["losses"]
        if total:
            share = (one["wins"] + one["ties"] / 2) / total
            shares[one["a"], one["b"]] = share
            shares[one["b"], one["a"]] = 1 - share
    return shares


def _cell(share: float | None, at: int, to: int, name: str) -> Cell:
    return Cell(
        x=LABEL + CELL * to,
        y=CELL * (at + 1),
        share=None if share is None else round(100 * share),
        # Even is a step of its own; the ends are one-sided wins.
        step=0 if share is None else round((share - 0.5) * 2 * STEPS),
        name=name,
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
