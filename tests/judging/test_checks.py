"""Repeats, gold comparisons, and more judgments on disagreement: beside the plan, and never counted."""

import pytest

from core.errors import Invalid
from judging.models import Assignment, Comparison, GoldComparison, ModelPair, SeenCompletion
from judging.services.assignments import find_assignment, lease_next
from judging.services.checks import add_extra_places, make_gold, promote_unanimous, retire_gold
from judging.services.corrections import retract_judgment
from judging.services.judgments import record_judgment
from judging.services.pairs import set_pair_weights
from judging.services.studies import study_progress
from ratings.services.snapshots import take_snapshot
from ratings.services.steering import steer_open_studies, steer_study
from ratings.services.uncounted import Uncounted, uncounted
from tests.scenarios import make_rater, published_study

pytestmark = pytest.mark.django_db


def judge(rater, now, grade=1):
    """Judge what is next with this grade in the canonical frame; None when nothing is left."""
    leased = lease_next(rater=rater, slug="study", now=now)
    if leased is None:
        return None
    held = find_assignment(rater=rater, token=leased.blinded.token)
    shown = -grade if held.swapped else grade
    record_judgment(assignment=held, body={"votes": {"quality": shown}}, now=now)
    return Assignment.objects.get(pk=held.pk)


def judge_all(rater, now, grade=1):
    made = []
    while one := judge(rater, now, grade):
        made.append(one)
    return made


def test_repeats_show_a_judged_comparison_again_with_the_sides_swapped(now):
    scene = published_study(models=2, prompts=80, checks={"repeats": 0.25}, now=now)
    made = judge_all(scene.bob, now)
    repeats = [one for one in made if one.purpose == "repeat"]
    assert 8 <= len(repeats) <= 45
    assert len({one.comparison_id for one in repeats}) == len(repeats)
    for one in repeats:
        first = Assignment.objects.get(
            comparison=one.comparison, rater=scene.bob, purpose="planned"
        )
        assert one.swapped is not first.swapped
        assert made.index(one) - made.index(first) > 10
    assert len(made) - len(repeats) == 80
    assert Comparison.objects.filter(open_places=0).count() == 80
    assert SeenCompletion.objects.count() == 160
    board, _ = take_snapshot(version=scene.version, now=now)
    assert board.result["criteria"][0]["votes"] == 80


def test_what_fills_no_place_is_named_on_the_studys_page_and_on_its_board(now, client):
    scene = published_study(models=2, prompts=80, checks={"repeats": 0.25}, now=now)
    made = judge_all(scene.bob, now)
    beside = sum(one.purpose == "repeat" for one in made)
    taken_back = next(one for one in made if one.purpose == "planned")
    retract_judgment(assignment=taken_back, by=scene.alice, reason="asked to", now=now)
    progress = study_progress(study=scene.study)
    assert (progress.planned, progress.places, progress.beside_plan) == (80, 80, beside)
    board, _ = take_snapshot(version=scene.version, now=now)
    expected = Uncounted(
        judged=len(made), counted=79, beside_plan=beside, excluded=0, retracted=1, otherwise=0
    )
    assert uncounted(board) == expected
    board.uncounted = None  # as on boards that were taken before it was kept
    assert uncounted(board) == expected
    client.force_login(scene.alice)
    page = client.get("/studies/study/").content.decode()
    assert "<strong>80</strong> of 80 (100 %)" in page
    assert f"and {beside} beside the plan" in page
    shown = " ".join(client.get("/studies/study/board/").content.decode().split())
    assert f"Of {len(made)} judgments 79 are counted here. Not counted: {beside} beside" in shown
    assert ", 1 taken back." in shown
    told = client.get(f"/api/v1/boards/{board.pk}/").json()["judgments"]
    assert (told["judged"], told["counted"], told["retracted"]) == (len(made), 79, 1)


def test_gold_is_shown_quietly_and_counts_on_no_board(now):
    scene = published_study(
        models=2, prompts=60, checks={"gold": 0.3}, now=now, judgments_per_comparison=2
    )
    for comparison in scene.comparisons[:10]:
        make_gold(comparison=comparison, answers={"quality": "first"}, by=scene.alice, reason="x")
    body = lease_next(rater=scene.bob, slug="study", now=now).blinded
    made = judge_all(scene.bob, now)
    gold = [one for one in made if one.purpose == "gold"]
    assert 3 <= len(gold) <= 10
    assert {one.comparison_id for one in gold} <= set(
        GoldComparison.objects.values_list("comparison", flat=True)
    )
    assert "gold" not in repr(body).lower()
    board, _ = take_snapshot(version=scene.version, now=now)
    assert board.result["criteria"][0]["votes"] == len(made) - len(gold)
    retire_gold(gold=GoldComparison.objects.first(), now=now)
    assert GoldComparison.objects.filter(retired_at=None).count() == 9
    with pytest.raises(Invalid):
        make_gold(comparison=scene.comparisons[11], answers={"other": "first"}, by=None, reason="x")


