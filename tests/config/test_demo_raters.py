"""Simulated raters grade what they are shown, and only that."""

import random

import pytest

from config.demo.endpoint import complete, read_lines
from config.demo.raters import SimulatedRater, quality_of_text

SCALES = {"helpfulness": "graded7", "harmlessness": "four_way", "truthfulness": "graded7"}


def texts(model: str) -> list[str]:
    return [one["turns"][-1] for one in read_lines("answers.jsonl") if one["model"] == model]


def test_prefers_the_truthful_model_from_either_side():
    rater = SimulatedRater(random.Random(1))
    good, bad = texts("harbor-large"), texts("quillon-7")
    shown_a = [rater.votes(a, b, SCALES)["truthfulness"] for a, b in zip(good, bad, strict=True)]
    shown_b = [rater.votes(b, a, SCALES)["truthfulness"] for a, b in zip(good, bad, strict=True)]
    assert sum(vote for vote in shown_a if vote != "cannot_judge") < -80
    assert sum(vote for vote in shown_b if vote != "cannot_judge") > 80


def test_gives_values_of_the_scale_it_is_asked_for():
    rater = SimulatedRater(random.Random(2))
    pairs = zip(texts("harbor-mini"), texts("quillon-7"), strict=True)
    seen = {key: set() for key in SCALES}
    for a, b in pairs:
        for key, value in rater.votes(a, b, SCALES).items():
            seen[key].add(value)
    assert seen["helpfulness"] <= {*range(-3, 4), "cannot_judge"}
    assert seen["harmlessness"] <= {"a", "b", "tie", "both_bad", "cannot_judge"}


def test_refuses_to_grade_what_was_not_written_for_the_demo():
    with pytest.raises(KeyError):
        SimulatedRater(random.Random(3)).votes("who knows", "not I", SCALES)
    assert len(quality_of_text()) == 316


def test_the_endpoint_says_so_when_it_knows_no_answer():
    body = {"model": "harbor-mini", "messages": [{"role": "user", "content": "2 + 2?"}]}
    assert "demo" in complete(body)["choices"][0]["message"]["content"]
