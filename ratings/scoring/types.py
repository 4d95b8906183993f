"""The shapes of the core: comparisons in, fits and rows out, and the tree of what can go wrong.

ScoringError
├── UnknownOutcome   a label that is not in the vocabulary of outcomes
├── NotEstimable     the data do not determine the numbers asked for; `components` says between whom
└── NotConverged     the optimiser stopped before the gradient vanished

Two frames are never mixed here: every array is in the canonical frame (first, second).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.labels import encode

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Outcomes = NDArray[np.int8]

FIRST_WON, TIE, SECOND_WON = 2, 1, 0
# The only words for an outcome that the core understands; everything else raises.
OUTCOMES: Mapping[str, int] = MappingProxyType(
    {"first": FIRST_WON, "tie": TIE, "second": SECOND_WON}
)

# 400 / ln 10: ten times the odds are 400 points (Elo 1978).
POINTS_PER_LOGIT = 400 / float(np.log(10.0))
BASE_RATING = 1000.0
LEAST_TWO_WAY = 0.5  # a two-way variance below this share of a one-way one is noise, not knowledge
FEW_CLUSTERS = 10  # with fewer on a side, an interval is fragile


class ScoringError(Exception):
    """Something about the data or the fit that makes a number impossible."""


class UnknownOutcome(ScoringError, ValueError):
    """An outcome label outside the vocabulary: never taken for a tie."""


class NotEstimable(ScoringError):
    """The data do not determine the estimate, however many digits a program would print.

    `components` are groups of items: within a group the votes compare the items, between groups
    they do not (or only ever in one direction). Empty when the trouble is not a grouping.
    """

    def __init__(self, message: str, components: Sequence[Sequence[str]] = ()) -> None:
        super().__init__(message)
        self.components = tuple(tuple(component) for component in components)


class NotConverged(ScoringError):
    """The gradient per vote did not fall below the tolerance."""


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Votes between pairs of items, as integer arrays in the canonical frame.

    Attributes
    ----------
    items : K names
        What is ranked; arrays refer to it by position.
    first, second : (n,) int32
        Positions in `items`, never equal.
    outcome : (n,) int8
        2 means `first` won, 1 a tie, 0 `second` won.
    rater, prompt : (n,) int32 or None
        Codes from 0: who judged, and on what. Only equality matters.

    Raises
    ------
    UnknownOutcome
        For an outcome other than 0, 1, 2.
    ValueError
        For arrays that do not fit together, positions out of range, and self-comparisons.
    """

    items: tuple[str, ...]
    first: Ints
    second: Ints
    outcome: Outcomes
    rater: Ints | None = None
    prompt: Ints | None = None

    def __post_init__(self) -> None:
        for name, kind in _COLUMNS.items():
            column = getattr(self, name)
            if column is not None:
                object.__setattr__(self, name, _column(column, kind, name))
        if len(set(self.items)) != len(self.items):
            raise ValueError("items must be distinct")
        n = self.first.size
        if any(column.size != n for column in self._columns()):
            raise ValueError("all columns must have the same length")
        if n:
            self._check_values()

    def _columns(self) -> list[NDArray[Any]]:
        columns = [getattr(self, name) for name in _COLUMNS]
        return [column for column in columns if column is not None]

    def _check_values(self) -> None:
        if self.outcome.min() < SECOND_WON or self.outcome.max() > FIRST_WON:
            bad = self.outcome[(self.outcome < SECOND_WON) | (self.outcome > FIRST_WON)][0]
            raise UnknownOutcome(f"outcome {bad} is none of 0 (second won), 1 (tie), 2 (first won)")
        if any(column.min() < 0 for column in self._columns()):
            raise ValueError("codes are counted from 0")
        if max(self.first.max(), self.second.max()) >= len(self.items):
            raise ValueError("a position is outside items")
        if (self.first == self.second).any():
            at = int(np.argmax(self.first == self.second))
            raise ValueError(f"comparison {at} is of {self.items[self.first[at]]!r} with itself")

    def __len__(self) -> int:
        return int(self.first.size)

    @classmethod
    def from_labels(
        cls,
        first: Sequence[str],
        second: Sequence[str],
        outcome: Sequence[str],
        *,
        rater: Sequence[str] | None = None,
        prompt: Sequence[str] | None = None,
        items: Sequence[str] | None = None,
        words: Mapping[str, int] = OUTCOMES,
    ) -> Self:
        """Build comparisons from names: lists, or columns of Arrow or pandas.

        `outcome` holds "first", "tie" or "second", or other `words` for 2, 1 and 0. Without `items`
        they are the names met, sorted; with `items` a name outside them raises `ValueError`, as a
        word outside the vocabulary raises `UnknownOutcome`.
        """
        from ratings.scoring.kernels import side_by_side

        given = [first, second, outcome, *(one for one in (rater, prompt) if one is not None)]
        one, other, won, *clusters = side_by_side(encode, given)
        names = tuple(sorted({*one[0], *other[0]})) if items is None else tuple(items)
        position = {name: code for code, name in enumerate(names)}
        meant = np.array([_outcome(label, words) for label in won[0]], dtype=np.int8)
        tables: list[NDArray[Any]] = [_coded(one[0], position), _coded(other[0], position), meant]
        columns = zip(tables, (one[1], other[1], won[1]), strict=True)
        sides = side_by_side(_looked_up, columns)
        who = iter([codes for _, codes in clusters])
        return cls(
            items=names,
            first=sides[0],
            second=sides[1],
            outcome=sides[2],
            rater=None if rater is None else next(who),
            prompt=None if prompt is None else next(who),
        )

    def select(self, rows: NDArray[Any]) -> Self:
        """Return the comparisons at `rows` (positions or a boolean mask), over the same items."""
        return type(self)(
            items=self.items,
            first=self.first[rows],
            second=self.second[rows],
            outcome=self.outcome[rows],
            rater=None if self.rater is None else self.rater[rows],
            prompt=None if self.prompt is None else self.prompt[rows],
        )

    def swapped(self) -> Self:
        """Return the same votes with first and second exchanged."""
        return type(self)(
            items=self.items,
            first=self.second,
            second=self.first,
            outcome=(FIRST_WON - self.outcome).astype(np.int8),
            rater=self.rater,
            prompt=self.prompt,
        )


