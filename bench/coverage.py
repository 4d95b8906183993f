"""How often the default intervals, verdicts and confidence sequences hold what they promise.

The grid: {ties 0, 25, 50 %} x {exposure equal, heavy} x {raters independent, with tastes, with tastes
and heavy-tailed activity, 12 with tastes} x {prompt effects none, as large as in real votes} x {5, 20
models}, and four named cells of 129 models. In each, boards are drawn, fitted and their nominal 95 %
intervals compared with the estimator's own population value: what it would give on endless votes
of endless raters and prompts. Beside it: the size of the test for equivalence, the chance that
looking every hour ever rules out the truth, and whether "about N more votes" are enough.

    python bench/coverage.py                  a seeded subset, a few minutes
    python bench/coverage.py --part 1/4       a quarter of the whole grid; may be stopped and resumed
    python bench/coverage.py --minutes 60     the whole grid in one process, for so long
    python bench/coverage.py --table          the tables of what has been run, as Markdown
    python bench/coverage.py --equivalence    the size of the test for equivalence on a million boards

Work is cut into chunks of 100 boards, each with a seed of its own; a finished chunk is one line under
data/coverage/, and is never run again. Human lines go to stderr; stdout ends in one line of JSON.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# Matrices this small are slower on two threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ratings.scoring import (
    Comparisons,
    Counts,
    Covariance,
    Fit,
    anytime_interval,
    compare_two,
    fit_bradley_terry,
    fit_davidson,
    intervals,
    margin_in_log_odds,
    mean_sequence,
    sandwich,
    two_way_sandwich,
)
from ratings.scoring.intervals import quantile, quantiles
from ratings.scoring.ties import davidson_odds

STORE = Path(__file__).parents[1] / "data" / "coverage"
CHUNK = 100  # boards
ROUNDS = 20  # so many chunks of each cell: 2000 boards
NOMINAL, LOWEST, HIGHEST = 95.0, 93.5, 96.5
NU = {0: 0.0, 25: 2 / 3, 50: 2.0}  # so many per cent of the votes between equals are ties
TASTE, PROMPT = 0.6, 0.7  # log-odds; the prompts' as fitted to MT-bench (0.77) and llmfao (0.59)
PROMPTS = 80
VOTES = {5: 1500, 20: 4000, 129: 20_000}
RATERS = {"independent": 100, "tastes": 100, "heavy": 100, "twelve": 12}
MOST_NEIGHBOURS = 19
ESTIMATORS: dict[str, Callable[..., Fit]] = {"half": fit_bradley_terry, "davidson": fit_davidson}


@dataclass(frozen=True)
class Cell:
    ties: int
    exposure: str
    raters: str
    prompts: str
    models: int

    @property
    def name(self) -> str:
        return f"{self.models}/{self.ties}/{self.exposure}/{self.raters}/{self.prompts}"


GRID = [
    Cell(*choice)
    for choice in product((0, 25, 50), ("equal", "heavy"), RATERS, ("none", "real"), (5, 20))
]
NAMED = [
    Cell(25, "equal", "independent", "none", 129),
    Cell(25, "heavy", "tastes", "none", 129),
    Cell(25, "heavy", "heavy", "real", 129),
    Cell(0, "equal", "tastes", "real", 129),
]
CELLS = [*GRID, *NAMED]
SUBSET = [GRID[at] for at in (0, 9, 34, 37, 46, 51, 58, 63, 84, 95)]


# ---- boards and what they should show ------------------------------------------------------------


@cache
def design(models: int, exposure: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the strengths (K,), the pairs (M,) (M,), and how often each is drawn (M,)."""
    order = np.random.default_rng(models).permutation(models)
    strength = np.linspace(-1.0, 1.0, models)[order]
    weight = np.ones(models) if exposure == "equal" else 1 / (1 + np.arange(models)) ** 0.8
    one, other = np.triu_indices(models, 1)
    share = weight[one] * weight[other]
    return strength, one, other, share / share.sum()


