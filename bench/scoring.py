"""Times the scoring core, with its peers on the same votes in the same run.

    python3 run.py bench scoring            everything, a few minutes
    python3 run.py bench scoring --votes N  on fewer votes, for a quick look
    python3 run.py bench scoring --ours     ours alone, half a minute on an idle machine

The votes are drawn from a known model at the size of the largest public arena: 1.7 million among 129
models, a quarter of them ties, by 40,000 raters of heavy-tailed activity on 60,000 prompts. Rounds are
interleaved, ours and the peers in turn. The table on stderr gives the best and the median wall time and
the best processor time of each, in milliseconds; on a busy machine the processor time is the one to
compare. What is marked "extrapolated" was measured on less and multiplied. Peers that are not
installed are named. Stdout ends in one line of JSON; `ratios` are peer over ours, wall time over wall
time, best against best.
"""

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
# For ours and the peers alike: matrices this small are slower on two threads, and on a busy
# machine a hundred times so.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa

from ratings.scoring import (
    Comparisons,
    Counts,
    Fit,
    bootstrap,
    cluster_bootstrap,
    cluster_sandwich,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    intervals,
    sandwich,
    two_way_bootstrap,
    two_way_sandwich,
)
from ratings.scoring.kernels import VARIABLE
from ratings.scoring.kernels.warm import warm

ROOT = Path(__file__).parents[1]
TIES, DRAWS, ROUNDS = 0.7, 1000, 5
MODELS, VOTES, RATERS, PROMPTS = 129, 1_700_000, 40_000, 60_000
WORDS = {"model_a": 2, "tie": 1, "model_b": 0}
SHARE = 5  # of 1000 refits that a slow peer's bootstrap is measured on


class Work(NamedTuple):
    """Something to time: `times` is by how much to multiply what was run."""

    name: str
    run: Callable[[], object]
    rounds: int = ROUNDS
    times: float = 1.0


class Time(NamedTuple):
    best: float
    median: float
    processor: float
    extrapolated: bool

    @classmethod
    def of(cls, runs: list[tuple[float, float]], times: float) -> "Time":
        walls = [1000 * times * wall for wall, _ in runs]
        return cls(
            round(min(walls), 3),
            round(median(walls), 3),
            round(1000 * times * min(cpu for _, cpu in runs), 3),
            times != 1,
        )


def votes(models: int, n: int, raters: int, prompts: int) -> Comparisons:
    rng = np.random.default_rng(models)
    strength = rng.normal(0, 0.8, models)
    names = [f"model-{at:03}" for at in range(models)]
    return draw_comparisons(
        strength, n, rng=rng, nu=TIES, raters=raters, activity=1.5, prompts=prompts, items=names
    )


def texts(comparisons: Comparisons) -> dict[str, pa.Array]:
    """Return the votes as columns of strings."""
    words = pa.array(["model_b", "tie", "model_a"])
    names = pa.array(comparisons.items)

    def column(codes: np.ndarray, of: pa.Array) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes), of).cast(pa.string())

    return {
        "model_a": column(comparisons.first, names),
        "model_b": column(comparisons.second, names),
        "winner": column(comparisons.outcome, words),
    }


def fit_and_sandwich(comparisons: Comparisons) -> Fit:
    counts = Counts.of(comparisons)
    fit = fit_bradley_terry(counts)
    intervals(fit.strength, sandwich(fit, counts))
    return fit


def in_numpy(work: Callable[[], object]) -> Callable[[], object]:
    def run() -> object:
        os.environ[VARIABLE] = "numpy"
        try:
            return work()
        finally:
            os.environ[VARIABLE] = "numba"

    return run


