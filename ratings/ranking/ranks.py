"""From a table of votes to a ranking, by the method, ties and intervals that were chosen.

`strength` is log-odds centred at 0, and only models of preference have it. `rating` is on the Elo
scale: 400 / ln 10 x strength + 1000, or moved as a whole so that the anchor has its rating; an
anchor moves the scale, not the uncertainty. `score` is the method's own unit, and `lower` and
`upper` bound it at 95 %: rating points for bt and elo, a share of points for win rates. Rank
ranges hold for all models together.

What the votes do not determine is null, never a large number: when the models fall into groups
that were never compared, or compared with one side always winning, `converged` is false and
`not_estimable` says why and names the groups. That field is there only then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import Invalid, TooLarge
from ratings.ranking.choices import Choices, wrong_usage
from ratings.ranking.findings import (
    Compared,
    Effect,
    Uncertainty,
    audit_dict,
    compare,
    effects_of,
    uncertainty_of,
)
from ratings.scoring import (
    STYLE,
    Audit,
    BoardRow,
    Comparisons,
    Counts,
    Covariance,
    Finding,
    Fit,
    NotConverged,
    NotEstimable,
    audit_votes,
    average_win_rate,
    averaged_elo,
    bootstrap,
    bootstrap_rates,
    cluster_bootstrap,
    cluster_sandwich,
    covariate_covariance,
    fit_bradley_terry,
    fit_covariates,
    fit_crowd,
    fit_davidson,
    fit_rao_kupper,
    intervals,
    online_elo,
    pooled_win_rate,
    rank_ranges,
    sandwich,
    style_contrast,
    style_counts,
    tiers,
    to_rating,
    two_way_bootstrap,
    two_way_sandwich,
)
from ratings.scoring.types import Floats
from ratings.vote_files import BOTH_BAD, Labels, SkippedRow, VoteTable

Rows = NDArray[np.int64]
RATES = {"win-rate": pooled_win_rate, "average-win-rate": average_win_rate}
MOST_MODELS = 2000
LEVEL = 0.95
TIE = 1
NAMED_COLUMNS = "named"


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Models from best to worst; those without a score last, by name."""

    method: str
    ties: str
    intervals: str
    n_votes: int
    n_raters: int | None
    converged: bool
    skipped: tuple[SkippedRow, ...]
    rows: tuple[BoardRow, ...]
    trouble: str = ""
    components: tuple[tuple[str, ...], ...] = ()
    uncertainty: Uncertainty | None = None
    tiers: tuple[tuple[str, ...], ...] = ()
    effects: tuple[Effect, ...] = ()
    compared: Compared | None = None
    audit: Audit | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the ranking as it stands in JSON."""
        body: dict[str, Any] = {
            "method": self.method,
            "ties": self.ties,
            "intervals": self.intervals,
            "n_votes": self.n_votes,
            "n_raters": self.n_raters,
            "converged": self.converged,
            "skipped": [one.as_dict() for one in self.skipped],
            "models": [_row_dict(row) for row in self.rows],
        }
        if self.trouble:
            components = [list(component) for component in self.components]
            body["not_estimable"] = {"reason": self.trouble, "components": components}
        if self.uncertainty:
            body["uncertainty"] = asdict(self.uncertainty)
        if self.tiers:
            body["tiers"] = [list(tier) for tier in self.tiers]
        if self.effects:
            body["effects"] = [asdict(one) for one in self.effects]
        if self.compared:
            body["compare"] = self.compared.as_dict()
        if self.audit:
            body["audit"] = audit_dict(self.audit)
        return body


def _row_dict(row: BoardRow) -> dict[str, Any]:
    fields = asdict(row)
    return {"model": fields.pop("item"), **fields}


def rank_votes(table: VoteTable, choices: Choices) -> Ranking:
    """Rank the models of a table.

    Raises
    ------
    Invalid
        With the code "nothing_usable" without a single usable vote; "usage" when the anchor is not
        one of the models.
    TooLarge
        For more than 2,000 models.
    """
    return _rank(table, choices, _counted(table, choices), table.skipped)


def rank_groups(table: VoteTable, choices: Choices) -> dict[str, Ranking]:
    """Rank the models within each group of a table read with `group`; errors as in `rank_votes`.

    A skipped row is listed by its group where it has one. Groups without a usable vote are left out.
    """
    if table.group is None:
        raise ValueError("the table was read without groups")
    skipped: dict[str | None, list[SkippedRow]] = {}
    for one in table.skipped:
        skipped.setdefault(one.group, []).append(one)
    groups = _rows_by_group(table.group, _counted(table, choices))
    if not groups:
        raise nothing_usable(table)
    return {
        name: _rank(table, choices, groups[name], tuple(skipped.get(name, ())))
        for name in sorted(groups)
    }


def _rows_by_group(group: Labels, rows: Rows) -> dict[str, Rows]:
    """Split rows by their group, each part in file order."""
    ordered = rows[np.argsort(group.codes[rows], kind="stable")]
    codes = group.codes[ordered]
    parts = np.split(ordered, np.flatnonzero(np.diff(codes)) + 1)
    return {group.names[group.codes[part[0]]]: part for part in parts if part.size}


def nothing_usable(table: VoteTable) -> Invalid:
    """Return the error of a table without usable votes, naming the first reasons."""
    if not table.skipped:
        return Invalid("No vote is left to rank.", code="nothing_usable")
    hint = ""
    if any(one.reason.startswith("unknown ") for one in table.skipped):
        hint = "; if that is an outcome, say so with --outcomes first=…,second=…,tie=…"
    return Invalid(f"No vote is usable: {summary(table.skipped)}{hint}.", code="nothing_usable")


def summary(skipped: Sequence[SkippedRow], shown: int = 3) -> str:
    """Return skipped rows as one line: how many, and the first few with their reasons."""
    first = "; ".join(f"row {one.row}: {one.reason}" for one in skipped[:shown])
    noun = "row" if len(skipped) == 1 else "rows"
    return f"{len(skipped)} {noun} left out ({first}{'; …' if len(skipped) > shown else ''})"


def _counted(table: VoteTable, choices: Choices) -> Rows:
    """Return the positions of the votes that count."""
    if choices.both_bad == "exclude":
        return np.flatnonzero(table.outcome != BOTH_BAD)
    return np.arange(len(table.outcome))


def _rank(
    table: VoteTable, choices: Choices, rows: Rows, skipped: tuple[SkippedRow, ...]
) -> Ranking:
    if not rows.size:
        raise nothing_usable(table)
    comparisons = _comparisons(table, rows)
    every = choices.given(raters=_several(comparisons.rater), prompts=_several(comparisons.prompt))
    counts = Counts.of(comparisons)
    for model in choices.compare or ():
        if model not in counts.items:
            raise wrong_usage(f"{model!r} is not among the models.")
    if choices.anchor and choices.anchor[0] not in counts.items:
        raise wrong_usage(f"The anchor {choices.anchor[0]!r} is not among the models.")
    covariates = _covariates(table, rows, every[0]) if every[0].effects else None
    found, choices = _first_estimate(comparisons, counts, covariates, every)
    ranked = _rows(counts, found)
    return Ranking(
        method=choices.method,
        ties=choices.ties,
        intervals=str(choices.intervals),
        n_votes=len(comparisons),
        n_raters=_raters(table, rows),
        converged=found.converged,
        skipped=skipped,
        rows=ranked,
        trouble=found.trouble,
        components=found.components,
        uncertainty=found.uncertainty,
        tiers=_tiers(ranked) if choices.tiers else (),
        effects=found.effects,
        compared=found.compared,
        audit=_audited(table, rows, comparisons, found, choices) if choices.audit else None,
    )


def _covariates(table: VoteTable, rows: Rows, choices: Choices) -> "_Covariates":
    """Return what is fitted beside the strengths; the first model is the one shown first."""
    if choices.position and not (table.shown_first or table.layout == NAMED_COLUMNS):
        raise wrong_usage(
            f"The layout {table.layout} does not say which answer was shown first: name the columns, "
            "the first one first, with --columns."
        )
    position = np.ones(len(rows)) if choices.position else None
    if table.answers is None:
        return _Covariates(None, position)
    # Of each text once: rows share answers.
    first, second = (_style_counts(one) for one in table.answers)
    one, other = table.answers
    return _Covariates(style_contrast(first[one.codes[rows]], second[other.codes[rows]]), position)


def _style_counts(answers: Labels) -> Floats:
    return np.array([style_counts(text) for text in answers.names], dtype=np.float64)


def _several(codes: NDArray[Any] | None) -> bool:
    return codes is not None and bool((codes != codes[0]).any())


def _comparisons(table: VoteTable, rows: Rows) -> Comparisons:
    """Return the votes of some rows over the models they name, both bad counting as a tie."""
    first, second, outcome = table.first[rows], table.second[rows], table.outcome[rows]
    used = np.zeros(len(table.models), dtype=bool)
    used[first] = used[second] = True
    if used.sum() > MOST_MODELS:
        raise TooLarge(
            f"There are {used.sum()} models; at most {MOST_MODELS} can be ranked together."
        )
    code = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return Comparisons(
        items=tuple(model for model, there in zip(table.models, used, strict=True) if there),
        first=code[first],
        second=code[second],
        outcome=np.where(outcome == BOTH_BAD, np.int8(TIE), outcome),
        rater=_clusters(table.rater, rows),
        prompt=_clusters(table.prompt, rows),
    )


def _clusters(labels: Labels | None, rows: Rows) -> NDArray[np.int32] | None:
    """Return the cluster of each vote; a vote of nobody known is a cluster of its own."""
    if labels is None:
        return None
    codes = labels.codes[rows]
    nobody = codes < 0
    if not nobody.any():
        return codes
    return np.where(
        nobody, len(labels.names) + np.cumsum(nobody, dtype=np.int32) - np.int32(1), codes
    ).astype(np.int32)


def _raters(table: VoteTable, rows: Rows) -> int | None:
    if table.rater is None:
        return None
    codes = table.rater.codes[rows]
    return int(np.count_nonzero(np.bincount(codes[codes >= 0])))


# ---- estimates -----------------------------------------------------------------------------------


class _Covariates(NamedTuple):
    """Style (n, 4) and position (n,) of votes, as `fit_covariates` takes them."""

    style: Floats | None
    position: Floats | None


class _Found(NamedTuple):
    """What a method found for K models: arrays (K,), NaN or None where there is nothing."""

    score: Floats
    strength: Floats | None = None
    rating: Floats | None = None
    lower: Floats | None = None
    upper: Floats | None = None
    best: NDArray[np.int64] | None = None
    worst: NDArray[np.int64] | None = None
    converged: bool = True
    trouble: str = ""
    components: tuple[tuple[str, ...], ...] = ()
    uncertainty: Uncertainty | None = None
    effects: tuple[Effect, ...] = ()
    compared: Compared | None = None
    fit: Fit | None = None
    covariance: Covariance | None = None


def _first_estimate(
    comparisons: Comparisons,
    counts: Counts,
    covariates: _Covariates | None,
    every: Sequence[Choices],
) -> tuple[_Found, Choices]:
    """Estimate by the first of the choices that has intervals, else by the last."""
    for choices in every[:-1]:
        found = _estimate(comparisons, counts, covariates, choices)
        if not found.trouble:
            return found, choices
    return _estimate(comparisons, counts, covariates, every[-1]), every[-1]


def _estimate(
    comparisons: Comparisons, counts: Counts, covariates: _Covariates | None, choices: Choices
) -> _Found:
    if covariates is not None:
        return _adjusted(comparisons, covariates, choices)
    if choices.method == "bt":
        return _strengths(comparisons, counts, choices)
    if choices.method == "crowd-bt":
        return _crowd(comparisons, choices)
    if choices.method in RATES:
        return _rates(counts, choices)
    return _elo(comparisons, choices)


def _elo(comparisons: Comparisons, choices: Choices) -> _Found:
    if choices.method == "elo":
        points = online_elo(comparisons, k=choices.k, initial=choices.initial)
    else:
        rng = np.random.default_rng(choices.seed)
        points = averaged_elo(comparisons, rng=rng, k=choices.k, initial=choices.initial)
    points = points + _shift(points, comparisons.items, choices)
    return _Found(points, rating=points)


def _shift(ratings: Floats, items: tuple[str, ...], choices: Choices) -> float:
    if not choices.anchor:
        return 0.0
    model, rating = choices.anchor
    return rating - float(ratings[items.index(model)])


def _rates(counts: Counts, choices: Choices) -> _Found:
    rates = RATES[choices.method](counts, level=LEVEL)
    if choices.intervals == "none":
        return _Found(rates.rate)
    if choices.intervals == "sandwich":
        return _Found(rates.rate, lower=rates.lower, upper=rates.upper)
    rng = np.random.default_rng(choices.seed)
    lower, upper = bootstrap_rates(
        RATES[choices.method], counts, rng=rng, draws=choices.draws, level=LEVEL
    )
    return _Found(rates.rate, lower=lower, upper=upper)


FITS: Mapping[str, Callable[[Counts], Fit]] = MappingProxyType(
    {"half": fit_bradley_terry, "davidson": fit_davidson, "rao-kupper": fit_rao_kupper}
)


def _strengths(comparisons: Comparisons, counts: Counts, choices: Choices) -> _Found:
    try:
        fit = FITS[choices.ties](counts)
    except (NotEstimable, NotConverged) as error:
        return _no_strengths(counts.items, error)
    rating = to_rating(fit.strength)
    shift = _shift(rating, counts.items, choices)
    found = _Found(rating + shift, strength=fit.strength, rating=rating + shift, fit=fit)
    try:
        covariance = _covariance(fit, comparisons, counts, choices)
    except NotEstimable as error:
        return found._replace(trouble=str(error), components=error.components)
    if covariance is None:
        return found
    return _with_intervals(found, fit.strength, covariance, shift, choices)._replace(
        covariance=covariance,
        uncertainty=uncertainty_of(covariance, comparisons, choices),
        compared=compare(fit, covariance, counts, choices) if choices.compare else None,
    )


def _adjusted(comparisons: Comparisons, covariates: _Covariates, choices: Choices) -> _Found:
    """Return strengths beside the effects of position and style."""
    style, position = covariates
    names: list[str] = []
    if style is not None:
        # What no answer has, or all have as much of, has no effect to estimate.
        varies = np.flatnonzero(style.any(axis=0))
        style, names = style[:, varies], [STYLE[at] for at in varies]
    try:
        fit = fit_covariates(comparisons, style, names=names, position=position)
    except (NotEstimable, NotConverged) as error:
        return _no_strengths(comparisons.items, error)
    rating = to_rating(fit.strength)
    shift = _shift(rating, comparisons.items, choices)
    found = _Found(
        rating + shift,
        strength=fit.strength,
        rating=rating + shift,
        effects=effects_of(fit, None),
    )
    ways = {"two-way": (comparisons.rater, comparisons.prompt), "cluster": (_cluster(comparisons),)}
    if choices.intervals == "none":
        return found
    try:
        whole = covariate_covariance(fit, *ways.get(str(choices.intervals), ()))
    except NotEstimable as error:
        return found._replace(trouble=str(error))
    covariance = whole.leading(len(fit.items))
    return _with_intervals(found, fit.strength, covariance, shift, choices)._replace(
        effects=effects_of(fit, whole), uncertainty=uncertainty_of(whole, comparisons, choices)
    )


def _no_strengths(items: tuple[str, ...], error: NotEstimable | NotConverged) -> _Found:
    groups = error.components if isinstance(error, NotEstimable) else ()
    nothing = np.full(len(items), np.nan)
    return _Found(nothing, converged=False, trouble=str(error), components=groups)


def _crowd(comparisons: Comparisons, choices: Choices) -> _Found:
    if comparisons.rater is None:
        raise wrong_usage("Crowd-BT needs to know who judged: name the column with --rater.")
    try:
        strength = fit_crowd(comparisons).strength
    except (NotEstimable, NotConverged) as error:
        return _no_strengths(comparisons.items, error)
    rating = to_rating(strength)
    rating += _shift(rating, comparisons.items, choices)
    return _Found(rating, strength=strength, rating=rating)


def _covariance(
    fit: Fit, comparisons: Comparisons, counts: Counts, choices: Choices
) -> Covariance | None:
    cluster = _cluster(comparisons)
    rng, draws = np.random.default_rng(choices.seed), choices.draws
    made: Mapping[str, Callable[[], Covariance | None]] = {
        "none": lambda: None,
        "sandwich": lambda: sandwich(fit, counts),
        "cluster": lambda: cluster_sandwich(fit, comparisons, known(cluster)),
        "two-way": lambda: two_way_sandwich(fit, comparisons),
        "bootstrap": lambda: bootstrap(fit, counts, rng=rng, draws=draws),
        "cluster-bootstrap": lambda: cluster_bootstrap(
            fit, comparisons, cluster, rng=rng, draws=draws
        ),
        "two-way-bootstrap": lambda: two_way_bootstrap(fit, comparisons, rng=rng, draws=draws),
    }
    return made[str(choices.intervals)]()


def _cluster(comparisons: Comparisons) -> NDArray[np.int32] | None:
    """Return whose votes belong together: raters, or prompts where nobody knows who judged."""
    return comparisons.rater if _several(comparisons.rater) else comparisons.prompt


def known(cluster: NDArray[np.int32] | None) -> NDArray[np.int32]:
    """Return the clusters; `Choices.given` has seen to it that they are known."""
    assert cluster is not None
    return cluster


def _with_intervals(
    found: _Found, strength: Floats, covariance: Covariance, shift: float, choices: Choices
) -> _Found:
    lower, upper = intervals(strength, covariance, level=LEVEL)
    rng = np.random.default_rng(choices.seed)
    best, worst = rank_ranges(strength, covariance, rng=rng, level=LEVEL)
    return found._replace(
        lower=to_rating(lower) + shift, upper=to_rating(upper) + shift, best=best, worst=worst
    )


def _audited(
    table: VoteTable, rows: Rows, comparisons: Comparisons, found: _Found, choices: Choices
) -> Audit:
    """Audit the ranking, with the position where the layout says which answer was shown first."""
    shown = np.ones(len(rows), dtype=np.int8) if table.shown_first else None
    audit = audit_votes(
        comparisons,
        rng=np.random.default_rng(choices.seed),
        fit=found.fit if choices.ties != "rao-kupper" else None,
        covariance=found.covariance if choices.ties != "rao-kupper" else None,
        shown_first=shown,
        both_bad=table.outcome[rows] == BOTH_BAD,
    )
    findings = tuple(_with_names(one, table) for one in audit.findings)
    return replace(audit, findings=findings)


# Checks whose first name is the code of a rater, or of a prompt.
NAMED_BY_CODE: Mapping[str, str] = MappingProxyType(
    {"concentration": "rater", "rater_influence": "rater", "prompt_influence": "prompt"}
)


def _with_names(one: Finding, table: VoteTable) -> Finding:
    """Return a finding with the file's own name of the rater or prompt that it is about."""
    labels: Labels | None = getattr(table, NAMED_BY_CODE.get(one.check, ""), None)
    if labels is None or not one.names:
        return one
    code, *rest = one.names
    name = labels.names[int(code)] if int(code) < len(labels.names) else "not named"
    return replace(one, names=(name, *rest))


