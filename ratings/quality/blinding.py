"""Did raters know which model they judged? Indices of blinding from what they guess (pure).

References
----------
Bang, H., Ni, L. and Davis, C. E. (2004). Assessment of blinding in clinical trials. Controlled
Clinical Trials 25: the index of each arm, and the data of its example.
James, K. E. et al. (1996). An index for assessing blindness in a multi-centre clinical trial.
Statistics in Medicine 15.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.intervals import quantile

UNKNOWN = -1  # the guess of whoever says that they do not know
SUSPECTED = 0.05  # how unlikely by chance the right guesses of a suspected rater are
RULE_OF_THREE = 3.0  # what was never seen among n has at most this share of n (level 0.95)
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Guesses:
    """What raters thought who wrote the answers they were asked about: one entry an answer.

    Attributes
    ----------
    model : (n,) int64
        Who wrote it: a position among the models.
    guess : (n,) int64
        Who the rater thinks wrote it: a position among the names that were offered, in which the
        models stand first and the decoys after them; `UNKNOWN` for "don't know".
    rater : (n,) int64
        Codes from 0.
    models, names : how many models there are, and how many names were offered
    """

    model: Codes
    guess: Codes
    rater: Codes
    models: int
    names: int

    def select(self, rows: NDArray[np.bool_]) -> "Guesses":
        return Guesses(
            self.model[rows], self.guess[rows], self.rater[rows], self.models, self.names
        )

    @property
    def right(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.guess == self.model
        return found

    @property
    def unknown(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.guess == UNKNOWN
        return found


@dataclass(frozen=True)
class BlindingIndex:
    """An index with its counts; the bounds are None where one rater alone was asked."""

    value: float
    lower: float | None
    upper: float | None
    answers: int
    right: int
    wrong: int
    unknown: int
    raters: int


def bang_index(guesses: Guesses, *, level: float = 0.95) -> BlindingIndex | None:
    """Return Bang's index over these guesses; None without any.

    The share of right guesses, less the share of wrong ones by how many names a wrong guess may
    fall on: 0 when all guess blindly, 1 when all know; "don't know" counts as neither. With two
    names it is Bang's index of an arm. The interval is the jackknife's over raters.
    """
    return _index(guesses, _bang, level, least=-1.0)


def james_index(guesses: Guesses, *, level: float = 0.95) -> BlindingIndex | None:
    """Return James's index over these guesses; None without any, or without any chance to compare.

    1 when nobody claims to know, 0.5 when all guess blindly, 0 when all know.
    """
    return _index(guesses, _james, level, least=0.0)


def suspected_raters(guesses: Guesses) -> list[int]:
    """Return the raters, by code, who are right more often than blind guessing makes likely.

    Each is tested alone at 0.05: leaving out a rater too many costs a sensitivity check little.
    """
    from scipy.stats import binom

    found = []
    for code in np.unique(guesses.rater):
        own = guesses.select(guesses.rater == code)
        tried, right = int((~own.unknown).sum()), int(own.right.sum())
        if right and binom.sf(right - 1, tried, 1 / own.names) <= SUSPECTED:
            found.append(int(code))
    return found


def _index(
    guesses: Guesses, statistic: Callable[[Floats, Guesses], float], level: float, *, least: float
) -> BlindingIndex | None:
    raters, code = np.unique(guesses.rater, return_inverse=True)
    tables = np.zeros((len(raters), guesses.models, guesses.names + 1))
    # The last column is "don't know": the code -1.
    np.add.at(tables, (code, guesses.model, guesses.guess), 1)
    whole = tables.sum(axis=0)
    value = statistic(whole, guesses) if len(raters) else np.nan
    if not np.isfinite(value):
        return None
    right, unknown = int(guesses.right.sum()), int(guesses.unknown.sum())
    half = _half(value, whole, tables, lambda table: statistic(table, guesses), level)
    lower, upper = (
        (None, None) if half is None else (max(value - half, least), min(value + half, 1.0))
    )
    n = len(guesses.guess)
    return BlindingIndex(value, lower, upper, n, right, n - right - unknown, unknown, len(raters))


def _half(
    value: float, whole: Floats, tables: Floats, of: Callable[[Floats], float], level: float
) -> float | None:
    """Return half the width of the jackknife's interval over raters; None of one rater alone."""
    g = len(tables)
    if g < 2:  # noqa: PLR2004 - without one of one nothing is left
        return None
    without = np.array([of(whole - one) for one in tables])
    without = np.where(np.isfinite(without), without, value)
    error = float(np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum()))
    # All raters alike is no certainty about the raters who were not asked.
    return quantile(0.5 + level / 2, g - 1) * error if error > 0 else RULE_OF_THREE / g


def _bang(table: Floats, guesses: Guesses) -> float:
    n = table.sum()
    if not n:
        return float("nan")
    right = float(np.trace(table[:, : guesses.models]))
    wrong = float(n - right - table[:, -1].sum())
    return float((right - wrong / (guesses.names - 1)) / n)


def _james(table: Floats, guesses: Guesses) -> float:
    n = table.sum()
    claimed = table[:, :-1]
    sure = claimed.sum()
    if not n:
        return float("nan")
    if not sure:
        return 1.0
    unlike = 1 - np.eye(*claimed.shape)
    observed = (unlike * claimed).sum() / sure
    rows, columns = claimed.sum(axis=1) / sure, claimed.sum(axis=0) / sure
    expected = float(rows @ unlike @ columns)
    if not expected:
        return float("nan")
    unknown = 1 - sure / n
    return float((1 + unknown + (1 - unknown) * (observed - expected) / expected) / 2)


def as_plain(found: BlindingIndex | None) -> dict[str, Any] | None:
    """Return an index as it is shown and sent."""
    if found is None:
        return None
    return {name: getattr(found, name) for name in BlindingIndex.__dataclass_fields__}
