"""Attacks on a board: who is found, who is flagged wrongly, and how far the ratings move.

Studies of 200 raters x 60 judgments over 10 models, in which a twentieth of the raters attack in one of
17 ways, with the detectors' default rule (1 % of false alarms), gold and repeats. Shifts are those of
the model that moves most, in Elo points, against the board of the honest raters alone: with everybody,
and without whom the detectors flag. Account: the largest shift of any model by any single rater, with
everybody, and by any that was not flagged (kept).

    python bench/rigging.py               5 studies of each kind
    python bench/rigging.py --seeds 20    more of them
    python bench/rigging.py --honest      nobody attacks: how many each check flags, and of minorities;
                                          with --only NAME … in these studies alone
    python bench/rigging.py --bound       what no check can undercut: the best test, told who the target is

Human lines go to stderr; stdout ends in one line of JSON.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from bench._rigging import (
    HONEST,
    KINDS,
    MINORITIES,
    MODELS,
    NOISE,
    SLOPE,
    STRENGTH,
    TARGET,
    TASTE,
    TIES,
    Kind,
    honest_world,
    world,
)
from ratings.quality import CHECKS, RaterVotes, rater_reports
from ratings.scoring import (
    POINTS_PER_LOGIT,
    Comparisons,
    Counts,
    fit_bradley_terry,
    fit_davidson,
    to_rating,
)
from ratings.scoring.clusters import leave_out_influence

RATERS, ATTACKERS, EACH = 200, 10, 60


def ratings_of(votes: Comparisons, kept: np.ndarray) -> np.ndarray:
    return to_rating(fit_davidson(votes.select(kept)).strength)


def moves_of_each(votes: Comparisons) -> np.ndarray:
    """Return (raters,) how far each one's votes move the model they move most, in Elo points."""
    fit = fit_davidson(votes)
    moves = leave_out_influence(fit, votes, votes.rater.astype(np.int64), RATERS)
    return np.abs(moves).max(axis=1) * POINTS_PER_LOGIT


def one_study(seed: int, kind: Kind | None, attackers: int = ATTACKERS) -> dict[str, float]:
    votes = world(seed, kind, raters=RATERS, attackers=attackers, each=EACH)
    rater = votes.comparisons.rater
    flagged = [one.rater for one in rater_reports(votes) if one.flags]
    moves = moves_of_each(votes.comparisons)
    bad = np.arange(RATERS) >= RATERS - (attackers if kind else 0)
    found = np.isin(np.arange(RATERS), flagged)
    everybody = np.ones(len(rater), dtype=bool)
    truth = ratings_of(votes.comparisons, ~bad[rater])
    raw = ratings_of(votes.comparisons, everybody) - truth
    kept = ratings_of(votes.comparisons, ~found[rater]) - truth
    return {
        "found": float(found[bad].mean()) if bad.any() else float("nan"),
        "wrongly": float(found[~bad].mean()),
        "raw": float(np.abs(raw).max()),
        "after": float(np.abs(kept).max()),
        "account": float(moves.max()),
        "account_kept": float(moves[~found].max()),
    }


# ---- nobody attacks ---------------------------------------------------------------------------------


def honest_study(votes: RaterVotes, members: int) -> dict[str, float]:
    """Return the shares of raters that are flagged: of the last so many, of all others, by each check.

    `campaign`: whether there seems to be one.
    """
    reports = rater_reports(votes)
    flagged = np.array([bool(one.flags) for one in reports])
    few = max(votes.comparisons.rater) + 1 - members
    member = np.array([one.rater >= few for one in reports])
    return {
        "others": float(flagged[~member].mean()),
        "minority": float(flagged[member].mean()) if member.any() else float("nan"),
        "campaign": float(any(one.campaign for one in reports)),
        **{name: float(np.mean([name in one.flags for one in reports])) for name in CHECKS},
    }


def tell_honest(seeds: int, only: list[str]) -> None:
    table = {}
    say(
        f"{'who':28} {'others':>7} {'theirs':>7} {'campaign':>8} "
        + " ".join(f"{one:>9}" for one in CHECKS)
    )
    for name in [name for name in (*HONEST, *MINORITIES) if not only or name in only]:
        runs = []
        for seed in range(1_000, 1_000 + seeds):
            if name in HONEST:
                runs.append(honest_study(honest_world(seed, HONEST[name]), 0))
            else:
                few = MINORITIES[name]
                votes = world(seed, raters=RATERS, each=EACH, minority=few)
                runs.append(honest_study(votes, int(few.share * RATERS)))
        table[name] = row = {key: float(np.mean([one[key] for one in runs])) for key in runs[0]}
        row["error"] = float(np.std([one["others"] for one in runs]) / np.sqrt(seeds))
        each = " ".join(f"{row[one]:9.4f}" for one in CHECKS)
        say(
            f"{name:28} {row['others']:7.4f} {row['minority']:7.3f} {row['campaign']:8.3f} {each}"
            f"  +-{row['error']:.4f}"
        )
    told = {name: {key: round(one, 5) for key, one in row.items()} for name, row in table.items()}
    print(json.dumps({"bench": "rigging", "seeds": seeds, "honest": told}))


# ---- what no check can undercut ---------------------------------------------------------------------

DRAWN = 20_000  # raters of each kind
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


