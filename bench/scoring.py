"""Times the scoring core, with choix and evalica on the same votes in the same run.

Human lines go to stderr; stdout ends in one line of JSON. Times are the best of several runs, in
milliseconds of wall time; `ratios` are peer over ours on the same data.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# For ours and the peers alike: matrices this small are slower on two threads, and on a busy
# machine a hundred times so.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import choix
import evalica
import numpy as np

from ratings.scoring import (
    Comparisons,
    Counts,
    bootstrap,
    cluster_sandwich,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    intervals,
    sandwich,
)

TIES = 0.7
WINNERS = (evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)


def best(work: Callable[[], object], runs: int = 5) -> float:
    """Return the best wall time of some runs, in milliseconds."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return min(times)


def say(what: str, milliseconds: float) -> None:
    print(f"{what:<58}{milliseconds:>10.2f} ms", file=sys.stderr)


def votes(models: int, n: int, raters: int) -> Comparisons:
    rng = np.random.default_rng(models)
    strength = rng.normal(0, 0.8, models)
    return draw_comparisons(strength, n, rng=rng, nu=TIES, raters=raters, activity=1.5)


def fit_and_sandwich(comparisons: Comparisons) -> object:
    counts = Counts.of(comparisons)
    fit = fit_bradley_terry(counts)
    return intervals(fit.strength, sandwich(fit, counts))


def own(name: str, comparisons: Comparisons, resamples: int) -> dict[str, float]:
    counts = Counts.of(comparisons)
    fit = fit_bradley_terry(counts)
    works: dict[str, tuple[Callable[[], object], int]] = {
        "count": (lambda: Counts.of(comparisons), 5),
        "fit": (lambda: fit_bradley_terry(counts), 5),
        "fit_and_sandwich_from_ids": (lambda: fit_and_sandwich(comparisons), 5),
        "davidson": (lambda: fit_davidson(counts), 5),
        "cluster_sandwich": (lambda: cluster_sandwich(fit, comparisons, comparisons.rater), 3),
        f"bootstrap_{resamples}": (
            lambda: bootstrap(fit, counts, rng=np.random.default_rng(1), draws=resamples),
            1,
        ),
    }
    found = {what: round(best(work, runs), 3) for what, (work, runs) in works.items()}
    for what, milliseconds in found.items():
        say(f"{name}: {what}", milliseconds)
    return found


def peers(comparisons: Comparisons) -> dict[str, dict[str, float]]:
    """Fit the same half-win model by each program from the votes as it wants them."""
    names = [
        [comparisons.items[i] for i in side] for side in (comparisons.first, comparisons.second)
    ]
    winners = [WINNERS[outcome] for outcome in comparisons.outcome]

    def ours_from_labels() -> object:
        words = ("second", "tie", "first")
        labels = [words[outcome] for outcome in comparisons.outcome]
        return fit_bradley_terry(Comparisons.from_labels(*names, labels))

    def by_choix() -> object:
        counts = Counts.of(comparisons)
        return choix.ilsr_pairwise_dense(counts.wins + counts.ties / 2)

    times = {
        "ours_from_ids": best(lambda: fit_bradley_terry(comparisons)),
        "ours_from_labels": best(ours_from_labels),
        "choix_ilsr_on_our_counts": best(by_choix),
        "evalica_from_labels": best(lambda: evalica.bradley_terry(*names, winners)),
    }
    for what, milliseconds in times.items():
        say(f"20 models, 20,000 votes: {what}", milliseconds)
    scores = evalica.bradley_terry(*names, winners, tolerance=1e-12, limit=100_000).scores
    logs = np.log([scores[item] for item in comparisons.items])
    apart = np.abs(fit_bradley_terry(comparisons).strength - (logs - logs.mean())).max()
    return {
        "ms": {what: round(milliseconds, 3) for what, milliseconds in times.items()},
        "ratios": {
            "choix": round(times["choix_ilsr_on_our_counts"] / times["ours_from_ids"], 2),
            "evalica": round(times["evalica_from_labels"] / times["ours_from_labels"], 2),
        },
        "agreement": {"largest_difference_from_evalica": float(apart)},
    }


def main() -> None:
    small, large = votes(20, 20_000, 400), votes(129, 1_700_000, 40_000)
    result = {
        "bench": "scoring",
        "small_20x20k": own("20 models, 20,000 votes", small, 1000),
        "large_129x1.7m": own("129 models, 1,700,000 votes", large, 100),
        "peers_20x20k": peers(small),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