def spread(cell: Cell) -> float:
    """Return the variance of the gap between two models over raters and prompts, log-odds squared."""
    taste = 0.0 if cell.raters == "independent" else TASTE
    prompt = 0.0 if cell.prompts == "none" else PROMPT
    return 2 * (taste**2 + prompt**2)


def population(cell: Cell, estimator: str) -> np.ndarray:
    """Return the strengths (K,) of the population's fit."""
    return population_fit(cell, estimator).strength


@cache
def population_fit(cell: Cell, estimator: str) -> Fit:
    """Return the fit that the estimator gives on endless votes of endless raters and prompts."""
    strength, one, other, share = design(cell.models, cell.exposure)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    gap = (strength[one] - strength[other])[:, None] + np.sqrt(spread(cell)) * nodes
    with np.errstate(divide="ignore"):
        odds = davidson_odds(gap, np.log(np.float64(NU[cell.ties])))
    weights = weights / weights.sum()
    expected, tied = odds.expected @ weights, odds.tie @ weights
    wins, ties = np.zeros((cell.models,) * 2), np.zeros((cell.models,) * 2)
    wins[one, other] = share * (expected - tied / 2)
    wins[other, one] = share * (1 - expected - tied / 2)
    ties[one, other] = ties[other, one] = share * tied
    items = tuple(map(str, range(cell.models)))
    return ESTIMATORS[estimator](Counts(items, wins, ties))


def draw(cell: Cell, rng: np.random.Generator) -> Comparisons:
    strength, one, other, share = design(cell.models, cell.exposure)
    n, k = VOTES[cell.models], cell.models
    pair = rng.choice(one.size, n, p=share)
    swap = rng.random(n) < 0.5
    first = np.where(swap, other[pair], one[pair])
    second = np.where(swap, one[pair], other[pair])
    raters = RATERS[cell.raters]
    activity = 1 + rng.pareto(1.5, raters) if cell.raters == "heavy" else np.ones(raters)
    rater = rng.choice(raters, n, p=activity / activity.sum())
    prompt = rng.integers(PROMPTS, size=n)
    gap = strength[first] - strength[second]
    for size, codes, there in (
        (TASTE, rater, cell.raters != "independent"),
        (PROMPT, prompt, cell.prompts == "real"),
    ):
        if there:
            own = rng.normal(0.0, size, (codes.max() + 1, k))
            gap = gap + own[codes, first] - own[codes, second]
    return Comparisons(
        items=tuple(map(str, range(k))),
        first=first,
        second=second,
        outcome=outcomes(gap, NU[cell.ties], rng),
        rater=rater,
        prompt=prompt,
    )


def outcomes(gap: np.ndarray, nu: float, rng: np.random.Generator) -> np.ndarray:
    with np.errstate(divide="ignore"):
        odds = davidson_odds(gap, np.log(np.float64(nu)))
    chance = rng.random(gap.size)
    wins = odds.expected - odds.tie / 2
    return np.where(chance < wins, 2, np.where(chance < wins + odds.tie, 1, 0)).astype(np.int8)