def bounds() -> dict[str, dict[str, float]]:
    """Return for each share of faithful votes what the most powerful test of one rater leaves of it.

    By Neyman and Pearson no test of a rater's votes finds more attackers at the same false alarms than
    the ratio of the two likelihoods. This one is told the target, the direction, the share of votes
    given to it, all strengths and how honest tastes are spread, and spends all false alarms on it.
    """
    per_point = elo_a_point()
    found = {}
    for faithful in (1.0, 0.95, 0.7, 0.5):
        rng = np.random.default_rng(5)
        honest, _ = evidence_of(rng, faithful, attacks=False)
        attack, points = evidence_of(rng, faithful, attacks=True)
        missed = attack <= np.quantile(honest, 0.99)
        found[f"{faithful:.0%} of its comparisons"] = {
            "power": float(1 - missed.mean()),
            "shift": float(ATTACKERS * points.mean() * per_point),
            "shift_left": float(ATTACKERS * (points * missed).mean() * per_point),
            "account": float(np.quantile(points, 0.995) * per_point),
            "account_left": float(np.quantile(points[missed], 0.995) * per_point)
            if missed.any()
            else 0.0,
        }
    return found


def elo_a_point() -> float:
    """Return by how many Elo points one point beyond what was expected moves the target: linear."""
    votes = world(1_000, None, raters=RATERS, each=EACH).comparisons
    fit = fit_davidson(votes)
    moves = leave_out_influence(fit, votes, votes.rater.astype(np.int64), RATERS)[:, TARGET]
    expected = fit_bradley_terry(Counts.of(votes)).expected
    gap = votes.outcome / 2 - expected[votes.first, votes.second]
    signed = np.where(votes.first == TARGET, gap, np.where(votes.second == TARGET, -gap, 0))
    points = np.bincount(votes.rater, signed, minlength=RATERS)
    return float(moves @ points / (points @ points)) * POINTS_PER_LOGIT


def evidence_of(
    rng: np.random.Generator, faithful: float, *, attacks: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Draw raters; return (raters,) the log-likelihood ratios, and points beyond what was expected."""
    met = np.arange(EACH) < rng.binomial(EACH, 2 / MODELS, size=DRAWN)[:, None]
    others = np.delete(np.arange(MODELS), TARGET)
    opponent = others[rng.integers(len(others), size=met.shape)]
    gap = STRENGTH[TARGET] - STRENGTH[opponent]
    spread = rng.normal(0, np.hypot(TASTE, NOISE), size=met.shape)
    liking = rng.normal(0, TASTE, size=(DRAWN, 1))
    win = 1 / (1 + np.exp(-SLOPE * (gap + spread + liking)))
    outcome = np.where(rng.random(met.shape) < TIES, 1, np.where(rng.random(met.shape) < win, 2, 0))
    if attacks:
        outcome = np.where(rng.random(met.shape) < faithful, 2, outcome)
    # What is not the liking of the target flattens the curve: the logistic is nearly a normal's.
    flat = SLOPE / np.sqrt(1 + (SLOPE * np.hypot(TASTE, NOISE)) ** 2 / 1.7**2)
    each = [outcome_chance(flat * (gap + TASTE * node), outcome) for node in NODES]
    fair = np.stack([np.where(met, np.log(one), 0).sum(axis=1) for one in each])
    rigged = np.stack(
        [
            np.where(met, np.log(faithful * (outcome == 2) + (1 - faithful) * one + 1e-9), 0).sum(
                axis=1
            )
            for one in each
        ]
    )
    weights = np.log(WEIGHTS / WEIGHTS.sum())[:, None]
    ratio = np.logaddexp.reduce(rigged + weights) - np.logaddexp.reduce(fair + weights)
    expected = TIES / 2 + (1 - TIES) / (1 + np.exp(-flat * gap))
    return ratio, np.where(met, outcome / 2 - expected, 0).sum(axis=1)


def outcome_chance(lead: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    decided = (1 - TIES) / (1 + np.exp((1 - outcome) * lead))
    return np.where(outcome == 1, TIES, decided)


def tell_bounds() -> None:
    table = bounds()
    say(
        f"{'votes for its target in':28} {'power':>6} {'shift':>6} {'left':>6} {'account':>8} {'left':>6}"
    )
    for name, row in table.items():
        say(
            f"{name:28} {row['power']:6.2f} {row['shift']:6.1f} {row['shift_left']:6.1f}"
            f" {row['account']:8.2f} {row['account_left']:6.2f}"
        )
    told = {name: {key: round(one, 4) for key, one in row.items()} for name, row in table.items()}
    print(json.dumps({"bench": "rigging", "bound": told}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--honest", action="store_true")
    parser.add_argument("--only", nargs="+", default=[], choices=[*HONEST, *MINORITIES])
    parser.add_argument("--bound", action="store_true")
    options = parser.parse_args()
    if options.bound:
        tell_bounds()
        return
    if options.honest:
        tell_honest(options.seeds, options.only)
        return
    began = time.process_time()
    table: dict[str, dict[str, float]] = {}
    say(
        f"{'attack':24} {'found':>6} {'wrongly':>8} {'raw':>6} {'after':>6} {'account':>8} {'kept':>6}"
    )
    for name, kind in (("nobody", None), *KINDS.items()):
        runs = [one_study(1_000 + seed, kind) for seed in range(options.seeds)]
        row = {key: float(np.mean([one[key] for one in runs])) for key in runs[0]}
        for key in ("account", "account_kept"):
            row[key] = max(one[key] for one in runs)
        table[name] = row
        say(
            f"{name:24} {row['found']:6.2f} {row['wrongly']:8.3f} {row['raw']:6.1f}"
            f" {row['after']:6.1f} {row['account']:8.2f} {row['account_kept']:6.2f}"
        )
    print(
        json.dumps(
            {
                "bench": "rigging",
                "raters": RATERS,
                "judgments": EACH,
                "attackers": ATTACKERS,
                "seeds": options.seeds,
                "cpu_seconds": round(time.process_time() - began, 1),
                "table": {
                    name: {key: round(value, 4) for key, value in row.items()}
                    for name, row in table.items()
                },
            }
        )
    )


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