_COLUMNS: Mapping[str, type[np.integer[Any]]] = MappingProxyType(
    {
        "first": np.int32,
        "second": np.int32,
        "outcome": np.int8,
        "rater": np.int32,
        "prompt": np.int32,
    }
)


def _column(values: Any, kind: type[np.integer[Any]], name: str) -> NDArray[Any]:
    """Return `values` as a read-only vector of `kind`, refusing what would be rounded or wrapped."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a vector")
    if array.dtype != kind:
        converted = array.astype(kind)
        if (array.dtype.kind not in "iub" and array.size) or not np.array_equal(converted, array):
            raise ValueError(f"{name} must hold integers that fit {kind.__name__}")
        array = converted
    view = array.view()
    view.flags.writeable = False
    return view


def _looked_up(column: tuple[NDArray[Any], Ints]) -> NDArray[Any]:
    from ratings.scoring.kernels import engine

    return np.asarray(engine().taken(*column))


def _outcome(label: str, words: Mapping[str, int]) -> int:
    try:
        return words[label]
    except KeyError:
        known = ", ".join(map(repr, words))
        raise UnknownOutcome(f"outcome {label!r} is none of {known}") from None


def _coded(labels: Sequence[str], position: Mapping[str, int]) -> Ints:
    try:
        return np.array([position[label] for label in labels], dtype=np.int32)
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not one of the items") from None


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each item beat, and tied with, each other: all that a fit needs of the votes.

    Attributes
    ----------
    wins : (K, K) float64
        `wins[i, j]`: votes in which i beat j.
    ties : (K, K) float64
        Symmetric: votes between i and j that were ties.
    """

    items: tuple[str, ...]
    wins: Floats
    ties: Floats

    @classmethod
    def of(cls, comparisons: Comparisons) -> Self:
        """Count the votes of each ordered pair and outcome: one pass, whatever the order."""
        from ratings.scoring.kernels import engine

        k = len(comparisons.items)
        # Counting is quick in NumPy too: never worth loading the compiled loops for.
        cells = engine().count(comparisons.first, comparisons.second, comparisons.outcome, k)
        cells = cells.astype(np.float64)
        return cls(
            items=comparisons.items,
            wins=cells[:, :, FIRST_WON] + cells[:, :, SECOND_WON].T,
            ties=cells[:, :, TIE] + cells[:, :, TIE].T,
        )

    def less(self, other: "Counts") -> "Counts":
        """Return these counts without those of some of the votes."""
        return replace(self, wins=self.wins - other.wins, ties=self.ties - other.ties)

    @property
    def votes(self) -> Floats:
        """(K, K), symmetric: all votes between i and j."""
        return self.wins + self.wins.T + self.ties

    @property
    def n(self) -> float:
        """The number of votes."""
        return float(self.wins.sum() + self.ties.sum() / 2)

    @property
    def per_item(self) -> Floats:
        """(K,): votes in which each item took part."""
        return np.asarray(self.votes.sum(axis=1))