# ---- rows ----------------------------------------------------------------------------------------


def _rows(counts: Counts, found: _Found) -> tuple[BoardRow, ...]:
    columns: Mapping[str, Any] = {
        name: [_number(value) for value in values.tolist()]
        for name in ("strength", "rating", "score", "lower", "upper", "best", "worst")
        if (values := getattr(found, name)) is not None
    }
    numbers = counts.per_item.astype(int).tolist()
    rows = [
        BoardRow(
            item=item,
            **{name: columns[name][at] if name in columns else None for name in _BOUNDED},
            rank=None
            if np.isnan(found.score[at])
            else int((found.score > found.score[at]).sum()) + 1,
            rank_lower=columns["best"][at] if "best" in columns else None,
            rank_upper=columns["worst"][at] if "worst" in columns else None,
            n=numbers[at],
        )
        for at, item in enumerate(counts.items)
    ]
    # Resamples of votes that all agree agree too: that is no certainty, so there is no interval.
    rows = [replace(row, lower=None, upper=None) if row.lower == row.upper else row for row in rows]
    return tuple(sorted(rows, key=lambda row: (row.rank or len(rows) + 1, row.item)))


def _tiers(rows: Sequence[BoardRow]) -> tuple[tuple[str, ...], ...]:
    """Return the models of each tier, the best first; none without rank ranges."""
    ranged = [row for row in rows if row.rank_lower is not None]
    best = np.array([row.rank_lower for row in ranged], dtype=np.int64)
    tier = tiers(best, np.array([row.rank_upper for row in ranged], dtype=np.int64))
    return tuple(
        tuple(row.item for row, own in zip(ranged, tier, strict=True) if own == one)
        for one in range(1, tier.max(initial=0) + 1)
    )


_BOUNDED = ("strength", "rating", "score", "lower", "upper")


def _number(value: float) -> float | None:
    """Return a number that JSON has, or None."""
    return value if np.isfinite(value) else None
