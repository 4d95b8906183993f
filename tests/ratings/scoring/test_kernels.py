"""Compiled loops and NumPy: the same numbers, whichever is there."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson

from ratings.scoring import (
    Comparisons,
    bootstrap,
    cluster_bootstrap,
    cluster_sandwich,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    online_elo,
    two_way_bootstrap,
    two_way_sandwich,
)
from ratings.scoring.kernels import VARIABLE, compiled, engine, plain, side_by_side
from ratings.scoring.poisson import alias_tables, plan

ROOT = Path(__file__).parents[3]
STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
FITS = pytest.mark.parametrize("fit", [fit_bradley_terry, fit_davidson])


def votes(seed: int = 1, n: int = 3000) -> Comparisons:
    rng = np.random.default_rng(seed)
    return draw_comparisons(
        STRENGTH, n, rng=rng, nu=0.7, raters=60, prompts=40, activity=1.3, taste=0.4
    )


@pytest.fixture
def both(monkeypatch):
    """Run the same thing with NumPy and with Numba."""

    def run(work):
        found = []
        for mode in ("numpy", "numba"):
            monkeypatch.setenv(VARIABLE, mode)
            found.append(work())
        return found

    return run


@FITS
def test_fits_agree(both, fit):
    slow, fast = both(lambda: fit(votes()))
    assert fast.strength == pytest.approx(slow.strength, abs=1e-12)
    assert fast.inverse == pytest.approx(slow.inverse, abs=1e-12)
    assert fast.log_likelihood == pytest.approx(slow.log_likelihood, rel=1e-12)


@FITS
@pytest.mark.parametrize("correction", ["CR1", "CR3"])
def test_clustered_covariances_agree(both, fit, correction):
    data = votes()
    found = fit(data)
    for slow, fast in zip(
        *both(
            lambda: [
                cluster_sandwich(found, data, data.rater, correction=correction).matrix,
                two_way_sandwich(found, data, correction=correction).matrix,
            ]
        ),
        strict=True,
    ):
        assert fast == pytest.approx(slow, abs=1e-12)


@FITS
@pytest.mark.parametrize("kind", [bootstrap, cluster_bootstrap, two_way_bootstrap])
def test_resamples_are_the_same_and_so_are_their_refits(both, fit, kind):
    data = votes()
    found = fit(data)
    slow, fast = both(lambda: kind(found, data, rng=np.random.default_rng(5), draws=50).draws)
    assert fast == pytest.approx(slow, abs=1e-12)
    assert slow.shape == (50, 5)


@pytest.mark.parametrize("loops", [plain, compiled])
def test_votes_alone_in_their_cell_are_those_whose_pair_of_codes_occurs_once(loops):
    one = np.array([0, 0, 1, 2, 0, 2], dtype=np.int32)
    other = np.array([1, 3, 1, 0, 1, 1], dtype=np.int32)
    alone = [False, True, True, True, False, True]
    assert loops.alone(one, other, 3, 4).tolist() == alone


def test_a_cluster_that_dominates_is_solved_the_same(both):
    data = votes(n=400)
    mostly_one = np.where(np.arange(400) < 320, 0, data.rater + 1)
    fit = fit_bradley_terry(data)
    slow, fast = both(lambda: cluster_sandwich(fit, data, mostly_one).matrix)
    assert fast == pytest.approx(slow, rel=1e-9)


def test_elo_agrees(both):
    slow, fast = both(lambda: online_elo(votes()))
    assert fast == pytest.approx(slow, abs=1e-9)


@pytest.mark.parametrize("loops", [plain, compiled])
def test_the_order_is_a_stable_sort(loops):
    codes = np.random.default_rng(0).integers(7, size=500).astype(np.int32)
    codes[codes == 3] = 4
    order, start = loops.order(codes, 7)
    assert np.array_equal(order, np.argsort(codes, kind="stable"))
    assert np.array_equal(np.diff(start), np.bincount(codes, minlength=7))


@pytest.mark.parametrize("mean", [1, 5, 127, 128, 200, 5000])
def test_drawn_counts_are_poisson(mean):
    copies = 1250
    cell, table, tables = plan(np.array([float(mean)] * copies + [0.0]))
    slow, fast = (
        loops.poisson_cells(np.random.SFC64(mean), cell, table, tables, copies + 1)
        for loops in (plain, compiled)
    )
    assert np.array_equal(slow, fast)
    assert slow.shape == (copies + 1, plain.LANES)
    drawn = slow[:copies].ravel()
    assert drawn.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / drawn.size))
    assert drawn.var() == pytest.approx(mean, rel=0.06)
    assert not slow[copies].any()


@pytest.mark.parametrize("mean", [1, 3, 127, 1024])
def test_a_table_holds_the_distribution_to_32_bits(mean):
    (start,), (shift,), (lowest,), entries = alias_tables([mean])
    room = 1 << int(shift)
    found = dict.fromkeys(range(4 * mean + 60), 0)
    for place, entry in enumerate(entries[start:].tolist()):
        other, cut = entry >> 32, entry & 0xFFFFFFFF
        found[int(lowest) + place] += cut
        found[other] += room - cut
    assert sum(found.values()) == 2**32
    for value, share in found.items():
        assert share == pytest.approx(2**32 * poisson.pmf(value, mean), abs=1.001)


def test_the_weights_of_clusters_are_poisson_with_mean_1():
    tables = alias_tables([1])
    slow, fast = (loops.weights(np.random.SFC64(3), tables, 6000) for loops in (plain, compiled))
    assert np.array_equal(slow, fast)
    share = np.bincount(slow.ravel(), minlength=3)[:3] / slow.size
    assert share == pytest.approx(np.exp(-1) / np.array([1, 1, 2]), abs=0.005)
    assert slow.mean() == pytest.approx(1.0, abs=0.01)


def test_no_weight_is_larger_than_sums_of_bytes_are_made_for():
    entries = alias_tables([1]).entries.tolist()
    drawn = {place for place, entry in enumerate(entries) if entry & 0xFFFFFFFF}
    assert max(drawn | {entry >> 32 for entry in entries}) <= compiled.LARGEST


def test_the_bootstraps_by_cluster_agree_with_the_sandwich_by_cluster():
    data = draw_comparisons(
        STRENGTH, 8000, rng=np.random.default_rng(2), nu=0.7, raters=300, prompts=250,
        taste=0.6, prompt_effect=0.8,
    )  # fmt: skip
    fit = fit_davidson(data)
    rng = np.random.default_rng(0)
    ratio = (
        cluster_bootstrap(fit, data, rng=rng).standard_error
        / cluster_sandwich(fit, data, data.rater).standard_error
    )
    assert ratio == pytest.approx(np.ones(5), abs=0.12)
    wider = (
        two_way_bootstrap(fit, data, rng=rng).standard_error
        / two_way_sandwich(fit, data).standard_error
    )
    assert (wider > 0.95).all()
    assert (wider < 1.5).all()


def test_small_work_never_loads_numba():
    code = (
        "import sys, numpy as np\n"
        "from ratings.scoring import *\n"
        "v = draw_comparisons(np.array([.5, 0, -.5]), 2000, rng=np.random.default_rng(0), raters=30,"
        " prompts=20)\n"
        "two_way_sandwich(fit_davidson(v), v)\n"
        "print('numba' in sys.modules)\n"
    )
    environment = {**os.environ, VARIABLE: "auto"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert done.stdout.split() == [b"False"]


def test_an_unknown_mode_is_refused(monkeypatch):
    monkeypatch.setenv(VARIABLE, "fortran")
    with pytest.raises(ValueError, match="auto, numba, numpy"):
        engine()


def test_a_cache_that_cannot_be_written_is_read(tmp_path, monkeypatch):
    # As in an image whose tree is read-only: the loops load and nothing is written.
    from numba.core import caching

    def refuse(locator):
        raise OSError("read-only")

    monkeypatch.setattr(caching.UserProvidedCacheLocator, "ensure_cache_path", refuse)
    monkeypatch.setattr(compiled._Readable, "get_cache_path", lambda locator: str(tmp_path))
    locator = compiled._Readable(compiled._count.py_func, compiled.__file__)
    locator.ensure_cache_path()
    monkeypatch.setattr(compiled._Readable, "get_cache_path", lambda locator: str(tmp_path / "no"))
    with pytest.raises(OSError, match="read-only"):
        locator.ensure_cache_path()


def test_a_new_type_in_a_read_only_cache_is_compiled_and_not_kept(monkeypatch):
    from numba.core import caching

    def refuse(*args):
        raise OSError("read-only")

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", refuse)
    codes = np.array([1, 0, 1], dtype=np.int16)  # no other caller has this type
    assert compiled.order(codes, 2)[0].tolist() == [1, 0, 2]


def test_work_is_returned_in_its_order():
    assert side_by_side(lambda one: one * 2, range(20)) == list(range(0, 40, 2))