def test_what_all_agree_on_becomes_gold(now):
    scene = published_study(models=2, prompts=2, judgments_per_comparison=3, now=now)
    agreed = None
    for at, rater in enumerate(make_rater(f"rater-{n}") for n in range(3)):
        for one in [judge(rater, now, -1), judge(rater, now, -1 if at else 1)]:
            agreed = agreed or one.comparison_id
    counts = [promote_unanimous(study=scene.study, by=scene.alice) for _ in range(2)]
    assert counts[1] == 0
    for gold in GoldComparison.objects.all():
        assert gold.answers == {"quality": "first"}
    assert counts[0] == GoldComparison.objects.count() <= 2


def test_disagreement_asks_for_more_which_no_board_counts(now):
    scene = published_study(
        models=2, prompts=3, judgments_per_comparison=2, checks={"extra_judgments": 2}, now=now
    )
    judge_all(scene.bob, now, 2)
    assert add_extra_places(study=scene.study) == 0
    judge_all(scene.carol, now, -2)
    assert add_extra_places(study=scene.study) == 3
    assert add_extra_places(study=scene.study) == 0
    for name in ("eve", "frank", "grace"):
        made = judge_all(make_rater(name), now)
        assert {one.purpose for one in made} <= {"extra"}
        assert len(made) == (0 if name == "grace" else 3)
    assert set(Comparison.objects.values_list("extra_places", "open_extra_places")) == {(2, 0)}
    board, _ = take_snapshot(version=scene.version, now=now)
    assert board.result["criteria"][0]["votes"] == 6


def test_pairs_are_drawn_in_proportion_to_the_weights_that_were_set(now):
    scene = published_study(models=3, prompts=120, now=now)
    one, other, third = (model.pk for model in scene.models)
    set_pair_weights(study=scene.study, weights={(other, one): 8.0, (one, third): 1.0})
    ModelPair.objects.filter(first_model=other, second_model=third).update(weight=1.0)
    made = [judge(scene.bob, now) for _ in range(100)]
    heavy = [a for a in made if a.comparison.pair.second_model_id == other]
    assert 68 <= len(heavy) <= 92
    assert {round(a.pair_probability, 6) for a in heavy} == {0.8}
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Invalid):
            set_pair_weights(study=scene.study, weights={(one, other): wrong})


@pytest.mark.parametrize("rule", ["uniform", "coverage", "variance", "boundary"])
def test_weights_are_computed_by_the_rule_of_the_protocol(now, rule):
    scene = published_study(models=3, prompts=40, draw=rule, now=now)
    low, high = scene.models[0].pk, scene.models[1].pk
    set_pair_weights(study=scene.study, weights={(low, high): 1_000.0})
    for at in range(30):
        judge(scene.bob, now, (1, -1, 0)[at % 3])
    assert steer_open_studies() == (rule != "uniform")
    steered = steer_study(study=scene.study, rule=rule)
    weights = dict(ModelPair.objects.values_list("second_model", "weight").filter(first_model=low))
    if rule == "uniform":
        assert set(weights.values()) == {1}
    else:
        assert weights[high] < 1
    assert sum(steered.weights.values()) == pytest.approx(3)


def test_gold_is_made_promoted_and_retired_over_the_api(now, client_of):
    scene = published_study(prompts=2, models=2, judgments_per_comparison=3, now=now)
    api, url = client_of(scene.alice), "/api/v1/studies/study/gold/"
    one, other = scene.comparisons
    body = {"comparison": one.pk, "answers": {"quality": "first"}, "reason": "looked up"}
    made = api.post(url, body, format="json")
    assert (made.status_code, made.json()["by"]) == (201, "alice")
    wrong = (
        {**body, "answers": {"quality": "best"}},
        {**body, "answers": {"beauty": "first"}},
        {**body, "comparison": 999_999},
        {**body, "model": "x"},
    )
    assert {api.post(url, each, format="json").status_code for each in wrong} == {400}
    for rater in (scene.bob, scene.carol, make_rater("dora")):
        for _ in range(2):
            token = lease_next(rater=rater, slug="study", now=now).blinded.token
            held = find_assignment(rater=rater, token=token)
            grade = 2 if held.swapped else -2  # the first is better
            record_judgment(assignment=held, body={"votes": {"quality": grade}}, now=now)
    assert api.post(f"{url}promote/").json() == {"comparisons": 1}
    assert api.post(f"{url}promote/").json() == {"comparisons": 0}
    assert {row["comparison"] for row in api.get(url).json()["results"]} == {one.pk, other.pk}
    retired = api.post(f"{url}retire/", {"comparison": other.pk}, format="json").json()
    assert retired["retired_at"] is not None
    assert client_of(scene.bob.user).get(url).status_code == 403
