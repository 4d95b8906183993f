"""Agreement: published values reproduced, what must hold for all data, and how often intervals cover."""

import csv
import itertools
import json
from collections import Counter

import numpy as np
import pytest

from ratings.scoring import (
    Grades,
    NotEstimable,
    bootstrap_agreement,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    pooled_kappa,
)
from tests.data import shared_data
from tests.ratings.scoring.votes import references


def turned(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def four_raters() -> Grades:
    return Grades.from_table(turned(references()["gwet_4raters"]["data"]["raters_by_unit"]))


# ---- the shared references


def test_gwets_four_raters_with_missing_grades():
    found, expected = gwet_ac(four_raters()), references()["gwet_4raters"]["expected"]["AC1"]
    assert (found.observed, found.expected, found.value, found.standard_error) == pytest.approx(
        (expected["pa"], expected["pe"], expected["est"], expected["se"]), abs=5e-4
    )
    assert (found.lower, found.upper) == pytest.approx(expected["ci"], abs=5e-4)
    assert (found.units, found.raters, found.grades) == (11, 4, 41)


@pytest.mark.parametrize(
    "weights", ["linear", "quadratic", "ordinal", "radical", "ratio", "circular", "bipolar"]
)
def test_gwets_weights(weights):
    expected = references()["gwet_4raters"]["expected"]["AC2"][weights]
    found = gwet_ac(four_raters(), weights)
    assert found.name == "AC2"
    assert found.value == pytest.approx(expected["est"], abs=5e-4)
    assert found.standard_error == pytest.approx(expected["se"], abs=5e-4)


def test_fleiss_kappa_with_missing_grades_and_weights():
    case = references()["gwet_4raters"]["expected"]
    found = fleiss_kappa(four_raters())
    assert found.value == pytest.approx(case["fleiss"]["est"], abs=5e-4)
    assert (found.lower, found.upper) == pytest.approx(case["fleiss"]["ci"], abs=5e-4)
    for weights, expected in case["recomputed_six_digits"].items():
        name = "identity" if weights == "nominal" else weights
        assert fleiss_kappa(four_raters(), name).value == pytest.approx(
            expected["fleiss"], abs=1e-6
        )
        assert percent_agreement(four_raters(), name).value == pytest.approx(
            expected["pa"], abs=1e-6
        )


@pytest.mark.parametrize("name", ["gwet_5observers", "gwet_ben_gerry", "gwet_gender"])
def test_gwets_tables(name):
    case = references()[name]
    found, expected = gwet_ac(Grades.from_table(case["data"]["rows"])), case["expected"]["AC1"]
    assert (found.observed, found.expected, found.value, found.standard_error) == pytest.approx(
        (expected["pa"], expected["pe"], expected["est"], expected["se"]), abs=5.1e-4
    )
    assert (found.lower, found.upper) == pytest.approx(expected["ci"], abs=6e-4)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("krippendorff_wikipedia", 5e-7),
        ("krippendorff_2011_4coders", 5e-4),
        ("krippendorff_evalica_small", 1e-6),
    ],
)
def test_krippendorffs_examples(name, tolerance):
    case = references()[name]
    grades = Grades.from_table(turned(case["data"]["coders_by_unit"]))
    for metric, value in case["expected"].items():
        assert krippendorff_alpha(grades, metric).value == pytest.approx(value, abs=tolerance)


def test_fleiss_examples():
    wikipedia = Grades.from_counts(references()["fleiss_wikipedia"]["data"]["table"])
    assert fleiss_kappa(wikipedia).value == pytest.approx(0.210, abs=5e-4)
    diagnoses = references()["fleiss1971_diagnoses"]["data"]["subjects_by_raters"]
    assert fleiss_kappa(Grades.from_table(diagnoses)).value == pytest.approx(0.4302445, abs=1e-6)


