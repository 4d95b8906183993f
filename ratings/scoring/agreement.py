"""Agreement of raters who graded the same units: alpha, kappas, AC1 and AC2, with intervals.

Every coefficient compares an observed agreement with the one expected by chance, and they differ in
what chance is: the pooled grades of all raters (Fleiss's kappa, Krippendorff's alpha), each rater's
own grades (Cohen's kappa), or how hard the categories are to use (Gwet's AC1 and AC2). Units that
one rater alone graded say nothing about agreement; what is missing is left out, never a category.

>>> from ratings.scoring import Grades, krippendorff_alpha
>>> grades = Grades.from_table([[1, 1], [2, 2], [3, 4], [4, None]])
>>> round(krippendorff_alpha(grades, "ordinal").value, 3)
0.949

References
----------
Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.
Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th edition: AC1, AC2 and their weights
(chapter 3), variances for incomplete tables (chapter 5).
Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin 76.
Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological
Measurement 20; Fleiss, J. L., Cohen, J. and Everitt, B. S. (1969) for its standard error.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.scoring.intervals import quantile
from ratings.scoring.types import Floats, NotEstimable

Codes = NDArray[np.int64]
METRICS = ("nominal", "ordinal", "interval", "ratio")
WEIGHTS = (
    "identity",
    "linear",
    "quadratic",
    "ordinal",
    "radical",
    "ratio",
    "circular",
    "bipolar",
)
NO_SPREAD = 1e-12  # a standard error below it is rounding
PAIR = 2  # the fewest grades of a unit, and the number of raters, that can agree
BLOCK = 1 << 20  # numbers held at once: 8 MiB


@dataclass(frozen=True, eq=False)
class Grades:
    """Who graded which unit how: one entry for each grade that was given.

    Attributes
    ----------
    unit, rater : (n,) int64
        Codes from 0. A rater grades a unit at most once.
    category : (n,) int64
        Positions in `categories`.
    categories : C values
        In their order, which "ordinal" uses; numbers where distances are taken between values.

    Raises
    ------
    ValueError
        For arrays of different lengths, and a rater who graded a unit twice.
    """

    unit: Codes
    rater: Codes
    category: Codes
    categories: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.unit.size == self.rater.size == self.category.size:
            raise ValueError("unit, rater and category must have the same length")
        if self.unit.size:
            key = self.unit * (int(self.rater.max()) + 1) + self.rater
            if np.unique(key).size < key.size:
                raise ValueError("a rater graded a unit twice: keep the grade that counts")

    def __len__(self) -> int:
        return int(self.unit.size)

    @classmethod
    def from_labels(
        cls,
        unit: Sequence[Any],
        rater: Sequence[Any],
        grade: Sequence[Any],
        *,
        categories: Sequence[Any] | None = None,
    ) -> Self:
        """Build from one entry a grade; `categories` are those met, sorted, unless they are given.

        Raises
        ------
        ValueError
            For a grade outside `categories`.
        """
        order = tuple(sorted(set(grade)) if categories is None else categories)
        position = {value: at for at, value in enumerate(order)}
        if strange := next((value for value in grade if value not in position), None):
            raise ValueError(f"{strange!r} is not one of the categories")
        codes = [position[value] for value in grade]
        return cls(_coded(unit), _coded(rater), np.array(codes, dtype=np.int64), order)

    @classmethod
    def from_table(
        cls, table: Sequence[Sequence[Any]], *, categories: Sequence[Any] | None = None
    ) -> Self:
        """Build from one row a unit and one column a rater; None and NaN mean not graded."""
        entries = [
            (unit, rater, grade)
            for unit, row in enumerate(table)
            for rater, grade in enumerate(row)
            if grade is not None and grade == grade  # noqa: PLR0124 -- NaN is unlike itself
        ]
        units, raters, grades = zip(*entries, strict=True) if entries else ((), (), ())
        return cls.from_labels(units, raters, grades, categories=categories)

    @classmethod
    def from_counts(
        cls, counts: Sequence[Sequence[int]], *, categories: Sequence[Any] | None = None
    ) -> Self:
        """Build from (N, C) counts of grades, where nobody knows which rater gave which."""
        table = np.asarray(counts)
        unit, category = np.nonzero(table)
        times = table[unit, category]
        units = np.repeat(unit, times)
        first = np.concatenate([[0], np.cumsum(np.bincount(units))])[:-1]
        return cls(
            unit=units,
            rater=np.arange(units.size) - first[units],
            category=np.repeat(category, times),
            categories=tuple(range(table.shape[1]) if categories is None else categories),
        )

    @property
    def values(self) -> Floats:
        """(C,) the categories as numbers; 1 to C where they are words."""
        try:
            return np.array([float(value) for value in self.categories])
        except (TypeError, ValueError):
            return np.arange(1.0, len(self.categories) + 1)

    def counts(self, times: Floats | None = None) -> Floats:
        """Return (N, C): how many raters put each unit in each category, a rater counting `times`."""
        shape = (int(self.unit.max()) + 1 if len(self) else 0, len(self.categories))
        cell = self.unit * shape[1] + self.category
        weights = None if times is None else times[self.rater]
        return (
            np.bincount(cell, weights, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
        )


@dataclass(frozen=True)
class Agreement:
    """One coefficient with its interval.

    `observed` and `expected` are shares of agreement (one minus the disagreement for alpha), so that
    value = (observed - expected) / (1 - expected). `units` are those with two grades or more.
    `standard_error` and the bounds are None where there are too few units, and where the units do not
    vary: full agreement on a few is no certainty.
    """

    name: str
    weights: str
    value: float
    observed: float
    expected: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    level: float
    units: int
    raters: int
    grades: int


def krippendorff_alpha(
    grades: Grades, metric: str = "nominal", *, level: float = 0.95
) -> Agreement:
    """Return Krippendorff's alpha; the standard error is the jackknife's over units.

    `metric` is one of `METRICS`: "ordinal" takes distances by how many grades lie between,
    "interval" and "ratio" by the values of the categories.

    Raises
    ------
    NotEstimable
        Without a unit graded twice, or when all grades are the same: then there is no chance
        disagreement to compare with.
    ValueError
        For an unknown metric.
    """
    if metric not in METRICS:
        raise ValueError(f"metric {metric!r} is none of {', '.join(METRICS)}")
    return _result("alpha", metric, grades, _Alpha(grades.values, metric), level)


def gwet_ac(grades: Grades, weights: str = "identity", *, level: float = 0.95) -> Agreement:
    """Return Gwet's AC1 (identity weights) or AC2 (others), with his linearised standard error.

    `weights` is one of `WEIGHTS`: how much of an agreement two unlike grades are, from 0 to 1.

    >>> from ratings.scoring import Grades, gwet_ac
    >>> grades = Grades.from_table([["yes", "yes"], ["no", "no"], ["yes", None], ["no", "yes"]])
    >>> round(gwet_ac(grades).value, 4)
    0.3725

    Raises
    ------
    NotEstimable
        Without a unit graded twice. Where all grades are the same, chance is 0 and the value 1.
    ValueError
        For unknown weights, and weights that the categories do not allow.
    """
    name = "AC1" if weights == "identity" else "AC2"
    return _result(name, weights, grades, _Gwet(agreement_weights(grades.values, weights)), level)


def fleiss_kappa(grades: Grades, weights: str = "identity", *, level: float = 0.95) -> Agreement:
    """Return Fleiss's kappa, generalised to missing grades and weights as by Gwet.

    Raises
    ------
    NotEstimable
        Without a unit graded twice, or when all grades are the same.
    ValueError
        For unknown weights, and weights that the categories do not allow.
    """
    return _result(
        "Fleiss kappa", weights, grades, _Fleiss(agreement_weights(grades.values, weights)), level
    )


def percent_agreement(
    grades: Grades, weights: str = "identity", *, level: float = 0.95
) -> Agreement:
    """Return the share of pairs of raters who agree, averaged over units; chance is not removed.

    Raises
    ------
    NotEstimable
        Without a unit graded twice.
    ValueError
        For unknown weights, and weights that the categories do not allow.
    """
    kind = _Percent(agreement_weights(grades.values, weights))
    return _result("per cent agreement", weights, grades, kind, level)


def pooled_kappa(grades: Grades, *, level: float = 0.95) -> Agreement:
    """Return the kappa of the WMT shared tasks: all pairs of grades pooled, not averaged by unit.

    Chance is the sum of squares of the pooled shares of the categories. To treat the two sides of a
    comparison alike, pass every grade in both frames.

    Raises
    ------
    NotEstimable
        Without a unit graded twice, or when all grades are the same.

    References
    ----------
    Bojar, O. et al. (2016). Findings of the 2016 conference on machine translation, section 2.
    """
    return _result("pooled kappa", "identity", grades, _Pooled(len(grades.categories)), level)


def cohen_kappa(grades: Grades, weights: str = "identity", *, level: float = 0.95) -> Agreement:
    """Return Cohen's kappa of two raters over the units that both graded.

    The standard error is that of Fleiss, Cohen and Everitt (1969), with normal quantiles.

    Raises
    ------
    ValueError
        Unless there are exactly two raters: for more use `fleiss_kappa`.
    NotEstimable
        Without common units, or when both always gave the same one grade.
    """
    raters = np.unique(grades.rater)
    if raters.size != PAIR:
        raise ValueError(f"Cohen's kappa is of two raters, not {raters.size}: use fleiss_kappa")
    joint = _joint(grades, raters)
    n = joint.sum()
    if not n:
        raise NotEstimable("the two raters have no unit in common")
    weight = agreement_weights(grades.values, weights)
    share = joint / n
    row, column = share.sum(axis=1), share.sum(axis=0)
    observed, expected = float((weight * share).sum()), float(row @ weight @ column)
    value = _beyond_chance(observed, expected)
    # How the two shares move kappa, cell by cell; the delta method.
    pull = (weight @ column)[:, None] + (row @ weight)[None, :]
    slope = (weight - (1 - value) * pull) / (1 - expected)
    variance = float((share * slope**2).sum() - (share * slope).sum() ** 2) / n
    found = Agreement(
        "Cohen kappa", weights, value, observed, expected, None, None, None, level,
        int(n), PAIR, 2 * int(n),
    )  # fmt: skip
    return _bounded(found, float(np.sqrt(max(variance, 0.0))), quantile(0.5 + level / 2, np.inf))


def bootstrap_agreement(
    coefficient: Callable[[Grades], Agreement],
    grades: Grades,
    *,
    by: str,
    rng: Generator,
    draws: int = 1000,
) -> Agreement:
    """Return the coefficient with percentile bounds and standard error from resampled units or raters.

    `by` is "unit" or "rater": what is drawn with replacement, and so whom the interval speaks for,
    other units or other raters. A rater who is drawn twice is never compared with themselves. Draws
    without an estimate are left out. `coefficient` is one of this module's functions, such as
    `lambda grades: gwet_ac(grades, "ordinal")`.

    Raises
    ------
    NotEstimable
        When fewer than nine in ten draws have an estimate.
    ValueError
        For another `by`, and by rater for Cohen's kappa, which has only two.
    """
    if by not in {"unit", "rater"}:
        raise ValueError("agreement is resampled by unit or by rater")
    found = coefficient(grades)
    if found.name == "Cohen kappa":
        if by == "rater":
            raise ValueError("two raters cannot be resampled: bootstrap by unit")
        drawn = _redrawn_units(coefficient, grades, rng, draws)
    else:
        kind = _kind(found, grades)
        drawn = (_draw_units if by == "unit" else _draw_raters)(kind, grades, rng, draws)
    usable = drawn[np.isfinite(drawn)]
    if usable.size < 0.9 * draws:
        raise NotEstimable(
            f"{draws - usable.size} of {draws} resamples have no agreement to measure"
        )
    if np.ptp(usable) < NO_SPREAD:
        return replace(found, standard_error=None, lower=None, upper=None)
    lower, upper = np.quantile(usable, [0.5 - found.level / 2, 0.5 + found.level / 2])
    return replace(
        found, standard_error=float(usable.std(ddof=1)), lower=float(lower), upper=float(upper)
    )


# ---- weights -------------------------------------------------------------------------------------


def agreement_weights(values: Floats, name: str) -> Floats:
    """Return (C, C): how much two grades agree, from 0 to 1; 1 on the diagonal (Gwet 2014, table 3.4).

    Raises
    ------
    ValueError
        For an unknown name, and for "ratio" or "radical" weights that the values do not allow.
    """
    try:
        distance = _DISTANCES[name]
    except KeyError:
        raise ValueError(f"weights {name!r} are none of {', '.join(WEIGHTS)}") from None
    apart = distance(values)
    largest = float(apart.max(initial=0.0))
    return np.asarray(1 - apart / largest) if largest else np.ones_like(apart)


def _gap(values: Floats) -> Floats:
    return np.asarray(np.abs(values[:, None] - values))


def _ordinal(values: Floats) -> Floats:
    between = _gap(np.arange(len(values), dtype=float)) + 1
    return np.asarray(between * (between - 1) / 2)


def _ratio(values: Floats) -> Floats:
    if (values < 0).any():
        raise ValueError("ratios are of values that are not negative")
    total = values[:, None] + values
    return np.asarray(
        np.divide(_gap(values), total, out=np.zeros_like(total), where=total > 0) ** 2
    )


def _circular(values: Floats) -> Floats:
    return np.asarray(np.sin(np.pi * _gap(values) / (np.ptp(values) + 1)) ** 2)


def _bipolar(values: Floats) -> Floats:
    total = values[:, None] + values
    room = (total - 2 * values.min()) * (2 * values.max() - total)
    return np.asarray(np.divide(_gap(values) ** 2, room, out=np.zeros_like(room), where=room > 0))


_DISTANCES: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "identity": lambda values: 1 - np.eye(len(values)),
        "linear": _gap,
        "quadratic": lambda values: _gap(values) ** 2,
        "ordinal": _ordinal,
        "radical": lambda values: np.sqrt(_gap(values)),
        "ratio": _ratio,
        "circular": _circular,
        "bipolar": _bipolar,
    }
)


# ---- coefficients --------------------------------------------------------------------------------


class _Unit(NamedTuple):
    """What units contribute: `counts` (N, C) of grades, and `own` (N, C), pairs of a grade with itself.

    `own` equals `counts` unless raters were drawn twice: then it holds the squares of how often.
    """

    counts: Floats
    own: Floats

    @property
    def grades(self) -> Floats:
        return np.asarray(self.counts.sum(axis=1))

    @property
    def pairs(self) -> Floats:
        """(N,) ordered pairs of grades by different raters."""
        return np.asarray(self.grades**2 - self.own.sum(axis=1))


class _Kind(ABC):
    """A coefficient as a function of sums over units, so that resamples are one matrix product."""

    @abstractmethod
    def features(self, units: _Unit) -> Floats:
        """Return (N, F): what each unit adds to the sums."""

    @abstractmethod
    def shares(self, sums: Floats) -> tuple[Floats, Floats]:
        """Return observed and expected agreement (b,) from sums of features (b, F)."""

    def influence(self, features: Floats, observed: float, expected: float) -> Floats | None:
        """Return (N,) linearised contributions with the coefficient for their mean, or None."""
        return None

    def value(self, sums: Floats) -> Floats:
        observed, expected = self.shares(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((observed - expected) / (1 - expected))


class _Weighted(_Kind):
    """Agreement averaged over units; features: unit graded twice, its agreement, graded, shares (C)."""

    def __init__(self, weights: Floats) -> None:
        self.weights = weights

    def features(self, units: _Unit) -> Floats:
        graded, pairs = units.grades, units.pairs
        agreeing = ((units.counts @ self.weights) * units.counts).sum(axis=1)
        agreeing -= (units.own * np.diag(self.weights)).sum(axis=1)
        both = pairs > 0
        agreement = np.divide(agreeing, pairs, out=np.zeros_like(pairs), where=both)
        share = units.counts / np.maximum(graded, 1e-300)[:, None]
        return np.column_stack([both, agreement, graded > 0, share])

    def shares(self, sums: Floats) -> tuple[Floats, Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = sums[:, 1] / sums[:, 0]
            share = sums[:, 3:] / sums[:, 2:3]
        return observed, self.chance(share)

    @abstractmethod
    def chance(self, share: Floats) -> Floats:
        """Return the agreement by chance (b,) of shares (b, C)."""

    @abstractmethod
    def slope(self, share: Floats) -> Floats:
        """Return (C,) half the derivative of `chance`, so that slope @ share is the chance itself."""

    def influence(self, features: Floats, observed: float, expected: float) -> Floats:
        n, both = len(features), features[:, 0]
        share = features[:, 3:].sum(axis=0) / n
        value = (observed - expected) / (1 - expected)
        own = n / both.sum() * (features[:, 1] - expected * both) / (1 - expected)
        by_chance = features[:, 3:] @ self.slope(share)
        return np.asarray(own - 2 * (1 - value) * (by_chance - expected) / (1 - expected))


class _Gwet(_Weighted):
    def chance(self, share: Floats) -> Floats:
        return np.asarray(self._factor() * (share * (1 - share)).sum(axis=1))

    def slope(self, share: Floats) -> Floats:
        return np.asarray(self._factor() * (1 - share))

    def _factor(self) -> float:
        c = len(self.weights)
        return float(self.weights.sum()) / (c * (c - 1)) if c > 1 else 0.0


class _Fleiss(_Weighted):
    def chance(self, share: Floats) -> Floats:
        return np.asarray(((share @ self.weights) * share).sum(axis=1))

    def slope(self, share: Floats) -> Floats:
        return np.asarray(self.weights @ share)


class _Percent(_Weighted):
    def chance(self, share: Floats) -> Floats:
        return np.zeros(len(share))

    def slope(self, share: Floats) -> Floats:
        return np.zeros(len(share))


class _Pooled(_Kind):
    """Features: pairs, agreeing pairs, grades by category (C)."""

    def __init__(self, categories: int) -> None:
        self.categories = categories

    def features(self, units: _Unit) -> Floats:
        agreeing = (units.counts**2 - units.own).sum(axis=1)
        return np.column_stack([units.pairs, agreeing, units.counts])

    def shares(self, sums: Floats) -> tuple[Floats, Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            share = sums[:, 2:] / sums[:, 2:].sum(axis=1, keepdims=True)
            return sums[:, 1] / sums[:, 0], (share**2).sum(axis=1)


class _Alpha(_Kind):
    """Features: the coincidences of a unit's grades, (C x C), flattened."""

    def __init__(self, values: Floats, metric: str) -> None:
        self.metric = metric
        c = len(values)
        self.c = c
        apart = {"nominal": "identity", "interval": "quadratic"}
        if metric == "ratio":
            self.fixed: Floats | None = _ratio(values)
        elif metric in apart:
            self.fixed = _DISTANCES[apart[metric]](values)
        else:
            self.fixed = None

    def features(self, units: _Unit) -> Floats:
        pairs = units.pairs
        met = units.counts[:, :, None] * units.counts[:, None, :]
        diagonal = np.arange(self.c)
        met[:, diagonal, diagonal] -= units.own
        # A unit counts by its grades: its pairs are scaled to their number.
        scale = np.divide(units.grades, pairs, out=np.zeros_like(pairs), where=pairs > 0)
        return np.asarray((met * scale[:, None, None]).reshape(len(met), -1))

    def shares(self, sums: Floats) -> tuple[Floats, Floats]:
        met = sums.reshape(-1, self.c, self.c)
        grades = met.sum(axis=2)
        total = grades.sum(axis=1)
        apart = self._apart(grades)
        largest = np.maximum(apart.max(axis=(1, 2)), np.finfo(float).tiny)
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = (met * apart).sum(axis=(1, 2)) / total
            expected = (grades[:, :, None] * grades[:, None, :] * apart).sum(axis=(1, 2))
            expected = expected / (total * (total - 1))
        return 1 - observed / largest, 1 - expected / largest

    def _apart(self, grades: Floats) -> Floats:
        """Return the squared distances of the categories, (1 or b, C, C)."""
        if self.fixed is not None:
            return self.fixed[None]
        # The grades between two categories, half of the outer two: a difference of mid-ranks.
        rank = np.cumsum(grades, axis=1) - grades / 2
        return np.asarray((rank[:, :, None] - rank[:, None, :]) ** 2)


