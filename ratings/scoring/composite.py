"""Composites: the weighted mean of an item's strengths on several criteria, with its own interval.

Criteria are fitted apart and never pooled as votes. They share raters and submissions, so their
errors are correlated; adding up the influences of a rater over the criteria before squaring keeps
those covariances. Squaring each criterion alone would treat three correlated votes as three votes.

References
----------
Cameron, A. C. and Miller, D. L. (2015). A practitioner's guide to cluster-robust inference. Journal of
Human Resources 50: any smooth function of estimates has the influence that theirs add up to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.clusters import (
    Correction,
    Scored,
    cells,
    cluster_sizes,
    combined,
    effective_clusters,
)
from ratings.scoring.types import Comparisons, Covariance, Fit, Floats, Side


@dataclass(frozen=True, eq=False)
class Part:
    """One criterion of a composite.

    `cluster` (n,) holds codes of who (or which submission) each vote came from; the same code means
    the same cluster in every part. `prompt` (n,), where every part has it, clusters a second way.
    `weight` is relative to the other parts.
    """

    fit: Fit
    comparisons: Comparisons
    cluster: NDArray[Any]
    weight: float = 1.0
    prompt: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Composite:
    """A weighted mean of strengths (K,), in log-odds centred at 0, and its covariance."""

    items: tuple[str, ...]
    strength: Floats
    covariance: Covariance


def composite(parts: Sequence[Part], *, correction: Correction = "CR3") -> Composite:
    """Combine criteria fitted on the same items.

    Returns the mean of the strengths with the weights (scaled to sum to 1), and a covariance in
    which clusters are independent and everything within a cluster, across criteria, is not; t
    quantiles as in `clusters.cluster_sandwich`. With prompts in every part it is two-way, as in
    `clusters.two_way_sandwich`.

    Raises
    ------
    ValueError
        For parts over different items or models, and weights that are negative or all zero.
    NotEstimable
        With fewer than two clusters.
    """
    weights = _weights(parts)
    items = parts[0].fit.items
    if any(part.fit.items != items or part.comparisons.items != items for part in parts):
        raise ValueError("the parts of a composite must be over the same items, in one order")
    strength = sum(
        (weight * part.fit.strength for part, weight in zip(parts, weights, strict=True)),
        start=np.zeros(len(items)),
    )
    return Composite(items, strength, _covariance(parts, weights, correction))


def _covariance(parts: Sequence[Part], weights: Floats, correction: Correction) -> Covariance:
    clusters = [part.cluster for part in parts]
    rater = _side(parts, weights, clusters, by="rater", correction=correction)
    prompts = [part.prompt for part in parts if part.prompt is not None]
    if len(prompts) < len(parts):
        return Covariance(rater.matrix, "composite", degrees=rater.degrees, clusters=rater.clusters)
    prompt = _side(parts, weights, prompts, by="prompt", correction=correction)
    codes, g = cells(np.concatenate(clusters), np.concatenate(prompts))
    both = _squares(parts, weights, _split(parts, codes), g, leave_out=False)
    return combined((rater, prompt), both * (g / max(g - 1, 1)))


def _side(
    parts: Sequence[Part],
    weights: Floats,
    clusters: Sequence[NDArray[Any]],
    *,
    by: str,
    correction: Correction,
) -> Side:
    sizes, codes = cluster_sizes(np.concatenate(clusters))
    g = len(sizes)
    jackknife = correction == "CR3"
    matrix = _squares(parts, weights, _split(parts, codes), g, leave_out=jackknife)
    scale = (g - 1) / g if jackknife else g / (g - 1)
    return Side(by, matrix * scale, effective_clusters(sizes) - 1, g)


def _squares(
    parts: Sequence[Part],
    weights: Floats,
    clusters: Sequence[NDArray[Any]],
    g: int,
    *,
    leave_out: bool,
) -> Floats:
    """Return the sum over clusters of the squared influence, added up over the criteria first."""
    k = len(parts[0].fit.items)
    blocks = zip(
        *(
            Scored.of(part.fit, part.comparisons, codes, g).blocks(k + 1)
            for part, codes in zip(parts, clusters, strict=True)
        ),
        strict=True,
    )
    total = np.zeros((k, k))
    for each in blocks:
        influence = sum(
            (
                weight * (block.left_out() if leave_out else block.influence())[:, :k]
                for block, weight in zip(each, weights, strict=True)
            ),
            start=np.zeros((each[0].g, k)),
        )
        total += influence.T @ influence
    return total


def _split(parts: Sequence[Part], codes: NDArray[Any]) -> list[NDArray[Any]]:
    return np.split(codes, np.cumsum([len(part.comparisons) for part in parts])[:-1])


def _weights(parts: Sequence[Part]) -> Floats:
    weights = np.array([part.weight for part in parts], dtype=np.float64)
    if (
        not weights.size
        or not np.isfinite(weights).all()
        or (weights < 0).any()
        or not weights.any()
    ):
        raise ValueError("weights must be finite, not negative, and not all zero")
    return np.asarray(weights / weights.sum())