def counts_of(data: Comparisons | Counts) -> Counts:
    """Return the counts of `data`, which may be counts already."""
    return data if isinstance(data, Counts) else Counts.of(data)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model of preference, and what every interval is made of.

    The score of one vote is `x (y - E y)`, with x = e_first - e_second and y in {0, 1/2, 1}; in
    Davidson's model a further entry, `1{tie} - P(tie)`, belongs to log nu. Its influence on the
    estimate is `inverse @ score`, so each interval is a functional of `residual`, `tie_residual`
    and `inverse`: a table lookup per vote, never an (n, K) matrix.

    Attributes
    ----------
    method : "bradley-terry", "davidson" or "rao-kupper"
    strength : (K,) float64
        Log-odds, centred at 0.
    tie : float or None
        Davidson's nu, where P(tie) = nu sqrt(p_i p_j) / (p_i + p_j + nu sqrt(p_i p_j)); None in a
        model without a tie parameter.
    expected : (K, K) float64
        `expected[i, j]`: expected y of i against j, a tie counting one half.
    tie_probability : (K, K) float64 or None
    information : (P, P) float64
        Observed information; P = K, or K + 1 with log nu last.
    inverse : (P, P) float64
        Its inverse on the contrasts (the strengths sum to 0): the Fisher covariance.
    log_likelihood : float
    gradient_per_vote : float
        Largest absolute entry of the gradient, divided by the number of votes.
    iterations : int
    scores : five arrays (3, K, K) or None
        The tables of `scores.Tables` where they do not follow from `expected` and
        `tie_probability`: in Rao and Kupper's model.
    prior : str or None
        The prior that the estimate rests on, in words; None for maximum likelihood.
    """

    items: tuple[str, ...]
    method: str
    strength: Floats
    tie: float | None
    expected: Floats
    tie_probability: Floats | None
    information: Floats
    inverse: Floats
    log_likelihood: float
    gradient_per_vote: float
    iterations: int
    scores: tuple[Floats, ...] | None = None
    prior: str | None = None

    def residual(self, comparisons: Comparisons) -> Floats:
        """(n,): y - E y of each vote, in the canonical frame; in Rao and Kupper's model its score."""
        if self.scores is not None:
            return self._looked_up(0, comparisons)
        expected = self.expected[comparisons.first, comparisons.second]
        return np.asarray(comparisons.outcome * 0.5 - expected)

    def tie_residual(self, comparisons: Comparisons) -> Floats | None:
        """(n,): 1{tie} - P(tie) of each vote, or None in a model without a tie parameter."""
        if self.scores is not None:
            return self._looked_up(1, comparisons)
        if self.tie_probability is None:
            return None
        probability = self.tie_probability[comparisons.first, comparisons.second]
        return np.asarray((comparisons.outcome == TIE) - probability)

    def _looked_up(self, table: int, comparisons: Comparisons) -> Floats:
        assert self.scores is not None
        where = (comparisons.outcome, comparisons.first, comparisons.second)
        return np.asarray(self.scores[table][where])

    def contrast_influence(self, comparisons: Comparisons, contrast: Floats) -> Floats:
        """(n,): what each vote added to `contrast @ strength`, to first order.

        `contrast` is (K,). The sum is 0, and the sum of squares is the iid sandwich variance.
        """
        direction = self.inverse[:, : len(self.items)] @ contrast
        pull = direction[comparisons.first] - direction[comparisons.second]
        influence = pull * self.residual(comparisons)
        ties = self.tie_residual(comparisons)
        return influence if ties is None else influence + direction[-1] * ties


@dataclass(frozen=True, eq=False)
class Side:
    """One way of clustering: its covariance, and what stands behind it.

    Attributes
    ----------
    by : "rater" or "prompt"
    matrix : (K, K) float64, log-odds squared
    degrees : float
        Degrees of freedom of the t quantile: the effective number of clusters, less one.
    clusters : int
    """

    by: str
    matrix: Floats
    degrees: float
    clusters: int


class Spread(NamedTuple):
    """The uncertainty of one number: its variance, the degrees of freedom, and where it is from.

    `source` is the covariance's kind, or the side ("rater", "prompt") whose one-way variance is
    used instead, because the two-way one came out less than half as large, or negative.
    """

    variance: float
    degrees: float
    source: str

    @property
    def standard_error(self) -> float:
        return float(np.sqrt(max(self.variance, 0.0)))


