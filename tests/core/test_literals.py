"""One pattern for many literal texts."""

import random
import re

import pytest

from core.identity.literals import any_of


@pytest.mark.parametrize("seed", range(20))
def test_finds_a_text_exactly_where_one_of_them_stands(seed: int) -> None:
    rng = random.Random(seed)

    def word(longest: int) -> str:
        return "".join(rng.choices("ab.é你", k=rng.randint(1, longest)))

    texts = {word(4) for _ in range(6)}
    found = re.compile(any_of(texts)).search
    for _ in range(300):
        place = word(12)
        assert (found(place) is not None) == any(one in place for one in texts)


def test_writes_a_common_beginning_once() -> None:
    assert any_of(["wie heisst", "wie ben", "von wem"]) == ("(?:von\\ wem|wie\\ (?:ben|heisst))")
