"""Boards with codes instead of models: the same numbers, and nothing that tells who is who."""

import json

import pytest

from ratings.board import build_board, compare
from ratings.board.codes import coded_board, codes_for
from tests.ratings.boards import board_input, round_robin

LABELS = ("ant", "bee", "cow", "dog")


@pytest.fixture
def board():
    votes = {key: round_robin(seed, models=LABELS) for seed, key in enumerate(("help", "truth"))}
    return build_board(board_input(votes), seed=0)


def test_codes_depend_on_the_secret_and_on_nothing_else():
    codes = codes_for(LABELS, secret="s")
    assert codes == codes_for(reversed(LABELS), secret="s")
    assert sorted(codes.values()) == ["model-1", "model-2", "model-3", "model-4"]
    assert any(codes_for(LABELS, secret=f"s{at}") != codes for at in range(9))


@pytest.mark.parametrize("secret", ["s", "t", "u", "v"])
def test_no_label_or_name_is_left_anywhere(board, secret):
    text = json.dumps(coded_board(board, codes_for(LABELS, secret=secret))).lower()
    assert not [label for label in LABELS if f'"{label}"' in text]


@pytest.mark.parametrize("secret", ["s", "t", "u", "v"])
def test_every_pair_compares_as_it_did(board, secret):
    codes = codes_for(LABELS, secret=secret)
    coded = coded_board(board, codes)
    for a in LABELS:
        for b in set(LABELS) - {a}:
            found = compare(coded, codes[a], codes[b])["criteria"]
            for one, other in zip(found, compare(board, a, b)["criteria"], strict=True):
                assert one["met"] == other["met"]
                assert one["difference"] == pytest.approx(other["difference"])


def test_lists_in_the_order_of_labels_are_put_in_that_of_codes(board):
    coded = coded_board(board, codes_for(LABELS, secret="t"))
    assert [one["model"] for one in coded["models"]] == [f"model-{at}" for at in range(1, 5)]
    for part in (*coded["criteria"], coded["composite"]):
        assert part["ranked"] == sorted(part["ranked"])
    met = [(one["a"], one["b"]) for one in coded["criteria"][0]["head_to_head"]]
    assert met == sorted(met)


def test_names_within_a_reason_are_replaced_as_whole_words(board):
    board["criteria"][0]["reasons"] = ["ant and important-ant never met."]
    codes = codes_for(LABELS, secret="s")
    reason = coded_board(board, codes)["criteria"][0]["reasons"][0]
    assert reason == f"{codes['ant']} and important-ant never met."


def test_a_model_called_as_a_field_or_a_value_of_the_board_changes_neither():
    """A label is a slug that anybody may choose: alpha is a coefficient, rater a way to cluster."""
    labels = ("alpha", "rater", "rows", "help", "model-1")
    votes = {key: round_robin(seed, models=labels) for seed, key in enumerate(("help", "truth"))}
    board = build_board(board_input(votes), seed=0)
    codes = codes_for(labels, secret="s")
    coded = coded_board(board, codes)
    for part, plain in zip(coded["criteria"], board["criteria"], strict=True):
        assert (part["key"], set(part)) == (plain["key"], set(plain))
        assert part["agreement"] == plain["agreement"]
        assert [one["by"] for one in part["sides"]] == [one["by"] for one in plain["sides"]]
        assert [one["model"] for one in part["rows"]] == [
            codes[one["model"]] for one in plain["rows"]
        ]
    assert coded["composite"]["weights"] == board["composite"]["weights"]


def test_a_model_called_as_the_code_of_another_is_replaced_once(board):
    board["criteria"][0]["reasons"] = ["Never compared: model-2 | ant."]
    codes = {"model-2": "model-1", "ant": "model-2", "bee": "model-3", "cow": "model-4"}
    reason = coded_board(board, codes | {"dog": "model-5"})["criteria"][0]["reasons"][0]
    assert reason == "Never compared: model-1 | model-2."
