"""Composites: the weighted mean of an item's strengths on several criteria, with its own interval.

Criteria are fitted apart and never pooled as votes. They share raters and submissions, so their
errors are correlated; adding up the influences of a rater over the criteria before squaring keeps
those covariances. Squaring each criterion alone would treat three correlated votes as three votes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.intervals import cluster_influence, cluster_sizes, effective_clusters
from ratings.scoring.types import Comparisons, Covariance, Fit, Floats


@dataclass(frozen=True, eq=False)
class Part:
    """One criterion of a composite.

    `cluster` (n,) holds codes of who (or which submission) each vote came from; the same code means
    the same cluster in every part. `weight` is relative to the other parts.
    """

    fit: Fit
    comparisons: Comparisons
    cluster: NDArray[Any]
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Composite:
    """A weighted mean of strengths (K,), in log-odds centred at 0, and its covariance."""

    items: tuple[str, ...]
    strength: Floats
    covariance: Covariance


def composite(parts: Sequence[Part]) -> Composite:
    """Combine criteria fitted on the same items.

    Returns the mean of the strengths with the weights (scaled to sum to 1), and a covariance in
    which clusters are independent and everything within a cluster, across criteria, is not; CR1
    and t quantiles as in `intervals.cluster_sandwich`.

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
    sizes, codes = cluster_sizes(np.concatenate([part.cluster for part in parts]))
    g = len(sizes)
    ends = np.cumsum([len(part.comparisons) for part in parts])[:-1]
    influence = np.zeros((g, len(items)))
    for part, weight, own in zip(parts, weights, np.split(codes, ends), strict=True):
        influence += weight * cluster_influence(part.fit, part.comparisons, own, g)
    matrix = influence.T @ influence * (g / (g - 1))
    strength = sum(
        (weight * part.fit.strength for part, weight in zip(parts, weights, strict=True)),
        start=np.zeros(len(items)),
    )
    degrees = effective_clusters(sizes) - 1
    return Composite(items, strength, Covariance(matrix, "composite", degrees=degrees, clusters=g))


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