def _result(name: str, weights: str, grades: Grades, kind: _Kind, level: float) -> Agreement:
    units = _units(grades)
    paired = int((units.grades >= PAIR).sum())
    if not paired:
        raise NotEstimable("no unit was graded by two raters, so nothing says whether they agree")
    total = _totals(kind, units)
    observed, expected = (float(one[0]) for one in kind.shares(total[None]))
    value = _beyond_chance(observed, expected)
    found = Agreement(
        name, weights, value, observed, expected, None, None, None, level,
        paired, int(np.unique(grades.rater).size), len(grades),
    )  # fmt: skip
    error, count = _standard_error(kind, units, total, observed, expected)
    return _bounded(found, error, quantile(0.5 + level / 2, count - 1) if count > 1 else np.inf)


def _beyond_chance(observed: float, expected: float) -> float:
    if not expected < 1:
        raise NotEstimable("all grades are the same: agreement cannot be told from chance")
    return (observed - expected) / (1 - expected)


def _bounded(found: Agreement, error: float | None, times: float) -> Agreement:
    """Return the coefficient with its error and bounds, unless units that do not vary tell none."""
    if error is None or error < NO_SPREAD:
        return found
    half = times * error
    floor = 0.0 if found.name == "per cent agreement" else -1.0
    return replace(
        found,
        standard_error=error,
        lower=max(found.value - half, floor),
        upper=min(found.value + half, 1.0),
    )