def ours(data: Comparisons, columns: object) -> list[Work]:
    fit, counts = fit_bradley_terry(data), Counts.of(data)

    def seeded() -> np.random.Generator:
        return np.random.default_rng(1)

    def from_texts() -> Fit:
        table = columns
        read = Comparisons.from_labels(
            table["model_a"], table["model_b"], table["winner"], words=WORDS
        )
        return fit_and_sandwich(read)

    return [
        Work("ids: fit + sandwich", lambda: fit_and_sandwich(data), 20),
        Work("ids: fit + sandwich, NumPy", in_numpy(lambda: fit_and_sandwich(data)), 10),
        Work("texts: fit + sandwich", from_texts),
        Work("Davidson fit", lambda: fit_davidson(counts)),
        Work(f"{DRAWS} refits, votes", lambda: bootstrap(fit, counts, rng=seeded(), draws=DRAWS)),
        Work(
            f"{DRAWS} refits, raters",
            lambda: cluster_bootstrap(fit, data, rng=seeded(), draws=DRAWS),
        ),
        Work(
            f"{DRAWS} refits, raters x prompts",
            lambda: two_way_bootstrap(fit, data, rng=seeded(), draws=DRAWS),
            3,
        ),
        Work("by rater, CR3", lambda: cluster_sandwich(fit, data, data.rater)),
        Work("two-way, CR3", lambda: two_way_sandwich(fit, data)),
    ]


# ---- peers ---------------------------------------------------------------------------------------


def peers(data: Comparisons, columns: object, missing: list[str]) -> list[Work]:
    """Return the same half-win model by each peer that is installed, from the votes as it wants them."""
    found: list[Work] = []
    counts = Counts.of(data)
    for name, make in {
        "arena_rank": lambda _: _arena_rank(columns),
        "evalica": lambda module: _evalica(module, data),
        "choix": lambda module: [
            Work(
                "choix: ilsr on our counts",
                lambda: module.ilsr_pairwise_dense(counts.wins + counts.ties / 2),
                2,
            )
        ],
        "statsmodels": lambda _: _statsmodels(counts),
        "sklearn": lambda _: _sklearn(counts),
    }.items():
        try:
            found += make(importlib.import_module(name))
        except ImportError as error:
            missing.append(f"{name} ({error})")
    return found


def _arena_rank(columns: object) -> list[Work]:
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    def run() -> object:
        read = PairDataset.from_pandas(columns)
        model = BradleyTerry(n_competitors=len(read.competitors))
        return model.compute_ratings_and_cis(read)

    run()  # compiled once, so that it is measured warm
    return [Work("arena-rank: texts, fit + sandwich, warm", run, 3)]


def _evalica(module: object, data: Comparisons) -> list[Work]:
    winners = (module.Winner.Y, module.Winner.Draw, module.Winner.X)
    sides = [[data.items[i] for i in side] for side in (data.first, data.second)]
    outcome = [winners[one] for one in data.outcome]

    def run() -> object:
        return module.bradley_terry(*sides, outcome)

    return [
        Work("evalica: lists, fit alone", run, 2),
        Work(f"evalica: {DRAWS} refits", run, 1, DRAWS),
    ]


