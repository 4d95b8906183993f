"""Agreement against plain loops over the published formulas, in fractions, on 400 seeded tables.

Nothing of `ratings` is used on the other side. Gwet (2014), chapters 3 to 5: AC1, AC2, Fleiss's
kappa and their variances with missing grades; Krippendorff (2011): alpha, with the jackknife over
units. Among the tables are raters alone, single categories, full agreement and rows without a grade.
"""

import random
from fractions import Fraction
from itertools import combinations
from math import comb, sqrt

import pytest
from scipy.stats import t

from ratings.scoring import (
    Grades,
    NotEstimable,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
)

TABLES = 400
NEAR = 1e-9
Table = list[list[int | None]]


def tables() -> list[tuple[Table, int]]:
    """Tables of grades 0 to q - 1, one row a unit and one column a rater; None: not graded."""
    rng, made = random.Random(20_261), []
    for at in range(TABLES):
        units, raters, q = rng.randint(1, 14), rng.randint(1, 6), rng.randint(1, 7)
        missing, agree = rng.choice([0, 0.2, 0.5]), rng.choice([0, 0.5, 0.7, 0.9, 1])
        used = 1 if at % 17 == 0 else q
        table: Table = []
        for _ in range(units):
            own = rng.randrange(used)
            grades = [own if rng.random() < agree else rng.randrange(used) for _ in range(raters)]
            table.append([None if rng.random() < missing else one for one in grades])
        made.append((table, q))
    return made


def counted(table: Table, q: int) -> list[list[int]]:
    """r_ik: how many raters put unit i into category k, of the units that somebody graded."""
    rows = [[row.count(k) for k in range(q)] for row in table]
    return [row for row in rows if sum(row)]


def identity(q: int) -> list[list[Fraction]]:
    return [[Fraction(k == m) for m in range(q)] for k in range(q)]


def ordinal(q: int) -> list[list[Fraction]]:
    """w_km = 1 - M_km / M_max with M_km = C(max - min + 1, 2): Gwet (2014), section 3.5."""
    most = comb(q, 2)
    return [
        [1 - Fraction(comb(abs(k - m) + 1, 2), most) if most else Fraction(1) for m in range(q)]
        for k in range(q)
    ]


def quadratic(q: int) -> list[list[Fraction]]:
    far = max(q - 1, 1) ** 2
    return [[1 - Fraction((k - m) ** 2, far) for m in range(q)] for k in range(q)]


def by_gwet(table: Table, q: int, w: list[list[Fraction]], *, fleiss: bool) -> tuple | None:
    """AC or Fleiss's kappa, its standard error and degrees of freedom; None where it is undefined."""
    r, sides = counted(table, q), range(q)
    n, both = len(r), [row for row in r if sum(row) > 1]
    if not both:
        return None

    def agreed(row: list[int]) -> Fraction:
        graded = sum(row)
        weighted = [sum(w[k][m] * row[m] for m in sides) for k in sides]
        return sum(row[k] * (weighted[k] - 1) for k in sides) / Fraction(graded * (graded - 1))

    pi = [sum(Fraction(row[k], sum(row)) for row in r) / n for k in sides]
    if fleiss:
        turned = [sum(w[k][m] * pi[m] for m in sides) for k in sides]
    else:
        spread = Fraction(sum(map(sum, w)), q * (q - 1)) if q > 1 else Fraction(0)
        turned = [spread * (1 - pi[k]) for k in sides]
    p_e = sum(turned[k] * pi[k] for k in sides)
    if p_e == 1:
        return None
    p_a = sum(map(agreed, both)) / len(both)
    value = (p_a - p_e) / (1 - p_e)
    total = Fraction(0)
    for row in r:
        own = Fraction(n, len(both)) * (agreed(row) - p_e) / (1 - p_e) if sum(row) > 1 else 0
        chance = sum(turned[k] * Fraction(row[k], sum(row)) for k in sides)
        total += (own - 2 * (1 - value) * (chance - p_e) / (1 - p_e) - value) ** 2
    error = sqrt(total / (n * (n - 1))) if n > 1 else None
    return float(value), error, n - 1


def alpha_of(units: list[list[int]], q: int, metric: str) -> Fraction | None:
    units = [unit for unit in units if len(unit) > 1]
    often = [sum(unit.count(k) for unit in units) for k in range(q)]
    n = sum(often)

    def apart(a: int, b: int) -> Fraction:
        if metric == "nominal" or a == b:
            return Fraction(a != b)
        low, high = min(a, b), max(a, b)
        return (sum(often[low : high + 1]) - Fraction(often[low] + often[high], 2)) ** 2

    inside = sum(
        2 * apart(a, b) / Fraction(len(unit) - 1)
        for unit in units
        for a, b in combinations(unit, 2)
    )
    outside = sum(often[a] * often[b] * apart(a, b) for a in range(q) for b in range(q))
    return 1 - inside * (n - 1) / outside if outside else None


def by_krippendorff(table: Table, q: int, metric: str) -> tuple | None:
    """Alpha, the jackknife's standard error over units graded twice, and its degrees of freedom."""
    units = [[one for one in row if one is not None] for row in table]
    units = [unit for unit in units if len(unit) > 1]
    value, n = alpha_of(units, q, metric), len(units)
    if value is None:
        return None
    left = [alpha_of(units[:at] + units[at + 1 :], q, metric) for at in range(n)]
    if n < 2 or None in left:
        return float(value), None, n - 1
    mean = sum(left) / n
    return float(value), sqrt(Fraction(n - 1, n) * sum((one - mean) ** 2 for one in left)), n - 1


COEFFICIENTS = {
    "AC1": (gwet_ac, lambda table, q: by_gwet(table, q, identity(q), fleiss=False)),
    "AC2, ordinal": (
        lambda grades: gwet_ac(grades, "ordinal"),
        lambda table, q: by_gwet(table, q, ordinal(q), fleiss=False),
    ),
    "AC2, quadratic": (
        lambda grades: gwet_ac(grades, "quadratic"),
        lambda table, q: by_gwet(table, q, quadratic(q), fleiss=False),
    ),
    "Fleiss": (fleiss_kappa, lambda table, q: by_gwet(table, q, identity(q), fleiss=True)),
    "alpha, nominal": (krippendorff_alpha, lambda table, q: by_krippendorff(table, q, "nominal")),
    "alpha, ordinal": (
        lambda grades: krippendorff_alpha(grades, "ordinal"),
        lambda table, q: by_krippendorff(table, q, "ordinal"),
    ),
}


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_values_errors_and_bounds_are_those_of_the_formulas(name):
    coefficient, formula = COEFFICIENTS[name]
    compared = bounded = 0
    for table, q in tables():
        wanted = formula(table, q)
        try:
            found = coefficient(Grades.from_table(table, categories=range(q)))
        except NotEstimable:
            assert wanted is None, table
            continue
        assert wanted is not None, table
        compared += 1
        value, error, degrees = wanted
        assert found.value == pytest.approx(value, abs=NEAR), table
        # Units that do not vary at all have no error, and tell no interval.
        assert (found.standard_error or 0) == pytest.approx(error or 0, abs=NEAR), table
        if found.standard_error:
            half = t.ppf(0.975, degrees) * error
            assert found.lower == pytest.approx(max(value - half, -1), abs=NEAR), table
            assert found.upper == pytest.approx(min(value + half, 1), abs=NEAR), table
            bounded += 1
        else:
            assert found.lower is found.upper is None
    assert 200 <= compared < TABLES
    assert bounded >= 140