def _units(grades: Grades, times: Floats | None = None) -> _Unit:
    counts = grades.counts(times)
    own = counts if times is None else grades.counts(times**2)
    graded = counts.sum(axis=1) > 0
    return _Unit(counts[graded], own[graded])


def _blocks(kind: _Kind, units: _Unit) -> list[slice]:
    height = max(1, BLOCK // max(units.counts.shape[1] ** 2, 1))
    return [slice(top, top + height) for top in range(0, len(units.counts), height)]


def _part(units: _Unit, rows: slice) -> _Unit:
    return _Unit(units.counts[rows], units.own[rows])


def _totals(kind: _Kind, units: _Unit) -> Floats:
    parts = [kind.features(_part(units, rows)).sum(axis=0) for rows in _blocks(kind, units)]
    return np.asarray(np.sum(parts, axis=0))


def _standard_error(
    kind: _Kind, units: _Unit, total: Floats, observed: float, expected: float
) -> tuple[float | None, int]:
    """Return the standard error over units and their number: linearised, or the jackknife's."""
    if isinstance(kind, _Weighted):
        n = len(units.counts)
        if n < PAIR:
            return None, n
        linear = kind.influence(kind.features(units), observed, expected)
        return float(np.sqrt(((linear - linear.mean()) ** 2).sum() / (n * (n - 1)))), n
    units = _Unit(units.counts[units.pairs > 0], units.own[units.pairs > 0])
    left = [kind.value(total - kind.features(_part(units, rows))) for rows in _blocks(kind, units)]
    without = np.concatenate(left)
    n = len(without)
    if n < PAIR or not np.isfinite(without).all():
        return None, n
    return float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())), n


