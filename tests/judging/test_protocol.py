"""Protocols: defaults, errors by field, what applies, and what a study will take."""

import json
from decimal import Decimal

import pytest

from core.errors import Invalid
from judging.protocol import (
    DEFAULT_CRITERIA,
    forfeit_of,
    parse_answers,
    parse_protocol,
    plan,
    treatment,
)

MODELS = ["a@1", "b@1", "c@2"]
GOOD = {"pool": {"slug": "pool", "version": 1}, "models": MODELS}


def columns(error) -> list[str]:
    return [one.column for one in error.value.errors]


def test_the_defaults_are_three_criteria_with_definition_guidance_and_source():
    protocol = parse_protocol(GOOD)
    assert [one.key for one in protocol.criteria] == ["helpfulness", "harmlessness", "truthfulness"]
    assert all(one.definition and one.guidance and one.source for one in DEFAULT_CRITERIA)
    assert protocol.primary_criterion == "helpfulness"
    assert protocol.weights == {"helpfulness": 1, "harmlessness": 1, "truthfulness": 1}
    assert (protocol.answers.refused, protocol.names_maker) == ("show", "exclude")
    assert (protocol.undo_seconds, protocol.equivalence_margin) == (60, 0.05)


def test_a_protocol_survives_json_with_its_digest():
    protocol = parse_protocol({**GOOD, "weights": {"helpfulness": 2.5}})
    stored = json.loads(json.dumps(protocol.as_dict()))
    assert parse_protocol(stored) == protocol
    assert parse_protocol(stored).digest() == protocol.digest()
    assert parse_protocol({**GOOD, "undo_seconds": 61}).digest() != protocol.digest()


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"pool": None}, "pool"),
        ({"pool": "pool"}, "pool"),
        ({"pool": {"slug": "p"}}, "pool.version"),
        ({"pool": {"slug": "p", "version": True}}, "pool.version"),
        ({"pool": {"slug": "p", "version": 1, "x": 1}}, "pool.x"),
        ({"models": ["a@1"]}, "models"),
        ({"models": "a@1"}, "models"),
        ({"models": ["a", "b@1"]}, "models.0"),
        ({"models": ["a@1", "a@1"]}, "models.1"),
        ({"models": [f"m{n}@1" for n in range(201)]}, "models"),
        ({"design": {"kind": "swiss"}}, "design.kind"),
        ({"design": {"kind": "baseline"}}, "design.baseline"),
        ({"design": {"kind": "baseline", "baseline": "z@1"}}, "design.baseline"),
        ({"design": {"kind": "all_pairs", "baseline": "a@1"}}, "design.baseline"),
        ({"design": {"kind": "chosen"}}, "design.pairs"),
        ({"design": {"kind": "chosen", "pairs": [["a@1", "a@1"]]}}, "design.pairs.0"),
        ({"design": {"kind": "chosen", "pairs": [["a@1", "z@1"]]}}, "design.pairs.0"),
        (
            {"design": {"kind": "chosen", "pairs": [["a@1", "b@1"], ["b@1", "a@1"]]}},
            "design.pairs.1",
        ),
        ({"design": {"pairs": [["a@1", "b@1"]]}}, "design.pairs"),
        ({"design": {"prompts_per_pair": 0}}, "design.prompts_per_pair"),
        ({"design": {"prompts_per_pair": "10"}}, "design.prompts_per_pair"),
        ({"criteria": []}, "criteria"),
        ({"criteria": "all"}, "criteria"),
        ({"criteria": [{"label": "x", "question": "x"}]}, "criteria.0.key"),
        ({"criteria": [{"key": "Q!", "label": "x", "question": "x"}]}, "criteria.0.key"),
        ({"criteria": [{"key": "q", "label": "x", "question": " "}]}, "criteria.0.question"),
        (
            {"criteria": [{"key": "q", "label": "x", "question": "x", "scale": "5"}]},
            "criteria.0.scale",
        ),
        (
            {"criteria": [{"key": "q", "label": "x", "question": "x", "labels": {"a": "x"}}]},
            "criteria.0.labels.a",
        ),
        ({"criteria": [{"key": "q", "label": "x", "question": "x"}] * 2}, "criteria.1.key"),
        ({"judgments_per_comparison": 0}, "judgments_per_comparison"),
        ({"judgments_per_comparison": "3"}, "judgments_per_comparison"),
        ({"judgments_per_comparison": True}, "judgments_per_comparison"),
        ({"judgments_per_comparison": 10**400}, "judgments_per_comparison"),
        ({"judgments_per_rater": 0}, "judgments_per_rater"),
        ({"primary_criterion": "beauty"}, "primary_criterion"),
        ({"equivalence_margin": 0.6}, "equivalence_margin"),
        ({"equivalence_margin": 10**400}, "equivalence_margin"),
        ({"equivalence_margin": float("nan")}, "equivalence_margin"),
        ({"weights": {"beauty": 1}}, "weights.beauty"),
        ({"weights": {"helpfulness": 0}}, "weights"),
        ({"weights": {"helpfulness": -1}}, "weights.helpfulness"),
        ({"guidelines": "a\u0000b"}, "guidelines"),
        ({"guidelines": "x" * 20_001}, "guidelines"),
        ({"answers": {"refused": "hide"}}, "answers.refused"),
        ({"answers": {"rude": "show"}}, "answers.rude"),
        ({"names_maker": "shout"}, "names_maker"),
        ({"undo_seconds": -1}, "undo_seconds"),
        ({"lease_minutes": 0}, "lease_minutes"),
        ({"method": {"model": "magic"}}, "method.model"),
        ({"method": {"level": 1}}, "method.level"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(changes, column):
    with pytest.raises(Invalid) as error:
        parse_protocol({**GOOD, **changes})
    assert column in columns(error)


@pytest.mark.parametrize("raw", [None, [], "x", 1])
def test_a_protocol_is_an_object(raw):
    with pytest.raises(Invalid):
        parse_protocol(raw)


def test_all_errors_are_told_at_once():
    with pytest.raises(Invalid) as error:
        parse_protocol({"undo_seconds": "x", "lease_minutes": "y"})
    assert columns(error) == ["undo_seconds", "lease_minutes", "pool", "models"]


def test_a_draft_may_miss_what_a_protocol_needs_but_not_be_wrong():
    assert parse_protocol({}, complete=False).models == ()
    assert parse_protocol({"design": {"kind": "baseline"}}, complete=False).pool is None
    with pytest.raises(Invalid):
        parse_protocol({"undo_seconds": "x"}, complete=False)


@pytest.mark.parametrize(
    ("design", "pairs"),
    [
        ({}, [("a@1", "b@1"), ("a@1", "c@2"), ("b@1", "c@2")]),
        ({"kind": "baseline", "baseline": "b@1"}, [("b@1", "a@1"), ("b@1", "c@2")]),
        ({"kind": "chosen", "pairs": [["c@2", "a@1"]]}, [("c@2", "a@1")]),
    ],
)
def test_the_design_says_who_meets(design, pairs):
    assert list(parse_protocol({**GOOD, "design": design}).pairs()) == pairs


def test_ten_models_and_five_thousand_prompts_take_675_000_judgments():
    raw = {**GOOD, "models": [f"m{n}@1" for n in range(10)], "pay_per_hour": 15}
    numbers = plan(parse_protocol(raw), prompts=5_000)
    assert (numbers.pairs, numbers.comparisons, numbers.judgments) == (45, 225_000, 675_000)
    assert numbers.rater_hours == 16_875
    assert numbers.cost == Decimal("253125.00")


def test_prompts_per_pair_limit_the_plan_but_never_beyond_the_pool():
    few = parse_protocol({**GOOD, "design": {"prompts_per_pair": 10}})
    assert plan(few, prompts=100).comparisons == 30
    assert plan(few, prompts=4).comparisons == 12


def test_only_the_criteria_that_apply_to_a_prompt_are_asked():
    protocol = parse_protocol(GOOD)
    assert [one.key for one in protocol.criteria_for(["truthfulness"])] == ["truthfulness"]
    assert len(protocol.criteria_for([])) == 3
    answers = parse_answers(protocol, ["truthfulness"], {"votes": {"truthfulness": 0}})
    assert answers.votes == (("truthfulness", 0),)
    with pytest.raises(Invalid) as error:
        parse_answers(protocol, ["truthfulness"], {"votes": {"truthfulness": 0, "helpfulness": 1}})
    assert columns(error) == ["votes.helpfulness"]


def test_the_digest_of_answers_ignores_the_order_of_keys_and_nothing_else():
    protocol = parse_protocol(GOOD)
    votes = {"helpfulness": 1, "harmlessness": "tie", "truthfulness": "cannot_judge"}
    one = parse_answers(protocol, [], {"votes": votes})
    same = parse_answers(protocol, [], {"comment": "", "votes": dict(reversed(votes.items()))})
    other = parse_answers(protocol, [], {"votes": votes, "comment": "Why."})
    assert one.digest() == same.digest() != other.digest()


def test_a_shown_answer_has_no_reason_and_a_maker_named_excludes_first():
    protocol = parse_protocol({**GOOD, "answers": {"refused": "forfeit", "empty": "exclude"}})
    assert treatment(protocol, outcome="answered", names_maker=False).action == "show"
    assert treatment(protocol, outcome="refused", names_maker=False).action == "forfeit"
    assert treatment(protocol, outcome="refused", names_maker=True).reason == "names_maker"
    assert treatment(protocol, outcome="empty", names_maker=True).reason == "empty"
    kept = parse_protocol({**GOOD, "names_maker": "keep"})
    assert treatment(kept, outcome="answered", names_maker=True).action == "show"
    with pytest.raises(Invalid):
        treatment(protocol, outcome="sang", names_maker=False)


def test_a_forfeit_is_the_same_on_either_side():
    protocol = parse_protocol({**GOOD, "answers": {"refused": "forfeit"}})
    shown = treatment(protocol, outcome="answered", names_maker=False)
    lost = treatment(protocol, outcome="refused", names_maker=False)
    assert [forfeit_of(lost, shown), forfeit_of(shown, lost)] == ["first", "second"]
    assert [forfeit_of(lost, lost), forfeit_of(shown, shown)] == ["both", ""]
