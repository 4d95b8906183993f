"""Blinding indices against plain loops over the published formulas, in fractions, on 300 seeded tables.

Nothing of `ratings` is used on the other side. Bang, Ni and Davis (2004): of an arm r - w, and with
more names r - w / (names - 1); James et al. (1996), as Bang, Ni and Davis give it: {1 + P_DK +
(1 - P_DK) K} / 2 with K = (P_Do - P_De) / P_De. Intervals: the jackknife over raters. Among the tables
are raters alone, answers of one model, and raters who all know, or who never claim to.
"""

import random
from collections.abc import Callable
from fractions import Fraction
from math import isclose, sqrt

import numpy as np
import pytest
from scipy.stats import t

from ratings.quality.blinding import Guesses, bang_index, james_index

TABLES = 300
NEAR = 1e-9
Answers = list[tuple[int, int | None, int]]  # who wrote it, whom the rater named, which rater


def tables() -> list[tuple[Answers, int, int]]:
    """Answers with how many models there are and how many names were offered."""
    rng, made = random.Random(1_996), []
    for at in range(TABLES):
        raters, models = rng.randint(1, 9), rng.randint(1 if at % 9 == 0 else 2, 5)
        names = max(models + rng.randint(0, 3), 2)
        known, unsure = rng.choice([0, 0.3, 0.8, 1]), rng.choice([0, 0.2, 0.6, 1])
        answers: Answers = []
        for rater in range(raters):
            for _ in range(rng.randint(1, 6)):
                wrote = rng.randrange(models)
                named = wrote if rng.random() < known else rng.randrange(names)
                answers.append((wrote, None if rng.random() < unsure else named, rater))
        made.append((answers, models, names))
    return made


def by_bang(answers: Answers, _models: int, names: int) -> Fraction | None:
    if not answers:
        return None
    right = sum(wrote == named for wrote, named, _rater in answers)
    wrong = sum(named not in {wrote, None} for wrote, named, _rater in answers)
    return (right - Fraction(wrong, names - 1)) / len(answers)


def by_james(answers: Answers, models: int, names: int) -> Fraction | None:
    if not answers:
        return None
    n = len(answers)
    claimed = [(wrote, named) for wrote, named, _rater in answers if named is not None]
    if not claimed:
        return Fraction(1)
    sure = len(claimed)
    cell = {
        (i, j): Fraction(claimed.count((i, j)), sure) for i in range(models) for j in range(names)
    }
    row = [sum(cell[i, j] for j in range(names)) for i in range(models)]
    column = [sum(cell[i, j] for i in range(models)) for j in range(names)]
    observed = sum(share for (i, j), share in cell.items() if i != j)
    expected = sum(row[i] * column[j] for i, j in cell if i != j)
    if not expected:
        return None
    unknown = Fraction(n - sure, n)
    return (1 + unknown + (1 - unknown) * (observed - expected) / expected) / 2


def jackknifed(index: Callable, answers: Answers, models: int, names: int) -> float:
    """The standard error over raters; one without whom there is no index counts as no change."""
    raters = {rater for _wrote, _named, rater in answers}
    whole = index(answers, models, names)
    left = [
        index([one for one in answers if one[2] != out], models, names) for out in sorted(raters)
    ]
    left = [whole if one is None else one for one in left]
    g, mean = len(raters), sum(left) / len(raters)
    return sqrt(Fraction(g - 1, g) * sum((one - mean) ** 2 for one in left))


@pytest.mark.parametrize(
    ("ours", "formula", "least"), [(bang_index, by_bang, -1), (james_index, by_james, 0)]
)
def test_values_and_bounds_are_those_of_the_formulas(ours, formula, least):
    compared = bounded = 0
    for answers, models, names in tables():
        coded = [(wrote, -1 if named is None else named, rater) for wrote, named, rater in answers]
        columns = (np.array(one, dtype=np.int64) for one in zip(*coded, strict=True))
        found, wanted = ours(Guesses(*columns, models, names)), formula(answers, models, names)
        if wanted is None:
            assert found is None
            continue
        compared += 1
        assert found.value == pytest.approx(float(wanted), abs=NEAR)
        raters = len({rater for *_both, rater in answers})
        if raters == 1:
            assert found.lower is found.upper is None
            continue
        error = jackknifed(formula, answers, models, names)
        # All alike: the rule of three.
        flat = isclose(error, 0, abs_tol=1e-12)
        half = 3 / raters if flat else t.ppf(0.975, raters - 1) * error
        assert found.lower == pytest.approx(max(float(wanted) - half, least), abs=NEAR)
        assert found.upper == pytest.approx(min(float(wanted) + half, 1), abs=NEAR)
        bounded += 1
    assert compared >= 200
    assert bounded >= 150
