"""What a ranking says beside its rows: where its uncertainty comes from, two models, the audit."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ratings.ranking.choices import CLUSTERED, Choices
from ratings.scoring import (
    POINTS_PER_LOGIT,
    Audit,
    Comparisons,
    Counts,
    Covariance,
    CovariateFit,
    Fit,
    NotEstimable,
    about,
    compare_two,
    effect_interval,
    probability_better,
)
from ratings.scoring.types import FEW_CLUSTERS


@dataclass(frozen=True)
class Uncertainty:
    """Which clusters stand behind clustered intervals, and how far they can be relied on.

    `fragile` are the sides with fewer than 10 clusters; `larger_source` the side that the
    uncertainty is more of, null one way.
    """

    clusters: dict[str, int]
    fragile: tuple[str, ...]
    larger_source: str | None

    def __str__(self) -> str:
        counted = " and ".join(f"{count} {by}s" for by, count in self.clusters.items())
        text = f"clustered by {counted}"
        if self.larger_source:
            text += f", more of the uncertainty from {self.larger_source}s"
        few = " and ".join(f"{side}s" for side in self.fragile)
        return text + (f"; fragile: few {few}" if few else "")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two models of a ranking: the verdict and the difference a minus b in rating points.

    `verdict` is better, worse, equivalent (within the margin of win rates, by two one-sided tests)
    or unclear; then about `more_votes` more votes of the same kind would tell, or `more_direct`
    more between these two alone. Without bounds where the difference does not vary.
    """

    a: str
    b: str
    verdict: str
    difference: float
    lower: float | None = None
    upper: float | None = None
    margin: float
    probability_better: float | None = None
    more_votes: int | None = None
    more_direct: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        words = {
            "equivalent": f"equivalent within \u00b1{self.margin:g} of the win rate",
            "unclear": "not enough votes",
        }
        text = words.get(self.verdict, self.verdict)
        if self.verdict == "unclear" and self.more_votes is not None:
            text += f": about {about(self.more_votes)} more"
            if self.more_direct is not None:
                text += f", or {about(self.more_direct)} between these two"
        if self.lower is None:
            return f"{self.a} against {self.b}: {text} ({self.difference:+.1f} rating points, no interval)"
        return (
            f"{self.a} against {self.b}: {text} ({self.difference:+.1f} rating points, 95 % "
            f"{self.lower:+.1f} \u2026 {self.upper:+.1f}; P(better) {self.probability_better:.3f})"
        )


@dataclass(frozen=True)
class Effect:
    """What a covariate is worth: log-odds per unit, with bounds, and per root mean square.

    Of the position a unit is being shown first; of a style, one answer having all of it (see
    `scoring.covariates.style_features`).
    """

    name: str
    effect: float
    lower: float | None
    upper: float | None
    standardised: float

    def __str__(self) -> str:
        bounds = "" if self.lower is None else f" (95 % {self.lower:+.3f} \u2026 {self.upper:+.3f})"
        return f"effect of {self.name}: {self.effect:+.3f} log-odds{bounds}"


def effects_of(fit: CovariateFit, covariance: Covariance | None) -> tuple[Effect, ...]:
    """Return the effects that were fitted beside the strengths."""
    found = []
    for at, name in enumerate(fit.names):
        bounds = None if covariance is None else effect_interval(fit, covariance, name)
        found.append(
            Effect(
                name=name,
                effect=float(fit.effect[at]),
                lower=None if bounds is None else bounds.lower,
                upper=None if bounds is None else bounds.upper,
                standardised=float(fit.standardised[at]),
            )
        )
    return tuple(found)


def uncertainty_of(
    covariance: Covariance, comparisons: Comparisons, choices: Choices
) -> Uncertainty | None:
    """Return what stands behind clustered intervals; None for those of independent votes."""
    if choices.intervals not in CLUSTERED:
        return None
    known = {"rater": comparisons.rater, "prompt": comparisons.prompt}
    counted = {
        by: count
        for by, codes in known.items()
        if codes is not None and (count := int(np.unique(codes).size)) > 1
    }
    if not str(choices.intervals).startswith("two-way"):
        counted = dict(list(counted.items())[:1])
    few = tuple(by for by, count in counted.items() if count < FEW_CLUSTERS)
    return Uncertainty(counted, few, covariance.larger_source)


def compare(fit: Fit, covariance: Covariance, counts: Counts, choices: Choices) -> Compared:
    """Return the verdict on the two models that were chosen."""
    assert choices.compare is not None
    a, b = choices.compare
    i, j = fit.items.index(a), fit.items.index(b)
    try:
        found = compare_two(fit, covariance, a, b, margin=choices.margin, counts=counts)
    except NotEstimable:
        gap = POINTS_PER_LOGIT * float(fit.strength[i] - fit.strength[j])
        return Compared(a=a, b=b, verdict="unclear", difference=gap, margin=choices.margin)
    return Compared(
        a=a,
        b=b,
        verdict=found.verdict,
        difference=POINTS_PER_LOGIT * found.difference,
        lower=POINTS_PER_LOGIT * found.interval.lower,
        upper=POINTS_PER_LOGIT * found.interval.upper,
        margin=choices.margin,
        probability_better=probability_better(fit.strength, covariance, i, j),
        more_votes=found.more_votes,
        more_direct=found.more_direct,
    )


def audit_dict(audit: Audit) -> dict[str, Any]:
    """Return an audit as it stands in JSON; a figure that is not finite is null."""
    return {
        "flags": list(audit.flags),
        "findings": [
            asdict(one) | {"figure": one.figure if np.isfinite(one.figure) else None}
            for one in audit.findings
        ],
        "skipped": dict(audit.skipped),
    }