# ---- resampling ----------------------------------------------------------------------------------


def _kind(found: Agreement, grades: Grades) -> _Kind:
    if found.name == "alpha":
        return _Alpha(grades.values, found.weights)
    if found.name == "pooled kappa":
        return _Pooled(len(grades.categories))
    kinds: Mapping[str, type[_Weighted]] = {"Fleiss kappa": _Fleiss, "per cent agreement": _Percent}
    return kinds.get(found.name, _Gwet)(agreement_weights(grades.values, found.weights))


def _draw_units(kind: _Kind, grades: Grades, rng: Generator, draws: int) -> Floats:
    units = _units(grades)
    n = len(units.counts)
    times = rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    sums = sum(
        (times[:, rows] @ kind.features(_part(units, rows)) for rows in _blocks(kind, units)),
        start=np.float64(0.0),
    )
    return kind.value(np.asarray(sums))


def _draw_raters(kind: _Kind, grades: Grades, rng: Generator, draws: int) -> Floats:
    raters = np.unique(grades.rater)
    found = np.empty(draws)
    for draw in range(draws):
        times = np.zeros(int(raters.max()) + 1)
        times[raters] = rng.multinomial(raters.size, np.full(raters.size, 1 / raters.size))
        found[draw] = kind.value(_totals(kind, _units(grades, times))[None])[0]
    return found