def covered(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    """Draw one board; return which share of its intervals, by estimator and kind, hold the truth."""
    votes = draw(cell, rng)
    found: dict[str, float] = {}
    for name in estimators(cell):
        fit_to = ESTIMATORS[name]
        fit, truth = fit_to(votes), population(cell, name)
        for kind, covariance in (
            ("two-way", two_way_sandwich(fit, votes)),
            ("iid", sandwich(fit, votes)),
        ):
            lower, upper = intervals(fit.strength, covariance)
            found[f"{name} {kind}"] = float(((lower <= truth) & (truth <= upper)).mean())
            if kind == "two-way":
                found[f"{name} {kind} differences"] = neighbours(fit, covariance, truth)
    return found


def estimators(cell: Cell) -> tuple[str, ...]:
    """Without ties the two are one; of 129 models only that of the boards is run."""
    if not cell.ties:
        return ("half",)
    return ("davidson",) if cell.models > 100 else ("half", "davidson")


def neighbours(fit: Fit, covariance: Covariance, truth: np.ndarray) -> float:
    k = len(truth)
    contrasts = (np.eye(k)[:-1] - np.eye(k)[1:])[:MOST_NEIGHBOURS]
    variance, degrees = covariance.spreads(contrasts)
    off = np.abs(contrasts @ (fit.strength - truth))
    return float((off <= quantiles(0.975, degrees) * np.sqrt(variance)).mean())


# ---- decisions -----------------------------------------------------------------------------------


def equivalence(n: int) -> Callable[[np.random.Generator], dict[str, float]]:
    """Two models exactly at the margin: how often they are called equivalent."""

    def once(rng: np.random.Generator) -> dict[str, float]:
        at = margin_in_log_odds(0.05, NU[25])
        first = rng.integers(2, size=n)
        gap = np.where(first == 0, at, -at)
        votes = Comparisons(("0", "1"), first, 1 - first, outcomes(gap, NU[25], rng))
        fit = fit_davidson(votes)
        word = compare_two(fit, sandwich(fit, votes), "0", "1", margin=0.05).verdict
        return {"called equivalent": float(word == "equivalent")}

    return once


def board_equivalence(rng: np.random.Generator) -> dict[str, float]:
    """The best and the worst of a board of five, by rater and prompt, whose distance is the margin."""
    cell = Cell(25, "equal", "heavy", "real", 5)
    votes, truth = draw(cell, rng), population_fit(cell, "davidson")
    best, worst = (str(at(truth.strength)) for at in (np.argmax, np.argmin))
    odds = davidson_odds(np.ptp(truth.strength), np.log(truth.tie))
    fit = fit_davidson(votes)
    margin = float(odds.expected) - 0.5
    word = compare_two(fit, two_way_sandwich(fit, votes), best, worst, margin=margin).verdict
    return {"called equivalent": float(word == "equivalent")}


def equivalence_sizes(boards: int = 1_000_000, checked: int = 200) -> Iterator[str]:
    """Yield rows: how often two models exactly at the margin are called equivalent.

    With two models fit, standard error and margin have closed forms, so that a million boards take a
    second; the first ones are put to `compare_two` too, which must say the same.
    """
    nu, rng = NU[25], np.random.default_rng(5)
    half = np.exp(margin_in_log_odds(0.05, nu) / 2)
    chances = np.array([half, 1 / half, nu]) / (half + 1 / half + nu)
    yield "| votes | boards | called equivalent |"
    yield "|---|---|---|"
    for n in (500, 1000, 4000, 16_000):
        won, lost, tied = rng.multinomial(n, chances, size=boards).T.astype(float)
        gap, error = np.log(won / lost), np.sqrt(1 / won + 1 / lost)
        found_nu = tied / np.sqrt(won * lost)
        # The margin on the scale of log-odds: (u - 1/u) / (2 (u + 1/u + nu)) = 0.05, u = exp(d / 2).
        u = (0.1 * found_nu + np.sqrt((0.1 * found_nu) ** 2 + 4 * 0.9 * 1.1)) / (2 * 0.9)
        called = np.abs(gap) + quantile(0.95, np.inf) * error < 2 * np.log(u)
        for at in range(checked):
            wins, ties = np.array([[0, won[at]], [lost[at], 0]]), np.full((2, 2), tied[at])
            counts = Counts(("0", "1"), wins, ties * (1 - np.eye(2)))
            fit = fit_davidson(counts)
            word = compare_two(fit, sandwich(fit, counts), "0", "1", margin=0.05).verdict
            assert called[at] == (word == "equivalent"), (n, at, word)
        share = called.mean()
        yield f"| {n} | {boards} | {100 * share:.2f} ± {100 * called.std() / boards**0.5:.2f} % |"


def peeking(raters: str) -> Callable[[np.random.Generator], dict[str, float]]:
    """Two equals of a win rate of one half, looked at every 50 of 3000 votes."""

    def once(rng: np.random.Generator) -> dict[str, float]:
        n, r = 3000, RATERS[raters]
        activity = 1 + rng.pareto(1.5, r) if raters == "heavy" else np.ones(r)
        rater = rng.choice(r, n, p=activity / activity.sum())
        taste = 0.0 if raters == "independent" else 0.15
        lean = 0.5 + np.clip(rng.normal(0, taste, r), -0.45, 0.45)
        points = np.where(rng.random(n) < 0.25, 0.5, rng.random(n) < lean[rater])
        looks = np.arange(50, n + 1, 50)
        found = mean_sequence(points, rater, planned=2000, looks=looks)
        known = found.standard_error > 0
        z = np.abs(found.estimate - 0.5)[known] / found.standard_error[known]
        return {
            "ever ruled out": float(found.excludes(0.5)[-1]),
            "by ordinary intervals": float((z > 1.96).any()),
        }

    return once


def board_peeking(rng: np.random.Generator) -> dict[str, float]:
    """Two equals on a board of five, with raters' tastes and prompts, looked at every 50 votes."""
    cell = Cell(25, "equal", "heavy", "real", 5)
    votes = draw(cell, rng)
    truth = population(cell, "davidson")
    gap = truth[0] - truth[1]
    ever = naive = False
    for n in range(150, len(votes) + 1, 50):
        seen = votes.select(np.arange(n))
        fit = fit_davidson(seen)
        at = two_way_sandwich(fit, seen).spread(np.array([1.0, -1.0, 0.0, 0.0, 0.0]))
        estimate = float(fit.strength[0] - fit.strength[1])
        found = anytime_interval(
            estimate, at.standard_error, planned_error=0.25, degrees=at.degrees
        )
        ever |= not found.lower <= gap <= found.upper
        naive |= abs(estimate - gap) > 1.96 * at.standard_error
    return {"ever ruled out": float(ever), "by ordinary intervals": float(naive)}


PILOTS = {"difference in reach": 8, "equivalence in reach": 7}


def more_votes(pilot: int, times: float) -> Callable[[np.random.Generator], dict[str, float]]:
    """A pilot of 600 votes and so many times the votes it asked for: is there a verdict?"""

    def once(rng: np.random.Generator) -> dict[str, float]:
        counts, fit, asked = pilot_of(pilot)
        one, other = np.triu_indices(4, 1)
        drawn = rng.choice(6, round(asked * times))
        first, second = one[drawn], other[drawn]
        gap = fit.strength[first] - fit.strength[second]
        added = Counts.of(Comparisons(fit.items, first, second, outcomes(gap, fit.tie or 0.0, rng)))
        whole = Counts(fit.items, counts.wins + added.wins, counts.ties + added.ties)
        again = fit_davidson(whole)
        word = compare_two(again, sandwich(again, whole), "0", "1").verdict
        return {"settled": float(word != "unclear")}

    return once


@cache
def pilot_of(seed: int) -> tuple[Counts, Fit, int]:
    rng = np.random.default_rng(seed)
    first = rng.integers(4, size=600)
    second = (first + rng.integers(1, 4, size=600)) % 4
    strength = np.array([0.15 if seed == PILOTS["difference in reach"] else 0.0, 0.0, 0.1, -0.8])
    gap = strength[first] - strength[second]
    counts = Counts.of(Comparisons(tuple("0123"), first, second, outcomes(gap, NU[25], rng)))
    fit = fit_davidson(counts)
    found = compare_two(fit, sandwich(fit, counts), "0", "1", counts=counts)
    assert found.more_votes, (seed, found)
    return counts, fit, found.more_votes


DECISIONS: dict[str, Callable[[np.random.Generator], dict[str, float]]] = {
    **{f"equivalence at the margin, {n} votes": equivalence(n) for n in (500, 1000, 4000)},
    "equivalence at the margin, a board of 5 by rater and prompt": board_equivalence,
    **{f"looking every hour, raters {raters}": peeking(raters) for raters in RATERS},
    "looking every hour, a board of 5 by rater and prompt": board_peeking,
    **{
        f"votes asked for x {times:g}, {name}": more_votes(seed, times)
        for name, seed in PILOTS.items()
        for times in (2 / 3, 1, 1.5)
    },
}


# ---- chunks --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chunk:
    name: str
    number: int
    once: Callable[[np.random.Generator], dict[str, float]]

    def run(self) -> dict[str, object]:
        """Return sums and sums of squares over the chunk's boards, as they are stored."""
        seed = [self.number, *self.name.encode()]
        rng, begun = np.random.default_rng(seed), time.process_time()
        rows = [self.once(rng) for _ in range(CHUNK)]
        sums = {key: sum(row[key] for row in rows) for key in rows[0]}
        squares = {key: sum(row[key] ** 2 for row in rows) for key in rows[0]}
        return {
            "name": self.name,
            "chunk": self.number,
            "boards": CHUNK,
            "sum": sums,
            "squares": squares,
            "seconds": round(time.process_time() - begun, 2),
        }


def chunks(cells: list[Cell], rounds: int) -> Iterator[Chunk]:
    """Yield the first chunk of everything, then the second: whenever it stops, all are as far."""
    for number in range(rounds):
        for name, once in DECISIONS.items():
            yield Chunk(name, number, once)
        for cell in cells:
            yield Chunk(cell.name, number, lambda rng, cell=cell: covered(cell, rng))


def stored() -> list[dict]:
    return [
        json.loads(line)
        for path in sorted(STORE.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def run(work: list[Chunk], *, into: str, minutes: float) -> int:
    STORE.mkdir(parents=True, exist_ok=True)
    done = {(one["name"], one["chunk"]) for one in stored()}
    left = [chunk for chunk in work if (chunk.name, chunk.number) not in done]
    ends = time.monotonic() + 60 * minutes
    ran = 0
    with (STORE / f"{into}.jsonl").open("a", encoding="utf-8") as file:
        for chunk in left:
            if time.monotonic() > ends:
                break
            result = chunk.run()
            file.write(json.dumps(result) + "\n")
            file.flush()
            ran += 1
            print(f"{ran}/{len(left)} {chunk.name} {result['seconds']} s", file=sys.stderr)
    return ran


# ---- tables --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A share in per cent, its standard error, and the number of boards."""

    value: float
    error: float
    boards: int

    @property
    def fails(self) -> bool:
        """Whether it is outside what a nominal 95 % may be, by more than two standard errors."""
        low, high = self.value - 2 * self.error, self.value + 2 * self.error
        return high < LOWEST or low > HIGHEST


def shares(lines: list[dict]) -> dict[str, dict[str, Share]]:
    """Return by name and column what all chunks add up to."""
    totals: dict[str, dict[str, np.ndarray]] = {}
    for one in {(line["name"], line["chunk"]): line for line in lines}.values():
        for key in one["sum"]:
            entry = np.array([one["boards"], one["sum"][key], one["squares"][key]])
            columns = totals.setdefault(one["name"], {})
            columns[key] = columns.get(key, np.zeros(3)) + entry
    return {
        name: {key: _share(*entry) for key, entry in columns.items()}
        for name, columns in totals.items()
    }


def _share(n: float, total: float, squares: float) -> Share:
    mean = total / n
    deviation = np.sqrt(max(squares / n - mean**2, 0.0) / n)
    return Share(100 * mean, 100 * float(deviation), int(n))


COLUMNS = (
    "half two-way",
    "half two-way differences",
    "davidson two-way",
    "davidson two-way differences",
    "half iid",
)


def coverage_table(found: dict[str, dict[str, Share]]) -> Iterator[str]:
    yield "| models | ties | exposure | raters | prompt effects | boards | half-win, two-way | … differences | Davidson, two-way | … differences | half-win, iid |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for cell in CELLS:
        if cell.name not in found:
            yield f"| {_of(cell)} | not run | | | | | |"
            continue
        columns = found[cell.name]
        cells = [_shown(columns.get(key), judged="iid" not in key) for key in COLUMNS]
        yield f"| {_of(cell)} | {next(iter(columns.values())).boards} | " + " | ".join(cells) + " |"


def _of(cell: Cell) -> str:
    return f"{cell.models} | {cell.ties} % | {cell.exposure} | {cell.raters} | {cell.prompts}"


def _shown(share: Share | None, *, judged: bool) -> str:
    if share is None:
        return "–"
    text = f"{share.value:.1f} ± {share.error:.1f}"
    return f"**{text} fails**" if judged and share.fails else text


def decision_table(found: dict[str, dict[str, Share]]) -> Iterator[str]:
    yield "| what | boards | share |"
    yield "|---|---|---|"
    for name in DECISIONS:
        for key, share in found.get(name, {}).items():
            yield f"| {name}: {key} | {share.boards} | {share.value:.1f} ± {share.error:.1f} % |"


def summary(found: dict[str, dict[str, Share]]) -> dict[str, object]:
    judged = {
        f"{name} {key}": share
        for name, columns in found.items()
        if name not in DECISIONS
        for key, share in columns.items()
        if "iid" not in key
    }
    return {
        "bench": "coverage",
        "cells_run": sum(cell.name in found for cell in CELLS),
        "cells": len(CELLS),
        "fewest_boards": min((share.boards for share in judged.values()), default=0),
        "intervals_judged": len(judged),
        "failing": {
            key: [round(share.value, 1), share.boards]
            for key, share in judged.items()
            if share.fails
        },
        "decisions": {
            f"{name}: {key}": round(share.value, 1)
            for name in DECISIONS
            for key, share in found.get(name, {}).items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", metavar="K/N", help="the K-th of N parts of the whole grid")
    parser.add_argument("--models", type=int, choices=VOTES, help="only cells of so many models")
    parser.add_argument("--minutes", type=float, help="stop starting chunks after so long")
    parser.add_argument("--table", action="store_true", help="print what has been run, and stop")
    parser.add_argument("--equivalence", action="store_true", help="the size of that test alone")
    parser.add_argument("--only", metavar="NAME", help="only the decision of that name")
    chosen = parser.parse_args()
    if chosen.equivalence:
        print("\n".join(equivalence_sizes()))
        return
    if chosen.table:
        found = shares(stored())
        print("\n".join([*coverage_table(found), "", *decision_table(found)]))
    elif chosen.only:
        if chosen.only not in DECISIONS:
            parser.error(f"--only is one of: {'; '.join(DECISIONS)}")
        work = [one for one in chunks([], ROUNDS) if one.name == chosen.only]
        run(work, into="one-decision", minutes=chosen.minutes or 10_000)
        found = shares(stored())
    elif chosen.part or chosen.minutes or chosen.models:
        k, n = map(int, (chosen.part or "1/1").split("/"))
        if not 1 <= k <= n:
            parser.error("--part is K/N with K from 1 to N")
        cells = [cell for cell in CELLS if chosen.models in {None, cell.models}]
        work = list(chunks(cells, ROUNDS))[k - 1 :: n]
        run(work, into=f"part-{k}-of-{n}", minutes=chosen.minutes or 10_000)
        found = shares(stored())
    else:
        run(list(chunks(SUBSET, 2)), into="subset", minutes=6)
        found = shares(stored())
    print(json.dumps(summary(found)))


if __name__ == "__main__":
    main()
