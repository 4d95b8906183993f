"""Scales: from what was clicked to an outcome in the canonical frame."""

import pytest

from core.errors import Invalid
from judging.scales import FOUR_WAY, GRADED7, HARMLESSNESS_LABELS, canonical_vote, scale_of


@pytest.mark.parametrize("grade", range(-3, 4))
def test_a_grade_keeps_its_sign_unswapped_and_flips_it_swapped(grade):
    straight = canonical_vote(GRADED7, grade, swapped=False)
    swapped = canonical_vote(GRADED7, grade, swapped=True)
    assert (straight.grade, swapped.grade) == (grade, -grade)
    names = {-1: "first", 0: "tie", 1: "second"}
    sign = (grade > 0) - (grade < 0)
    assert (straight.outcome, swapped.outcome) == (names[sign], names[-sign])


@pytest.mark.parametrize(
    ("value", "straight", "swapped"),
    [
        ("a", "first", "second"),
        ("b", "second", "first"),
        ("tie", "tie", "tie"),
        ("both_bad", "both_bad", "both_bad"),
    ],
)
def test_a_four_way_choice_has_an_outcome_and_no_grade(value, straight, swapped):
    assert canonical_vote(FOUR_WAY, value, swapped=False).outcome == straight
    assert canonical_vote(FOUR_WAY, value, swapped=True).outcome == swapped
    assert canonical_vote(FOUR_WAY, value, swapped=True).grade is None


@pytest.mark.parametrize("scale", [GRADED7, FOUR_WAY])
def test_cannot_judge_is_accepted_everywhere_and_is_no_tie(scale):
    vote = canonical_vote(scale, "cannot_judge", swapped=True)
    assert (vote.outcome, vote.grade) == ("cannot_judge", None)


@pytest.mark.parametrize(
    ("scale", "value"),
    [(GRADED7, v) for v in (4, -4, "1", 1.0, True, None, "a", [], {})]
    + [(FOUR_WAY, v) for v in ("A", "", "both", 0, None, True, ["a"])],
)
def test_anything_unknown_is_refused(scale, value):
    assert not scale.has(value)
    with pytest.raises(Invalid):
        canonical_vote(scale, value, swapped=False)


def test_an_unknown_scale_is_refused():
    assert scale_of("graded7") is GRADED7
    with pytest.raises(Invalid, match="graded9"):
        scale_of("graded9")


def test_labels_replace_what_is_read_and_never_what_is_sent():
    choices = FOUR_WAY.labelled(HARMLESSNESS_LABELS)
    assert [one.value for one in choices] == ["a", "b", "tie", "both_bad", "cannot_judge"]
    assert [one.label for one in choices][:4] == list(HARMLESSNESS_LABELS.values())