def _redrawn_units(
    coefficient: Callable[[Grades], Agreement], grades: Grades, rng: Generator, draws: int
) -> Floats:
    units, codes = np.unique(grades.unit, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(codes))])
    found = np.full(draws, np.nan)
    for draw in range(draws):
        drawn = rng.integers(units.size, size=units.size)
        rows = [order[ends[unit] : ends[unit + 1]] for unit in drawn]
        again = np.concatenate(rows)
        new = np.repeat(np.arange(units.size), [len(row) for row in rows])
        resampled = Grades(new, grades.rater[again], grades.category[again], grades.categories)
        try:
            found[draw] = coefficient(resampled).value
        except (NotEstimable, ValueError):
            continue
    return found


def _joint(grades: Grades, raters: Codes) -> Floats:
    """Return (C, C): units that the first rater put in a row's category, the other in a column's."""
    c = len(grades.categories)
    placed = np.full((PAIR, int(grades.unit.max()) + 1), -1)
    for side, rater in enumerate(raters):
        rows = grades.rater == rater
        placed[side, grades.unit[rows]] = grades.category[rows]
    both = (placed >= 0).all(axis=0)
    cells = np.bincount(placed[0, both] * c + placed[1, both], minlength=c * c)
    return np.asarray(cells.reshape(c, c), dtype=float)


def _coded(labels: Sequence[Any]) -> Codes:
    position: dict[Any, int] = {}
    return np.array([position.setdefault(one, len(position)) for one in labels], dtype=np.int64)
