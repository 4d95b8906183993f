"""Pair weights from votes: what each rule sets, what the draw then does, and what is refused."""

import pytest
from django.core.management import CommandError, call_command

from core.errors import Conflict, Invalid
from judging.models import ModelPair, Study
from judging.services.pairs import set_pair_weights
from ratings.services.steering import RULES, steer_study
from tests.ratings.studies import build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged():
    built = build_study(models=("ant", "bee", "cow", "dog"), prompts=8)
    judge_at_random(built, make_raters(14), each=10)
    return built


def stored(study) -> dict[tuple[str, str], float]:
    pairs = ModelPair.objects.filter(study=study).select_related("first_model", "second_model")
    return {(one.first_model.slug, one.second_model.slug): one.weight for one in pairs}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_every_pair_a_weight_of_mean_one(judged, rule):
    found = steer_study(study=judged.study, rule=rule)
    assert found.rule == rule
    kept = stored(judged.study)
    assert kept == pytest.approx(found.weights)
    assert sum(kept.values()) == pytest.approx(6)
    assert min(kept.values()) >= 0.05


def test_coverage_prefers_the_pair_that_was_judged_least(judged):
    found = steer_study(study=judged.study, rule="coverage")
    weights = sorted(found.weights.values())
    assert weights[0] < weights[-1]


def test_before_there_are_votes_the_boundary_is_coverage():
    built = build_study()
    found = steer_study(study=built.study, rule="boundary")
    assert found.rule == "coverage"
    assert set(stored(built.study).values()) == {1.0}


def test_the_sides_shown_so_far_are_left_alone(judged):
    pair = ModelPair.objects.filter(study=judged.study).first()
    ModelPair.objects.filter(pk=pair.pk).update(lean=5)
    steer_study(study=judged.study, rule="variance")
    assert ModelPair.objects.get(pk=pair.pk).lean == 5


@pytest.mark.parametrize(("rule", "top"), [("best", None), ("boundary", 0), ("boundary", 4)])
def test_refuses_an_unknown_rule_and_a_boundary_that_is_none(judged, rule, top):
    with pytest.raises(Invalid):
        steer_study(study=judged.study, rule=rule, top=top)


def test_refuses_a_draft():
    with pytest.raises(Conflict):
        steer_study(study=Study.objects.create(slug="draft", name="Draft"), rule="coverage")


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_weights_that_never_draw_a_pair(judged, weight):
    before = stored(judged.study)
    ids = (judged.models[0].pk, judged.models[1].pk)
    with pytest.raises(Invalid):
        set_pair_weights(study=judged.study, weights={ids: weight})
    assert stored(judged.study) == before


def test_either_order_of_the_models_is_the_same_pair(judged):
    one, other = judged.models[0].pk, judged.models[1].pk
    set_pair_weights(study=judged.study, weights={(other, one): 3.0})
    assert stored(judged.study)["ant", "bee"] == 3.0
    with pytest.raises(Invalid, match="do not meet"):
        set_pair_weights(study=judged.study, weights={(one, 999_999): 2.0})


def test_the_command_sets_them_and_says_what_it_did(judged, capsys):
    call_command("steer_pairs", "birds", rule="boundary", top=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    with pytest.raises(CommandError, match="no study"):
        call_command("steer_pairs", "nowhere")
