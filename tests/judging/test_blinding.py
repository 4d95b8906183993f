"""Sides: balanced, never sure, repeatable from the seed; and a type that cannot name a model."""

import random
from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

import pytest

from judging import blinding
from judging.blinding import (
    Lean,
    Progress,
    Side,
    commitment,
    draw_side,
    swap_probability,
    without_edges,
)


@pytest.mark.parametrize(
    ("lean", "probability"),
    [((0, 0, 0), 0.5), ((1, 0, 0), 0.2), ((-1, 0, 0), 0.8), ((1, -1, 1), 0.2), ((9, -9, -1), 0.8)],
)
def test_the_rarer_side_is_likelier_and_never_sure(lean, probability):
    assert swap_probability(Lean(*lean)) == pytest.approx(probability)


def test_a_draw_repeats_from_the_seed_and_its_name_alone():
    lean = Lean(0, 0, 0)
    draws = [draw_side(seed="s", label=f"side {n}", lean=lean) for n in range(400)]
    assert draws == [draw_side(seed="s", label=f"side {n}", lean=lean) for n in range(400)]
    assert draws != [draw_side(seed="t", label=f"side {n}", lean=lean) for n in range(400)]
    assert 160 < sum(one.swapped for one in draws) < 240


def test_the_commitment_is_the_sha256_of_the_seed():
    assert commitment("abc").startswith("ba7816bf8f01cfea")


def test_sides_are_balanced_for_raters_pairs_and_prompts_at_once():
    """10 models, 100 prompts, 50 raters of 60 judgments: far tighter than a fair coin."""
    draw, leans = random.Random(5), (Counter(), Counter(), Counter())
    for number in range(50 * 60):
        keys = (number % 50, tuple(sorted(draw.sample(range(10), 2))), draw.randrange(100))
        lean = Lean(*(counter[key] for counter, key in zip(leans, keys, strict=True)))
        side = draw_side(seed="secret", label=str(number), lean=lean)
        for counter, key in zip(leans, keys, strict=True):
            counter[key] += 1 if side.swapped else -1
    shares = [
        sum(abs(value) <= most for value in counter.values()) / len(counter)
        for counter, most in zip(leans, (4, 4, 6), strict=True)
    ]
    assert min(shares) >= 0.93


def blinded(*, swapped: bool):
    return blinding.present(
        token="t",
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
        messages=[{"role": "user", "content": "?", "name": "secret"}],
        first=Side("one", ("one",)),
        second=Side("two", ("two",)),
        swapped=swapped,
        criteria=(),
        progress=Progress(0, 1),
    )


def test_swapping_exchanges_the_sides_and_nothing_else():
    straight, swapped = blinded(swapped=False), blinded(swapped=True)
    assert (straight.a.text, straight.b.text) == ("one", "two")
    assert (swapped.a, swapped.b) == (straight.b, straight.a)
    assert straight.messages == ({"role": "user", "content": "?"},)


def test_nothing_a_rater_sees_has_a_field_for_a_model():
    names, waiting = set(), [blinding.BlindedAssignment, Side, blinding.BlindedCriterion, Progress]
    for kind in waiting:
        assert is_dataclass(kind)
        assert kind.__dataclass_params__.frozen
        names |= {one.name for one in fields(kind)}
    assert names == {
        *("token", "expires_at", "messages", "a", "b", "criteria", "progress", "risk_tags"),
        *("text", "turns", "key", "label", "question", "scale", "choices", "done", "target"),
    }


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (" The answer.", "The answer."),
        ("\n\nThe answer.\n", "The answer."),
        ("The\r\nanswer.\r\n \u00a0", "The\nanswer."),
        ("\n    code()\n", "    code()"),
        ("\tcode()", "\tcode()"),
        ("   - a\n   - b", "- a\n   - b"),
        (" \n ", ""),
    ],
)
def test_what_stands_around_an_answer_is_not_shown(written, shown):
    assert without_edges(written) == shown
