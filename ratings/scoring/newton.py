"""Newton's method for the concave likelihoods of this package, with convergence asserted."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ratings.scoring.types import Floats, NotConverged

TOLERANCE = 1e-12
MAX_ITERATIONS = 100
MAX_HALVINGS = 40


class Curvature(NamedTuple):
    """A log-likelihood at one point: its value, its gradient (P,) and minus its Hessian (P, P)."""

    value: float
    gradient: Floats
    information: Floats


class Optimum(NamedTuple):
    parameters: Floats
    value: float
    information: Floats
    inverse: Floats
    gradient_per_vote: float
    iterations: int


def laplacian(weights: Floats) -> Floats:
    """Return sum over i < j of weights[i, j] (e_i - e_j)(e_i - e_j)', for symmetric weights (K, K)."""
    return np.asarray(np.diag(weights.sum(axis=1)) - weights)


def invert_on_contrasts(information: Floats, k: int) -> Floats:
    """Return the inverse of `information` (P, P) where the first k parameters sum to 0.

    Only differences of strengths are determined, so the all-ones direction is its null space; it
    is filled, inverted and taken out again, which is exact and cheaper than a pseudo-inverse.
    """
    filled, fill = _filled(information, k)
    inverse = np.linalg.inv(filled)
    inverse[:k, :k] -= 1 / (fill * k**2)
    return np.asarray((inverse + inverse.T) / 2)


def newton_step(at: Curvature, k: int) -> Floats:
    """Return the inverse of the information times the gradient, without the inverse."""
    filled, _ = _filled(at.information, k)
    return np.asarray(np.linalg.solve(filled, at.gradient))


def _filled(information: Floats, k: int) -> tuple[Floats, float]:
    """Return the information with its null space filled, and by how much an entry."""
    fill = max(float(np.trace(information)) / k**2, np.finfo(float).tiny)
    filled = information.copy()
    filled[:k, :k] += fill
    return filled, fill


def maximise(
    objective: Callable[[Floats], Curvature], start: Floats, *, k: int, n: float
) -> Optimum:
    """Climb from `start` (P,) to the maximum, the first k parameters kept centred at 0.

    Raises
    ------
    NotConverged
        When the gradient per vote (its largest absolute entry over n) stays above 1e-12.
    """
    here, at = start, objective(start)
    for iteration in range(MAX_ITERATIONS):
        steepness = float(np.abs(at.gradient).max()) / n
        if steepness <= TOLERANCE:
            return _polished(objective, here, at, k=k, n=n, iterations=iteration)
        try:
            step = newton_step(at, k)
        except np.linalg.LinAlgError as error:
            raise NotConverged("the likelihood is flat: its information is singular") from error
        here, at = _advance(objective, here, at, step)
        here[:k] -= here[:k].mean()
    raise NotConverged(f"gradient per vote {steepness:.1e} after {MAX_ITERATIONS} Newton steps")


def _polished(
    objective: Callable[[Floats], Curvature],
    here: Floats,
    at: Curvature,
    *,
    k: int,
    n: float,
    iterations: int,
) -> Optimum:
    """Take one last step, down to rounding, so that any start gives the same digits."""
    there = here + newton_step(at, k)
    there[:k] -= there[:k].mean()
    last = objective(there)
    if np.abs(last.gradient).max() > np.abs(at.gradient).max():
        there, last = here, at
    inverse = invert_on_contrasts(last.information, k)
    steepness = float(np.abs(last.gradient).max()) / n
    return Optimum(there, last.value, last.information, inverse, steepness, iterations + 1)


def _advance(
    objective: Callable[[Floats], Curvature], here: Floats, at: Curvature, step: Floats
) -> tuple[Floats, Curvature]:
    """Take the step, halved until it does not descend (beyond rounding)."""
    slack = 1e-12 * abs(at.value)
    for halving in range(MAX_HALVINGS):
        there = here + step * 0.5**halving
        found = objective(there)
        if found.value >= at.value - slack:
            return there, found
    raise NotConverged("no step along Newton's direction raises the likelihood")
