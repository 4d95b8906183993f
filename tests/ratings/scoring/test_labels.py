"""Columns of names become codes, in the order in which names are met, whichever way is taken."""

import numpy as np
import pyarrow as pa
import pytest

from ratings.scoring.kernels import VARIABLE
from ratings.scoring.labels import LONG, MANY, encode

NAMES = [
    "", "a", "b", "ab", "sevenxx", "eight888", "nine99999", "sixteen-letters!", "seventeen-letters",
    "one that is longer than two words of eight bytes", "one that is longer than two words of eight",
    "LLaMA-2-Chat (70B)", "LLaMA-2-Chat (7B)", "模型", "модель", "a\x00", "a\x00\x00",
]  # fmt: skip


def column(n: int, names=NAMES, seed: int = 0) -> list[str]:
    return [names[at] for at in np.random.default_rng(seed).integers(len(names), size=n)]


def by_hand(labels: list[str]) -> tuple[list[str], list[int]]:
    position: dict[str, int] = {}
    codes = [position.setdefault(label, len(position)) for label in labels]
    return list(position), codes


@pytest.fixture(params=["numpy", "numba"], autouse=True)
def mode(request, monkeypatch):
    monkeypatch.setenv(VARIABLE, request.param)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("n", [LONG - 1, LONG, LONG + 3, MANY + 2])
def test_texts_of_any_length(kind, n):
    labels = column(n)
    names, codes = encode(pa.array(labels, type=kind))
    assert (names, codes.tolist()) == by_hand(labels)
    assert codes.dtype == np.int32


@pytest.mark.parametrize("ending", ["", "x", "eight888", "a text of more than sixteen bytes"])
def test_the_last_texts_of_the_bytes(ending):
    labels = [*column(LONG), *[ending] * 30]
    names, codes = encode(pa.array(labels))
    assert (names, codes.tolist()) == by_hand(labels)


def test_a_slice_of_a_column():
    labels = column(LONG + 500)
    names, codes = encode(pa.array(labels)[77:-100])
    assert (names, codes.tolist()) == by_hand(labels[77:-100])


def test_more_names_than_the_table_of_texts_has_room_for():
    labels = column(LONG, names=[f"rater-{at}" for at in range(5000)])
    names, codes = encode(pa.array(labels))
    assert (names, codes.tolist()) == by_hand(labels)


def test_only_empty_texts():
    names, codes = encode(pa.array([""] * LONG))
    assert (names, codes.tolist()) == ([""], [0] * LONG)
