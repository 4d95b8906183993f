"""The hot loops: compiled by Numba where that pays, else NumPy, with the same numbers to 1e-12.

`PREFERENDUM_KERNELS` chooses: `auto` (the default), `numba` or `numpy`. Importing Numba costs about
a second, so `auto` does it only where the loops would take longer without.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TypeVar

from ratings.scoring.kernels import plain

VARIABLE = "PREFERENDUM_KERNELS"
MODES = ("auto", "numba", "numpy")
WORTH = 1.0  # seconds that compiled loops must save to be worth loading
MOST_THREADS = 8

_loaded: list[ModuleType] = []
Work = TypeVar("Work")
Result = TypeVar("Result")


def engine(*, saves: float = 0.0) -> ModuleType:
    """Return the module of loops to use: `compiled` or `plain`, which hold the same functions.

    `saves` is a rough guess at how many seconds the compiled ones would save over NumPy.
    """
    mode = os.environ.get(VARIABLE, "auto")
    if mode not in MODES:
        raise ValueError(f"{VARIABLE} is {mode!r}; it is one of {', '.join(MODES)}")
    if mode == "numpy":
        return plain
    if not _loaded and (mode == "numba" or saves > WORTH):
        try:
            from ratings.scoring.kernels import compiled
        except ImportError:
            _loaded.append(plain)
        else:
            _loaded.append(compiled)
    return _loaded[0] if _loaded else plain


def side_by_side(work: Callable[[Work], Result], items: Iterable[Work]) -> list[Result]:
    """Return `work` of every item, in order, on as many threads as there are processors.

    The compiled loops let go of the interpreter's lock. Which thread does what changes no number.
    """
    every = list(items)
    threads = min(len(every), os.cpu_count() or 1, MOST_THREADS)
    if threads < 2:  # noqa: PLR2004 - one thread is no pool
        return [work(one) for one in every]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, every))
