"""The keys by which prompts are compared."""

import random
import unicodedata

import pytest

from prompts.readers.notices import exact_key, letters_of, near_key

PIECES = (
    "A b",
    "a  B!",
    "ＡB",
    "a_b",
    "Café",
    "Cafe\u0301",
    "你好",
    "你好。",
    "!",
    "?",
    "",
    "ﬁ",
    "K",
    "\u212a",
    "ß",
    "\t",
    "12",
)


@pytest.mark.parametrize("seed", range(5))
def test_prompts_that_share_a_key_share_their_letters(seed: int) -> None:
    rng = random.Random(seed)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 3))) for _ in range(400)]
    prompts = [[{"role": "user", "content": one}] for one in texts]
    for key in (exact_key, near_key):
        letters: dict[str, set[bytes]] = {}
        for one in prompts:
            letters.setdefault(key(one), set()).add(letters_of(one))
        assert len(letters) < len(set(texts))
        assert all(len(each) == 1 for each in letters.values())


def test_prompts_with_other_letters_or_digits_are_told_apart() -> None:
    def letters(text: str) -> bytes:
        return letters_of([{"role": "user", "content": text}])

    assert letters("Size 10?") == letters("ｓｉｚｅ-10")
    assert len({letters(one) for one in ("a1", "a2", "b1", unicodedata.normalize("NFD", "é"))}) == 4
