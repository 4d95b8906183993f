"""Attacks on a board: who is found, who is flagged wrongly, and how far the ratings move.

Studies of 200 raters x 60 judgments over 10 models, in which a twentieth of the raters attack in one of
17 ways, with the detectors' default rule (1 % of false alarms), gold and repeats. Shifts are those of
the model that moves most, in Elo points, against the board of the honest raters alone: with everybody,
and without whom the detectors flag. Account: the largest shift of any model by any single rater, with
everybody, and by any that was not flagged (kept).

    python bench/rigging.py               5 studies of each kind
    python bench/rigging.py --seeds 20    more of them

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

from bench._rigging import KINDS, Kind, world
from ratings.quality import rater_reports
from ratings.scoring import POINTS_PER_LOGIT, Comparisons, fit_davidson, to_rating
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
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