@dataclass(frozen=True, eq=False)
class Covariance:
    """The estimated covariance of the centred strengths, and how to turn it into intervals.

    Attributes
    ----------
    matrix : (K, K) float64, log-odds squared
        Of a two-way covariance not always positive definite: take variances from `spread`,
        `standard_error` and `difference_variance`, which fall back to the wider side.
    kind : "sandwich", "cluster", "two-way", "composite", "bootstrap", "cluster-bootstrap",
        "two-way-bootstrap" or, of a fit with a prior, "posterior"
    degrees : float
        Degrees of freedom of the t quantile; infinite for the normal one.
    clusters : int or None
        How many clusters (raters, say) stand behind it; of two ways the fewer.
    draws : (B, K) float64 or None
        Bootstrap estimates, where there are any; NaN rows for resamples without an estimate.
    sides : the one-way covariances of a two-way one, else empty
    """

    matrix: Floats
    kind: str
    degrees: float = float("inf")
    clusters: int | None = None
    draws: Floats | None = None
    sides: tuple[Side, ...] = ()

    @property
    def standard_error(self) -> Floats:
        """(K,): standard errors of the centred strengths, in log-odds."""
        each = [np.diag(v) for v in self._matrices()]
        return np.asarray(np.sqrt(self._chosen(each, each)))

    @property
    def degrees_each(self) -> Floats:
        """(K,): the degrees of freedom of each centred strength's interval."""
        each = [np.diag(v) for v in self._matrices()]
        own = [self.degrees, *(side.degrees for side in self.sides)]
        return self._chosen(each, [np.full(len(one), d) for one, d in zip(each, own, strict=True)])

    def spread(self, contrast: Floats) -> Spread:
        """Return the uncertainty of `contrast @ strength`, `contrast` (K,)."""
        each = [np.array([contrast @ v @ contrast]) for v in self._matrices()]
        at = int(self._chosen(each, [np.array([float(at)]) for at in range(len(each))])[0])
        variance = float(each[at][0])
        if not at:
            return Spread(variance, self.degrees, self.kind)
        side = self.sides[at - 1]
        return Spread(variance, side.degrees, side.by)

    def spreads(self, contrasts: Floats) -> tuple[Floats, Floats]:
        """Return variance and degrees of freedom (c,) of each of the contrasts (c, K)."""
        each = [((contrasts @ v) * contrasts).sum(axis=1) for v in self._matrices()]
        own = [self.degrees, *(side.degrees for side in self.sides)]
        degrees = [np.full(len(contrasts), one) for one in own]
        return self._chosen(each, each), self._chosen(each, degrees)

    def difference_variance(self) -> Floats:
        """(K, K): the variance of strength i minus strength j; 0 on the diagonal."""
        each = [np.diag(v)[:, None] + np.diag(v) - 2 * v for v in self._matrices()]
        return self._chosen(each, each)

    def leading(self, k: int) -> Self:
        """Return the covariance of the first `k` numbers: of the strengths, without what follows."""
        sides = tuple(replace(side, matrix=side.matrix[:k, :k]) for side in self.sides)
        draws = None if self.draws is None else self.draws[:, :k]
        return replace(self, matrix=self.matrix[:k, :k], sides=sides, draws=draws)

    def backed_by(self, clusters: int) -> Self:
        """Return this with the number of clusters that stand behind it."""
        return replace(self, clusters=clusters)

    def _matrices(self) -> list[Floats]:
        return [self.matrix, *(side.matrix for side in self.sides)]

    def _chosen(self, variances: list[Floats], values: list[Floats]) -> Floats:
        """Return, of each contrast, the value that belongs to the variance that is used for it.

        Both lists hold the two-way number first, then those of the sides, elementwise.
        """
        if not self.sides:
            return values[0]
        widest = 1 + np.argmax(variances[1:], axis=0)
        wide = np.maximum.reduce(variances[1:])
        used = np.where(variances[0] < LEAST_TWO_WAY * wide, widest, 0)
        return np.asarray(np.choose(used, values))

    @property
    def larger_source(self) -> str | None:
        """Return which side the uncertainty is more of, by mean variance; None one way."""
        if not self.sides:
            return None
        return max(self.sides, key=lambda side: float(np.trace(side.matrix))).by

    @property
    def fragile(self) -> tuple[str, ...]:
        """Return the sides with fewer than 10 clusters, too few for an interval to be relied on."""
        if self.sides:
            return tuple(side.by for side in self.sides if side.clusters < FEW_CLUSTERS)
        return ("cluster",) if (self.clusters or FEW_CLUSTERS) < FEW_CLUSTERS else ()


@dataclass(frozen=True)
class Interval:
    """An interval of one number, in its unit: the two bounds, and the level it was made for, 0 to 1."""

    lower: float
    upper: float
    level: float = 0.95


@dataclass(frozen=True)
class BoardRow:
    """One line of a board; None where a number does not apply or cannot be estimated.

    `strength` is log-odds centred at 0, `rating` the same on the Elo scale, `score` the method's
    own unit, in which `lower` and `upper` are too; `n` counts the votes the item took part in.
    """

    item: str
    strength: float | None
    rating: float | None
    score: float | None
    lower: float | None
    upper: float | None
    rank: int | None
    rank_lower: int | None
    rank_upper: int | None
    n: int


def to_rating(strength: Floats, base: float = BASE_RATING) -> Floats:
    """Return strengths (log-odds) as ratings (Elo points): 400 / ln 10 a logit, 0 at `base`."""
    return np.asarray(POINTS_PER_LOGIT * strength + base)