def _design(counts: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one row a pair: +1 and -1 of the models but the last; points; votes."""
    k = len(counts.items)
    one, other = np.nonzero(np.triu(counts.votes))
    design = np.zeros((len(one), k))
    design[np.arange(len(one)), one], design[np.arange(len(one)), other] = 1, -1
    points = (counts.wins + counts.ties / 2)[one, other]
    return design[:, :-1], points, counts.votes[one, other]


def _statsmodels(counts: Counts) -> list[Work]:
    import statsmodels.api as sm

    design, points, n = _design(counts)
    both = np.stack([points, n - points], axis=1)

    def run() -> object:
        return sm.GLM(both, design, family=sm.families.Binomial()).fit()

    return [Work("statsmodels: GLM on our counts", run, 2)]


def _sklearn(counts: Counts) -> list[Work]:
    from sklearn.linear_model import LogisticRegression

    design, points, n = _design(counts)
    twice = np.concatenate([design, design])
    won = np.repeat([1, 0], len(design))
    weight = np.concatenate([points, n - points])

    def run() -> object:
        model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8, max_iter=1000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(twice, won, sample_weight=weight)

    return [Work("scikit-learn: logistic on our counts", run, 2)]


def small_peers(data: Comparisons, missing: list[str]) -> list[Work]:
    """Return bootstraps of 20 models and 20,000 votes, a size that every peer can finish."""
    fit, counts = fit_bradley_terry(data), Counts.of(data)
    found = [
        Work(
            f"small: {DRAWS} refits, raters",
            lambda: cluster_bootstrap(fit, data, rng=np.random.default_rng(1), draws=DRAWS),
        ),
        Work(
            f"small: {DRAWS} refits, votes",
            lambda: bootstrap(fit, counts, rng=np.random.default_rng(1), draws=DRAWS),
        ),
    ]
    try:
        import arenakit
    except ImportError as error:
        missing.append(f"arenakit ({error})")
        return found
    words = ("b", "tie", "a")
    arena = arenakit.Arena(
        [
            arenakit.Battle(
                model_a=data.items[i],
                model_b=data.items[j],
                winner=words[y],
                item_id=str(p),
                voter_id=str(r),
            )
            for i, j, y, r, p in zip(
                data.first, data.second, data.outcome, data.rater, data.prompt, strict=True
            )
        ]
    )
    found.append(
        Work(
            f"small: arenakit, {DRAWS} refits, raters",
            lambda: arenakit.bootstrap(arena, n_resamples=SHARE, cluster="voter"),
            2,
            DRAWS / SHARE,
        )
    )
    return found


# ---- measuring -----------------------------------------------------------------------------------


def measured(works: list[Work]) -> dict[str, Time]:
    """Run every work in rounds, one after the other."""
    runs: dict[str, list[tuple[float, float]]] = {work.name: [] for work in works}
    for turn in range(max(work.rounds for work in works)):
        for work in works:
            if turn < work.rounds:
                wall, cpu = time.perf_counter(), processor_time()
                work.run()
                runs[work.name].append((time.perf_counter() - wall, processor_time() - cpu))
    found = {work.name: Time.of(runs[work.name], work.times) for work in works}
    for name, one in found.items():
        mark = "  extrapolated" if one.extrapolated else ""
        say(f"{name:<44}{one.best:>12.2f}{one.median:>12.2f}{one.processor:>12.2f}{mark}")
    return found


def processor_time() -> float:
    """Return the seconds of processor time of this process and of those it waited for."""
    spent = os.times()
    children = spent.children_user + spent.children_system
    return time.process_time() + children


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def peak_gib(path: Path) -> float:
    """Return what everything of ours needs above its imports, in a process of its own, in GiB."""
    done = subprocess.run(
        [sys.executable, "-P", __file__, "--memory", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def resident() -> int:
    """Return the most memory that this process has had, in KiB.

    Linux counts what the parent had before it started this one in `ru_maxrss`, but not in VmHWM.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def use_memory(path: str) -> None:
    os.environ[VARIABLE] = "numba"
    warm()
    before = resident()
    stored = np.load(path)
    columns = {name: stored[name] for name in ("first", "second", "outcome", "rater", "prompt")}
    data = Comparisons(items=tuple(map(str, range(int(columns["first"].max()) + 1))), **columns)
    fit = fit_and_sandwich(data)
    rng = np.random.default_rng(0)
    bootstrap(fit, data, rng=rng)
    cluster_bootstrap(fit, data, rng=rng)
    two_way_bootstrap(fit, data, rng=rng)
    two_way_sandwich(fit, data)
    after = resident()
    print((after - before) / (1 << 20))


def commands(folder: Path, data: Comparisons, columns: dict[str, pa.Array]) -> list[Work]:
    """Return `manage.py rank` on a file, the whole process."""
    from pyarrow import csv

    names = pa.array([f"r{at}" for at in range(int(data.rater.max()) + 1)])
    judge = pa.DictionaryArray.from_arrays(pa.array(data.rater), names).cast(pa.string())
    path = folder / "votes.csv"
    csv.write_csv(pa.table({**columns, "judge": judge}), path)

    def rank(*options: str) -> Callable[[], object]:
        command = [sys.executable, "manage.py", "rank", str(path), "--format", "json", *options]
        environment = {**os.environ, VARIABLE: "auto", "PYTHONPATH": str(ROOT)}
        # Warm means that Python has kept the modules it compiled, which it does unless told not to.
        environment["PYTHONDONTWRITEBYTECODE"] = ""
        return lambda: subprocess.run(
            command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )

    return [
        Work("manage.py rank, sandwich", rank("--intervals", "sandwich"), 3),
        Work("manage.py rank, raters resampled", rank("--intervals", "cluster-bootstrap"), 3),
        Work("manage.py rank, by rater", rank("--intervals", "cluster"), 2),
    ]


def agreement(data: Comparisons) -> dict[str, float]:
    """Return the largest difference from the peers' optimum of the same likelihood, in log-odds."""
    strength = fit_bradley_terry(data).strength
    found = {}
    try:
        import evalica

        winners = (evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)
        sides = [[data.items[i] for i in side] for side in (data.first, data.second)]
        outcome = [winners[one] for one in data.outcome]
        scores = evalica.bradley_terry(*sides, outcome, tolerance=1e-12, limit=100_000).scores
        logs = np.log([scores[item] for item in data.items])
        found["evalica"] = float(np.abs(strength - (logs - logs.mean())).max())
    except ImportError:
        pass
    try:
        import choix

        counts = Counts.of(data)
        logs = choix.ilsr_pairwise_dense(counts.wins + counts.ties / 2, tol=1e-12)
        found["choix"] = float(np.abs(strength - (logs - logs.mean())).max())
    except ImportError:
        pass
    try:
        import statsmodels.api as sm

        design, points, n = _design(Counts.of(data))
        both = np.stack([points, n - points], axis=1)
        model = sm.GLM(both, design, family=sm.families.Binomial())
        logs = np.append(model.fit(tol=1e-14, tol_criterion="params").params, 0.0)
        found["statsmodels"] = float(np.abs(strength - (logs - logs.mean())).max())
    except ImportError:
        pass
    return found


def ratio(times: dict[str, Time], peer: str, own: str) -> float | None:
    return round(times[peer].best / times[own].best, 1) if peer in times else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--votes", type=int, default=VOTES)
    parser.add_argument("--ours", action="store_true", help="without the peers and the command")
    parser.add_argument("--memory", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        use_memory(options.memory)
        return
    os.environ[VARIABLE] = "numba"
    warm()
    data = votes(MODELS, options.votes, RATERS, PROMPTS)
    columns: object = texts(data)
    missing: list[str] = []
    table = columns
    try:
        import pandas as pd

        table = pd.DataFrame({name: column.to_pandas() for name, column in columns.items()})
    except ImportError:
        missing.append("pandas (columns of Arrow were read instead)")
    say(f"{MODELS} models, {options.votes:,} votes; milliseconds")
    say(f"{'':<44}{'best':>12}{'median':>12}{'processor':>12}")
    others = [] if options.ours else peers(data, table, missing)
    times = measured([*ours(data, table), *others])
    if options.ours:
        print(
            json.dumps({"bench": "scoring", "ms": {n: one._asdict() for n, one in times.items()}})
        )
        return
    small = votes(20, 20_000, 400, 300)
    times |= measured(small_peers(small, missing))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.npz"
        names = ("first", "second", "outcome", "rater", "prompt")
        np.savez(path, **{name: getattr(data, name) for name in names})
        peak = peak_gib(path)
        say(f"{'peak memory above imports':<44}{peak:>12.3f} GiB")
        times |= measured(commands(Path(folder), data, columns))
    for one in missing:
        say(f"not installed: {one}")
    result = {
        "bench": "scoring",
        "models": MODELS,
        "votes": options.votes,
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "ms": {name: one._asdict() for name, one in times.items()},
        "ratios": {
            "arena_rank_texts": ratio(
                times, "arena-rank: texts, fit + sandwich, warm", "texts: fit + sandwich"
            ),
            "evalica_refits": ratio(times, f"evalica: {DRAWS} refits", f"{DRAWS} refits, votes"),
            "arenakit_refits_small": ratio(
                times, f"small: arenakit, {DRAWS} refits, raters", f"small: {DRAWS} refits, raters"
            ),
        },
        "peak_gib": round(peak, 3),
        "agreement": agreement(small),
        "missing": missing,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
