"""What names its maker is masked, sentence by sentence, and nothing else is touched."""

import itertools

import pytest

from core.identity import mask_maker, names_maker
from tests.core.identity_texts import positives

CASES = [
    (
        "Hello. I am Claude, made by Anthropic. Two and two is four.",
        "Hello. [hidden] Two and two is four.",
    ),
    ("- Red\n- As an AI developed by OpenAI, I cannot.\n- Blue", "- Red\n- [hidden]\n- Blue"),
    ("Paris.", "Paris."),
    ("Sure! I was created\nby OpenAI to help.\nParis.", "Sure! [hidden]\nParis."),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_only_what_tells_is_masked(text, shown):
    assert mask_maker(text) == shown


def test_names_of_the_study_are_masked_too():
    assert mask_maker("I am Zarquon-7. Yes.", ["Zarquon-7"]) == "[hidden] Yes."
    assert mask_maker("I am Zarquon-7. Yes.") == "I am Zarquon-7. Yes."


def test_of_every_text_that_tells_only_the_telling_part_is_lost():
    before, after = "Two and two is four.\n\n", "\n\nParis is in France."
    texts = [one.text for one in itertools.islice(positives(), 0, None, 7)]
    found = [text for text in texts if names_maker(before + text + after)]
    shown = [mask_maker(before + text + after) for text in found]
    assert len(found) > 0.9 * len(texts)
    assert [one for one in shown if names_maker(one)] == []
    whole = [one for one in shown if not (one.startswith(before) and one.endswith(after))]
    assert whole == []