def test_cohens_kappa_and_its_error_as_sas_gives_them():
    case = references()["cohen_sas_table10"]
    table, expected = case["data"]["table"], case["expected"]
    rows = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    found = cohen_kappa(Grades.from_table(rows, categories=(0, 1, 2)))
    assert (found.value, found.standard_error) == pytest.approx(
        (expected["kappa"], expected["ase"]), abs=1e-4
    )
    assert (found.lower, found.upper) == pytest.approx(expected["ci"], abs=1e-4)


# ---- published values of real votes


def rows_of(name, **how):
    with shared_data(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, **how))


@pytest.mark.parametrize(("name", "value"), [("codings", 904 / 1216), ("gcl", 0.0833333)])
def test_evalicas_codings(name, value):
    with shared_data(f"votes/evalica/{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [[cell or None for cell in row] for row in csv.reader(file)]
    assert krippendorff_alpha(Grades.from_table(turned(rows))).value == pytest.approx(
        value, abs=1e-6
    )


def test_llmfao():
    rows = rows_of("votes/llmfao/crowd-comparisons.csv")
    grades = Grades.from_labels(*([row[key] for row in rows] for key in ("id", "worker", "winner")))
    found = krippendorff_alpha(grades)
    assert found.value == pytest.approx(0.2906, abs=5e-5)
    assert found.units == 2124


def mt_bench(name):
    for line in shared_data(f"votes/mt_bench/{name}.jsonl").read_text("utf-8").splitlines():
        vote = json.loads(line)
        one, other = sorted([vote["model_a"], vote["model_b"]])
        winner = "tie" if vote["winner"].startswith("tie") else vote[vote["winner"]]
        yield (vote["question_id"], vote["turn"], one, other), vote["judge"], winner


def outcome(unit, winner):
    return "tie" if winner == "tie" else "first" if winner == unit[2] else "second"


def test_mt_bench_alpha():
    # One judge voted twice on one unit; the published value counts both votes, so each is a rater.
    votes = [
        (unit, at, outcome(unit, winner)) for at, (unit, _, winner) in enumerate(mt_bench("human"))
    ]
    found = krippendorff_alpha(Grades.from_labels(*zip(*votes, strict=True)))
    assert found.value == pytest.approx(0.485, abs=5e-4)
    assert found.units == 961


def test_mt_bench_kappa_of_the_majority_with_gpt_4():
    human: dict = {}
    for unit, _, winner in mt_bench("human"):
        human.setdefault(unit, Counter())[outcome(unit, winner)] += 1
    judged = {unit: outcome(unit, winner) for unit, _, winner in mt_bench("gpt4_pair")}
    entries = []
    for unit, votes in human.items():
        ordered = votes.most_common()
        split = len(ordered) > 1 and ordered[0][1] == ordered[1][1]
        if unit in judged:
            entries += [(unit, "people", "tie" if split else ordered[0][0])]
            entries += [(unit, "gpt-4", judged[unit])]
    found = cohen_kappa(Grades.from_labels(*zip(*entries, strict=True)))
    assert found.units == 1814
    assert found.observed == pytest.approx(0.672, abs=5e-4)
    assert found.value == pytest.approx(0.505, abs=5e-4)


@pytest.mark.parametrize(
    ("field", "value"), [("truthfulness", 0.7400), ("informativeness", 0.4845)]
)
def test_truthfulqa(field, value):
    folder = "votes/truthfulqa_multi_human"
    one = {row["id"]: row[field] for row in rows_of(f"{folder}/evaluated_en.csv")}
    other = {row["id"]: row[field] for row in rows_of(f"{folder}/iaa_second_rater_en.csv")}
    table = [(one[unit], grade) for unit, grade in other.items()]
    assert cohen_kappa(Grades.from_table(table)).value == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(("model", "value"), [("gpt4", 0.9701), ("llama2orig", 0.9293)])
def test_xstest(model, value):
    rows = rows_of(f"outputs/xstest/xstest_v2_completions_{model}.csv")
    table = [(row["annotation_1"], row["annotation_2"]) for row in rows]
    assert cohen_kappa(Grades.from_table(table)).value == pytest.approx(value, abs=5e-5)


def test_wmt16_chance_over_both_frames():
    # Which pairs of judgments were taken to be comparable is not published; chance and kappa are.
    text = shared_data("votes/wmt16/wmt16.collapsed.eng-ron.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.replace("\r", "").splitlines() if line)
    entries = []
    for at, row in enumerate(rows):
        gap = int(row["system1rank"]) - int(row["system2rank"])
        sides = (row["system1Id"], row["system2Id"])
        for one, other, sign in ((*sides, gap), (*reversed(sides), -gap)):
            entries.append(((row["segmentId"], one, other), at, (sign > 0) - (sign < 0)))
    found = pooled_kappa(Grades.from_labels(*zip(*entries, strict=True)))
    assert found.expected == pytest.approx(0.345, abs=5e-4)
    assert (302 / 509 - found.expected) / (1 - found.expected) == pytest.approx(0.379, abs=5e-4)
    assert found.value == pytest.approx((found.observed - found.expected) / (1 - found.expected))


# ---- what must hold


COEFFICIENTS = [
    krippendorff_alpha,
    lambda grades: krippendorff_alpha(grades, "ordinal"),
    lambda grades: krippendorff_alpha(grades, "interval"),
    gwet_ac,
    lambda grades: gwet_ac(grades, "quadratic"),
    fleiss_kappa,
    percent_agreement,
    pooled_kappa,
]
EACH = pytest.mark.parametrize("coefficient", COEFFICIENTS)


def drawn(seed, *, units=60, raters=6, missing=0.3, careful=0.6):
    """Grades 1 to 4 of raters who give the unit's own grade with probability `careful`."""
    rng = np.random.default_rng(seed)
    own = rng.integers(1, 5, size=(units, 1))
    grades = np.where(
        rng.random((units, raters)) < careful, own, rng.integers(1, 5, (units, raters))
    )
    table = grades.astype(float)
    table[rng.random(table.shape) < missing] = np.nan
    return Grades.from_table(table.tolist(), categories=(1.0, 2.0, 3.0, 4.0))


@EACH
def test_perfect_agreement_is_one(coefficient):
    found = coefficient(Grades.from_table([[1, 1], [2, 2], [3, None], [4, 4]]))
    assert found.value == pytest.approx(1)


@EACH
def test_names_and_order_of_units_and_raters_do_not_matter(coefficient):
    grades = drawn(1)
    rng = np.random.default_rng(2)
    order = rng.permutation(len(grades))
    shuffled = Grades(
        rng.permutation(60)[grades.unit][order],
        rng.permutation(6)[grades.rater][order],
        grades.category[order],
        grades.categories,
    )
    one, other = coefficient(grades), coefficient(shuffled)
    assert other.value == pytest.approx(one.value, abs=1e-12)
    assert other.standard_error == pytest.approx(one.standard_error, abs=1e-12)


@EACH
def test_a_unit_graded_once_says_nothing_about_observed_agreement(coefficient):
    grades = drawn(3)
    extra = Grades(
        np.append(grades.unit, 60),
        np.append(grades.rater, 0),
        np.append(grades.category, 0),
        grades.categories,
    )
    assert coefficient(extra).observed == pytest.approx(coefficient(grades).observed)


@pytest.mark.parametrize(
    "coefficient", [one for one in COEFFICIENTS if one is not percent_agreement]
)
def test_grades_by_chance_agree_no_more_than_chance(coefficient):
    found = coefficient(drawn(4, units=2000, careful=0.0))
    assert abs(found.value) < 4 * found.standard_error


@EACH
def test_the_standard_error_is_that_of_the_bootstrap(coefficient):
    grades = drawn(5, units=300)
    found = coefficient(grades)
    again = bootstrap_agreement(coefficient, grades, by="unit", rng=np.random.default_rng(1))
    assert again.value == found.value
    assert again.standard_error == pytest.approx(found.standard_error, rel=0.12)


def test_nominal_alpha_interval_covers_the_value_it_estimates():
    truth = krippendorff_alpha(drawn(0, units=40_000)).value
    inside = 0
    for seed in range(400):
        found = krippendorff_alpha(drawn(100 + seed))
        inside += found.lower <= truth <= found.upper
    assert 0.92 < inside / 400 < 0.98


def test_the_rater_bootstrap_never_compares_a_rater_with_themselves():
    # Raters who always differ: one drawn twice would seem to agree with themselves.
    table = [[(at + rater) % 6 for rater in range(6)] for at in range(30)]
    grades = Grades.from_table(table)
    found = bootstrap_agreement(percent_agreement, grades, by="rater", rng=np.random.default_rng(1))
    assert (found.value, found.lower, found.upper) == (0, None, None)


def test_the_rater_bootstrap_is_wider_where_raters_differ():
    rng = np.random.default_rng(6)
    own = rng.integers(0, 3, size=(400, 1))
    careful = np.array([0.95, 0.9, 0.9, 0.2, 0.1, 0.1])
    table = np.where(rng.random((400, 6)) < careful, own, rng.integers(0, 3, (400, 6)))
    grades = Grades.from_table(table.tolist())
    by = {
        which: bootstrap_agreement(gwet_ac, grades, by=which, rng=np.random.default_rng(1))
        for which in ("unit", "rater")
    }
    assert by["rater"].standard_error > 2 * by["unit"].standard_error


def test_the_same_seed_gives_the_same_bounds():
    one, other = (
        bootstrap_agreement(gwet_ac, drawn(7), by="unit", rng=np.random.default_rng(3), draws=200)
        for _ in range(2)
    )
    assert one == other


def test_cohens_kappa_can_be_resampled_by_unit_only():
    grades = drawn(8, raters=2, missing=0.0)
    found = bootstrap_agreement(cohen_kappa, grades, by="unit", rng=np.random.default_rng(1))
    assert found.standard_error == pytest.approx(cohen_kappa(grades).standard_error, rel=0.2)
    with pytest.raises(ValueError, match="bootstrap by unit"):
        bootstrap_agreement(cohen_kappa, grades, by="rater", rng=np.random.default_rng(1))


# ---- the definitions, by hand


def by_definition_alpha(table: list[list[int | None]], values: list[float], metric: str) -> float:
    """Alpha from all ordered pairs within units and all pairs of grades, as Krippendorff writes it."""
    units = [[x for x in row if x is not None] for row in table]
    units = [unit for unit in units if len(unit) > 1]
    given = [x for unit in units for x in unit]
    often = [given.count(c) for c in range(len(values))]

    def apart(a: int, b: int) -> float:
        low, high = min(a, b), max(a, b)
        return {
            "nominal": float(a != b),
            "ordinal": (sum(often[low : high + 1]) - (often[a] + often[b]) / 2) ** 2 * (a != b),
            "interval": (values[a] - values[b]) ** 2,
            "ratio": ((values[a] - values[b]) / (values[a] + values[b])) ** 2,
        }[metric]

    observed = sum(
        apart(a, b) / (len(unit) - 1) for unit in units for a, b in itertools.permutations(unit, 2)
    )
    expected = sum(apart(a, b) for a in given for b in given) / (len(given) - 1)
    return 1 - observed / expected


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
@pytest.mark.parametrize("seed", [1, 2])
def test_alpha_and_its_jackknife_are_those_of_the_definition(metric, seed):
    rng = np.random.default_rng(seed)
    values = [1.0, 2.5, 4.0, 9.0]
    own = rng.integers(4, size=(12, 1))
    drawn = np.where(rng.random((12, 4)) < 0.6, own, rng.integers(4, size=(12, 4)))
    gone = rng.random((12, 4)) < 0.3
    table = [
        [None if no else int(x) for x, no in zip(*row, strict=True)]
        for row in zip(drawn, gone, strict=True)
    ]
    names = [[None if x is None else values[x] for x in row] for row in table]
    found = krippendorff_alpha(Grades.from_table(names, categories=values), metric)
    assert found.value == pytest.approx(by_definition_alpha(table, values, metric))
    judged = [at for at, row in enumerate(table) if sum(x is not None for x in row) > 1]
    left = [
        by_definition_alpha([row for at, row in enumerate(table) if at != out], values, metric)
        for out in judged
    ]
    spread = np.std(left) * np.sqrt(len(left) - 1)
    assert found.standard_error == pytest.approx(spread)


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic", "radical", "ratio"])
@pytest.mark.parametrize("kind", ["AC", "Fleiss", "per cent"])
def test_weighted_agreement_is_that_of_all_pairs(weights, kind):
    rng = np.random.default_rng(4)
    values = np.array([1.0, 2.0, 5.0])
    table = rng.choice([0, 1, 2, -1], size=(9, 4), p=[0.4, 0.25, 0.15, 0.2]).tolist()
    gap = {
        "identity": lambda a, b: float(a != b),
        "linear": lambda a, b: abs(a - b),
        "quadratic": lambda a, b: (a - b) ** 2,
        "radical": lambda a, b: abs(a - b) ** 0.5,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2,
    }[weights]
    near = np.array([[1 - gap(a, b) / gap(1.0, 5.0) for b in values] for a in values])
    units = [[x for x in row if x >= 0] for row in table]
    several = [unit for unit in units if len(unit) > 1]
    observed = np.mean(
        [np.mean([near[a, b] for a, b in itertools.permutations(unit, 2)]) for unit in several]
    )
    share = np.mean(
        [[unit.count(c) / len(unit) for c in range(3)] for unit in units if unit], axis=0
    )
    expected = {
        "AC": near.sum() / 6 * (share * (1 - share)).sum(),
        "Fleiss": share @ near @ share,
        "per cent": 0.0,
    }[kind]
    of = {"AC": gwet_ac, "Fleiss": fleiss_kappa, "per cent": percent_agreement}[kind]
    named = [[None if x < 0 else values[x] for x in row] for row in table]
    found = of(Grades.from_table(named, categories=values.tolist()), weights)
    assert found.value == pytest.approx((observed - expected) / (1 - expected))


# ---- refusals


@EACH
def test_full_agreement_on_a_few_units_is_no_certainty(coefficient):
    grades = Grades.from_table([[1, 1], [2, 2], [1, 1], [2, 2]])
    found = coefficient(grades)
    assert (found.value, found.standard_error, found.lower, found.upper) == (1, None, None, None)
    drawn = bootstrap_agreement(percent_agreement, grades, by="unit", rng=np.random.default_rng(1))
    assert (drawn.lower, drawn.upper) == (None, None)


def test_two_raters_who_always_agree_are_no_certainty_either():
    assert cohen_kappa(Grades.from_table([[1, 1], [2, 2]])).lower is None


def test_nobody_to_agree_with():
    with pytest.raises(NotEstimable, match="no unit was graded by two"):
        krippendorff_alpha(Grades.from_table([[1, None], [None, 2]]))


def test_one_and_the_same_grade_everywhere():
    with pytest.raises(NotEstimable, match="all grades are the same"):
        krippendorff_alpha(Grades.from_table([[1, 1], [1, 1]]))


def test_a_rater_who_graded_a_unit_twice():
    with pytest.raises(ValueError, match="graded a unit twice"):
        Grades.from_labels(["u", "u"], ["r", "r"], [1, 2])


def test_unknown_words():
    with pytest.raises(ValueError, match="none of nominal"):
        krippendorff_alpha(four_grades(), "cardinal")
    with pytest.raises(ValueError, match="none of identity"):
        gwet_ac(four_grades(), "cubic")
    with pytest.raises(ValueError, match="not one of the categories"):
        Grades.from_labels(["u"], ["r"], ["maybe"], categories=["yes", "no"])
    with pytest.raises(ValueError, match="by unit or by rater"):
        bootstrap_agreement(gwet_ac, four_grades(), by="prompt", rng=np.random.default_rng(1))


def test_cohens_kappa_wants_two_raters():
    with pytest.raises(ValueError, match="use fleiss_kappa"):
        cohen_kappa(drawn(9))


def four_grades() -> Grades:
    return Grades.from_table([[1, 2], [2, 2]])
