"""Data that do not determine the numbers are refused, with the groups named."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.scoring import (
    NotEstimable,
    connected_components,
    fit_bradley_terry,
    fit_davidson,
    separated_components,
)
from ratings.scoring.types import Counts
from tests.ratings.scoring.votes import wins

FITS = pytest.mark.parametrize("fit", [fit_bradley_terry, fit_davidson])


@FITS
def test_items_never_compared_are_named_in_their_groups(fit):
    with pytest.raises(NotEstimable, match="never compared") as caught:
        fit(wins("abcde", "ab", "ba", "cd", "dc", "de", "ed"))
    assert caught.value.components == (("c", "d", "e"), ("a", "b"))


@FITS
def test_an_item_without_votes_is_a_group_of_its_own(fit):
    with pytest.raises(NotEstimable) as caught:
        fit(wins("abc", "ab", "ba"))
    assert caught.value.components == (("a", "b"), ("c",))


@FITS
def test_a_side_that_always_wins_is_named_first(fit):
    with pytest.raises(NotEstimable, match="won every vote") as caught:
        fit(wins("abcd", "ab", "ba", "cd", "dc", "ac", "bd"))
    assert caught.value.components == (("a", "b"), ("c", "d"))


@FITS
def test_a_single_vote_and_no_vote_are_not_estimable(fit):
    with pytest.raises(NotEstimable, match="won every vote"):
        fit(wins("ab", "ab"))
    with pytest.raises(NotEstimable, match="no votes"):
        fit(wins("ab", "ab").select([]))


def test_a_tie_scores_for_both_so_half_wins_can_be_fitted():
    fit = fit_bradley_terry(wins("ab", "ab", "a=b"))
    assert fit.strength[0] > 0


def test_davidson_needs_a_win_against_the_order_which_half_wins_do_not():
    with pytest.raises(NotEstimable, match="tie parameter") as caught:
        fit_davidson(wins("ab", "ab", "a=b"))
    assert caught.value.components == (("a",), ("b",))
    with pytest.raises(NotEstimable, match="tie parameter") as caught:
        fit_davidson(wins("abc", "ab", "bc", "a=b", "b=c"))
    assert caught.value.components == (("a",), ("b",), ("c",))


def test_davidson_is_fitted_as_soon_as_a_cycle_has_more_wins_than_ties():
    fit = fit_davidson(wins("ab", "ab", "ba", "ab", "a=b"))
    assert fit.tie > 0
    assert fit.gradient_per_vote <= 1e-12
    # Two wins down and one tie back: more wins than ties around the cycle.
    assert fit_davidson(wins("abc", "ab", "bc", "a=c", "ba", "cb")).tie > 0


def test_davidson_cannot_be_fitted_to_ties_alone_and_half_wins_call_it_even():
    with pytest.raises(NotEstimable, match="every vote is a tie"):
        fit_davidson(wins("ab", "a=b"))
    assert fit_bradley_terry(wins("ab", "a=b")).strength.tolist() == [0, 0]


def test_long_listings_are_cut():
    items = [chr(ord("a") + i) for i in range(20)]
    with pytest.raises(NotEstimable, match="and 4 more groups") as caught:
        fit_bradley_terry(wins(items, *(items[i] + items[i + 1] for i in range(0, 20, 2))))
    assert len(caught.value.components) == 10


def test_sound_data_is_one_group():
    counts = Counts.of(wins("abc", "ab", "bc", "ca"))
    assert connected_components(counts) == [("a", "b", "c")]
    assert separated_components(counts) == [("a", "b", "c")]


@given(st.lists(st.sampled_from(["ab", "ba", "bc", "cb", "ca", "ac", "a=b", "b=c", "c=a"])))
@settings(max_examples=300, deadline=None)
def test_small_data_is_either_fitted_to_the_tolerance_or_refused(pairs):
    for fit in (fit_bradley_terry, fit_davidson):
        with suppress(NotEstimable):
            assert fit(wins("abc", *pairs)).gradient_per_vote <= 1e-12
