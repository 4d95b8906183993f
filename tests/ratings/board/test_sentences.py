"""What a board keeps in English is said in the language in use, however it was put together."""

import numpy as np
import pytest

from core import words
from ratings.board.fits import choose_cluster
from ratings.board.sentences import in_words
from ratings.scoring import Counts, NotEstimable
from ratings.scoring.diagnostics import require_estimable, require_tie_parameter
from tests.ratings.boards import board_input, round_robin


@pytest.fixture(autouse=True)
def brackets(monkeypatch):
    monkeypatch.setattr(words._in_use, "one", lambda text: f"⟦{text}⟧")


def test_each_sentence_of_a_note_is_translated_and_keeps_its_numbers():
    ballots = board_input({"helpfulness": round_robin(raters=4, prompts=5)}).ballots["helpfulness"]
    note = choose_cluster([ballots]).note
    assert "Fragile: " in note
    said = in_words(f"{note} More of the uncertainty comes from the raters than from the prompts.")
    assert said.count("⟦") == said.count("⟧") == 3
    assert said.replace("⟦", "").replace("⟧", "").startswith(note)


def test_a_reason_within_a_sentence_is_translated_too():
    said = in_words("There is no interval: the votes do not vary, so there is no interval.")
    assert said == ("⟦There is no interval: ⟦the votes do not vary, so there is no interval⟧.⟧")


def counts(wins, ties):
    return Counts(("ant", "bee"), np.array(wins), np.array(ties))


@pytest.mark.parametrize(
    ("check", "wins", "ties"),
    [
        (require_estimable, [[0, 0], [0, 0]], [[0, 0], [0, 0]]),
        (require_tie_parameter, [[0, 0], [0, 0]], [[0, 3], [3, 0]]),
        (require_tie_parameter, [[0, 2], [0, 0]], [[0, 3], [3, 0]]),
    ],
)
def test_what_the_core_says_as_a_sentence_is_translated(check, wins, ties):
    with pytest.raises(NotEstimable) as caught:
        check(counts(wins, ties))
    cause = str(caught.value)
    said = in_words(f"{cause[:1].upper()}{cause[1:]}.")
    assert said.startswith("⟦")
    assert in_words(cause).replace("⟦", "").replace("⟧", "") == cause


def test_what_is_not_known_stays_as_it_is():
    assert in_words("Something new. And more.") == "Something new. And more."
