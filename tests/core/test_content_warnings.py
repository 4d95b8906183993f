"""Tags of prompts as people read them."""

import pytest

from core.content_warnings import WORDS, warning_words, warnings_in_words


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("self_harm", "Self-harm"),
        ("self-harm", "Self-harm"),
        ("Self Harm", "Self-harm"),
        ("self-harm/intent", "Self-harm: the wish for it"),
        ("non_violent_crimes", "Crime without violence"),
        ("made_up_tag", "made up tag"),
        ("S11", "S11"),
        ("köln_50%", "köln 50%"),
        ("_", "_"),
        ("自傷", "自傷"),
    ],
)
def test_a_tag_is_read_in_words(tag, words):
    assert warning_words(tag) == words


def test_what_says_the_same_is_said_once():
    assert warnings_in_words(["hate", "hate_speech", "war"]) == [
        "Hatred of groups of people",
        "War",
    ]


def test_every_tag_that_has_words_can_be_found():
    assert all(warning_words(tag) == words for tag, words in WORDS.items())
