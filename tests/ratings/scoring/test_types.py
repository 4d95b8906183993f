import numpy as np
import pytest

from ratings.scoring import Comparisons, Counts, UnknownOutcome, labels, to_rating
from tests.ratings.scoring.votes import wins


def test_labels_become_sorted_items_and_canonical_outcomes():
    votes = Comparisons.from_labels(
        ["b", "a", "c"], ["a", "c", "b"], ["first", "tie", "second"], rater=["r", "s", "r"]
    )
    assert votes.items == ("a", "b", "c")
    assert votes.first.tolist() == [1, 0, 2]
    assert votes.outcome.tolist() == [2, 1, 0]
    assert votes.rater.tolist() == [0, 1, 0]
    assert (votes.first.dtype, votes.outcome.dtype) == (np.int32, np.int8)


@pytest.mark.parametrize("label", ["Tie", "model_a", "", "invalid", " first"])
def test_an_unknown_outcome_raises_and_is_never_a_tie(label):
    with pytest.raises(UnknownOutcome, match="none of"):
        Comparisons.from_labels(["a"], ["b"], [label])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": [3]}, "outcome 3"),
        ({"outcome": [-1]}, "outcome -1"),
        ({"outcome": [0.5]}, "must hold integers"),
        ({"outcome": [258]}, "must hold integers"),
        ({"first": [1]}, "with itself"),
        ({"first": [2]}, "outside items"),
        ({"first": [-1]}, "counted from 0"),
        ({"first": [0, 0]}, "same length"),
        ({"first": [[0]]}, "vector"),
        ({"rater": [-1]}, "counted from 0"),
        ({"items": ("a", "a")}, "distinct"),
    ],
)
def test_arrays_that_make_no_sense_are_refused(change, message):
    fields = {"items": ("a", "b"), "first": [0], "second": [1], "outcome": [2]}
    with pytest.raises(ValueError, match=message):
        Comparisons(**(fields | change))


def test_a_name_outside_the_items_is_refused():
    with pytest.raises(ValueError, match="'c' is not one of the items"):
        Comparisons.from_labels(["a"], ["c"], ["tie"], items=("a", "b"))


def test_the_arrays_cannot_be_changed_behind_a_fit():
    votes = wins("ab", "ab")
    with pytest.raises(ValueError, match="read-only"):
        votes.outcome[0] = 0


def test_counts_are_in_the_frame_of_the_items_whatever_the_side():
    counts = Counts.of(wins("ab", "ab", "ba", "ab", "b=a"))
    assert counts.wins.tolist() == [[0, 2], [1, 0]]
    assert counts.ties.tolist() == [[0, 1], [1, 0]]
    assert (counts.n, counts.per_item.tolist()) == (4, [4, 4])


def test_ten_to_one_is_four_hundred_points():
    assert to_rating(np.log(np.array([1.0, 10.0]))).tolist() == pytest.approx([1000, 1400])


@pytest.mark.parametrize("many", [labels.MANY, 1000], ids=["whole", "in halves"])
def test_columns_of_arrow_and_long_lists_are_read_as_short_lists_are(monkeypatch, many):
    import pyarrow as pa

    monkeypatch.setattr(labels, "MANY", many)
    rng = np.random.default_rng(0)
    names = ["ant", "bee", "cow"]
    first = [names[at] for at in rng.integers(3, size=20_000)]
    second = [names[(names.index(one) + 1) % 3] for one in first]
    outcome = [["first", "tie", "second"][at] for at in rng.integers(3, size=20_000)]
    rater = [f"r{at}" for at in rng.integers(50, size=20_000)]
    whole = Comparisons.from_labels(first, second, outcome, rater=rater)
    arrow = Comparisons.from_labels(
        pa.chunked_array([first[:7], first[7:]]), pa.array(second), pa.array(outcome),
        rater=pa.array(rater),
    )  # fmt: skip
    short = Comparisons.from_labels(first[:500], second[:500], outcome[:500], rater=rater[:500])
    for name in ("first", "second", "outcome", "rater"):
        assert np.array_equal(getattr(whole, name), getattr(arrow, name))
        assert np.array_equal(getattr(whole, name)[:500], getattr(short, name))
    assert whole.items == ("ant", "bee", "cow")
    assert [whole.items[at] for at in whole.first[:50]] == first[:50]


def test_other_words_for_outcomes_are_taken_only_where_they_are_named():
    words = {"model_a": 2, "tie": 1, "model_b": 0}
    votes = Comparisons.from_labels(["a", "b"], ["b", "a"], ["model_a", "tie"], words=words)
    assert votes.outcome.tolist() == [2, 1]
    with pytest.raises(UnknownOutcome, match="'first' is none of 'model_a', 'tie', 'model_b'"):
        Comparisons.from_labels(["a"], ["b"], ["first"], words=words)
