"""No answer twice, prompts only as often as the protocol says, and a target that can be reached."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import RaterProfile
from core.errors import Gone, NotAllowed
from judging.models import Assignment, Comparison, ModelPair, SeenCompletion, Study
from judging.services.assignments import (
    busy_until,
    expire_leases,
    find_assignment,
    lease_next,
    skip_assignment,
)
from judging.services.endings import stop_judging
from judging.services.judgments import record_judgment
from judging.services.studies import amend_study
from prompts.models import Prompt
from tests.ratings.studies import make_raters
from tests.scenarios import make_rater, published_study

pytestmark = pytest.mark.django_db


def judge_all(rater, scene, now):
    """Judge until nothing is left; return what was judged, in order."""
    judged = []
    while leased := lease_next(rater=rater, slug="study", now=now):
        held = find_assignment(rater=rater, token=leased.blinded.token)
        record_judgment(assignment=held, body=scene.body, now=now)
        judged.append(Comparison.objects.get(pk=held.comparison_id))
    return judged


@pytest.mark.parametrize(
    ("models", "protocol", "each"),
    [
        (4, {}, 2),
        (5, {}, 2),
        (5, {"design": {"kind": "baseline", "baseline": "model-2@1"}}, 1),
        (4, {"caps": {"prompt_views": 1}}, 1),
        (6, {"caps": {"prompt_views": 2, "prompt_gap": 0}}, 2),
    ],
)
def test_a_rater_sees_no_answer_twice_and_reaches_the_target(now, models, protocol, each):
    scene = published_study(
        models=models, prompts=3, judgments_per_comparison=9, now=now, **protocol
    )
    target = lease_next(rater=scene.bob, slug="study", now=now).blinded.progress.target
    judged = judge_all(scene.bob, scene, now)
    seen = Counter(pk for one in judged for pk in (one.first_id, one.second_id))
    assert set(seen.values()) == {1}
    assert target == 3 * each
    assert max(Counter(one.prompt_id for one in judged).values()) <= each
    # A first pair that was badly chosen may leave two models over that do not meet.
    assert len(judged) == target or models == 5


def test_a_baselines_answer_to_a_prompt_is_seen_once_however_many_it_meets(now):
    design = {"kind": "baseline", "baseline": "model-0@1"}
    scene = published_study(models=6, prompts=8, design=design, now=now)
    judged = judge_all(scene.bob, scene, now)
    assert len(judged) == len({one.prompt_id for one in judged}) == 8
    assert len(judge_all(scene.carol, scene, now)) == 8


def test_the_same_prompt_comes_again_only_after_others(now):
    scene = published_study(models=6, prompts=6, caps={"prompt_gap": 5}, now=now)
    order = [one.prompt_id for one in judge_all(scene.bob, scene, now)]
    places = defaultdict(list)
    for at, prompt in enumerate(order):
        places[prompt].append(at)
    gaps = [b - a - 1 for at in places.values() for a, b in pairwise(at)]
    assert gaps
    assert sum(gap >= 5 for gap in gaps) / len(gaps) > 0.7
    assert len(order) >= 12


def test_two_leases_at_once_can_never_show_one_answer(now):
    scene = published_study(models=3, prompts=1, now=now)
    lease_next(rater=scene.bob, slug="study", now=now)
    row = SeenCompletion.objects.first()
    with pytest.raises(IntegrityError):
        SeenCompletion.objects.bulk_create(
            [SeenCompletion(rater=row.rater, study=row.study, prompt=row.prompt,
                            completion=row.completion, issue=7)]
        )  # fmt: skip


def test_a_skipped_comparison_is_offered_after_all_others(now):
    scene = published_study(models=2, prompts=8, now=now)
    token = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
    held = find_assignment(rater=scene.bob, token=token)
    skip_assignment(assignment=held, reason="unsure", now=now)
    assert [one.pk for one in judge_all(scene.carol, scene, now)][-1] == held.comparison_id


def test_many_skips_end_the_work_but_harm_never_counts(now):
    scene = published_study(models=2, prompts=9, caps={"skips": 2}, now=now)

    def skip(reason):
        token = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
        held = find_assignment(rater=scene.bob, token=token)
        skip_assignment(assignment=held, reason=reason, now=now)

    for _ in range(3):
        skip("harmful")
    for _ in range(3):
        skip("unsure")
    with pytest.raises(NotAllowed) as refused:
        lease_next(rater=scene.bob, slug="study", now=now)
    assert refused.value.code == "skip_cap"


def test_a_pair_of_models_is_judged_no_more_often_than_its_cap(now):
    scene = published_study(
        models=2, prompts=9, caps={"judgments_per_pair": 4}, now=now, judgments_per_comparison=2
    )
    assert len(judge_all(scene.bob, scene, now)) == 4
    progress = lease_next(rater=scene.carol, slug="study", now=now).blinded.progress
    assert progress.target == 4


def test_a_late_judgment_does_not_exceed_the_cap(now):
    scene = published_study(models=2, prompts=6, judgments_per_rater=2, now=now)
    late = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
    expire_leases(now=now + timedelta(hours=2))
    Comparison.objects.filter(assignments__token=late).update(open_places=0, places=0)
    for _ in range(2):
        token = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
        held = find_assignment(rater=scene.bob, token=token)
        record_judgment(assignment=held, body=scene.body, now=now)
    Comparison.objects.filter(assignments__token=late).update(open_places=1, places=1)
    held = find_assignment(rater=scene.bob, token=late)
    with pytest.raises(Gone) as refused:
        record_judgment(assignment=held, body=scene.body, now=now)
    assert refused.value.code == "cap_reached"
    assert Assignment.objects.get(token=late).state == "expired"
    assert Assignment.objects.filter(state="judged").count() == 2


def test_prompts_that_ask_who_answers_are_left_out_unless_the_protocol_keeps_them(now):
    scene = published_study(models=2, prompts=3, now=now)
    Prompt.objects.filter(position=0).update(flags=["asks_identity"])
    version = amend_study(study=scene.study, changes={"judgments_per_comparison": 2}, now=now)
    assert version.comparisons_by_language == {"en": 2}
    kept = published_study(
        models=2, prompts=3, slug="kept", canary="kept", asks_identity="keep", now=now
    )
    assert kept.comparisons.count() == 3


def test_204_tells_whether_others_hold_the_last_ones(client_of):
    scene = published_study(models=2, prompts=2)
    bob, carol = client_of(scene.bob.user), client_of(scene.carol.user)
    assert [carol.post(scene.url).status_code for _ in range(2)] == [201, 200]
    carol.post(scene.url, {"prefetch": True}, format="json")
    waiting = bob.post(scene.url)
    assert (waiting.status_code, waiting.content) == (204, b"")
    assert 1_700 < int(waiting["Retry-After"]) <= 1_800
    stop_judging(rater=scene.carol, now=timezone.now())
    for _ in range(2):
        token = bob.post(scene.url).json()["token"]
        bob.post(f"/api/v1/assignments/{token}/judgment/", scene.body, format="json")
    nothing = bob.post(scene.url)
    assert nothing.status_code == 204
    assert "Retry-After" not in nothing


def test_what_others_hold_but_this_rater_saw_is_nothing_to_wait_for(now):
    scene = published_study(models=3, prompts=1, now=now)
    judge_all(scene.bob, scene, now)
    assert lease_next(rater=scene.carol, slug="study", now=now)
    assert busy_until(rater=scene.bob, slug="study") is None


def test_a_rater_who_stops_gives_everything_back_at_once_and_finds_it_again(now):
    scene = published_study(models=2, prompts=5, now=now)
    shown = lease_next(rater=scene.bob, slug="study", now=now).blinded
    lease_next(rater=scene.bob, slug="study", now=now, prefetch=True)
    assert stop_judging(rater=scene.bob, now=now) == 2
    assert Comparison.objects.filter(open_places=1).count() == 5
    assert lease_next(rater=scene.bob, slug="study", now=now).blinded.token == shown.token


def test_a_rater_who_reads_nothing_of_a_study_is_told_at_once(now):
    scene = published_study(models=3, prompts=2, now=now)
    french = make_rater("fabien", languages=["fr"])
    assert lease_next(rater=french, slug="study", now=now) is None
    assert busy_until(rater=french, slug="study") is None
    assert scene.version.judgeable_by_language == {"en": 2}


def test_pairs_that_have_something_left_are_drawn_alike_whichever_has_nothing(db, now):
    scene = published_study(models=3, prompts=200, now=now)
    Study.objects.filter(pk=scene.study.pk).update(secret_seed="5" * 64)
    pairs = list(ModelPair.objects.order_by("pk"))
    scene.comparisons.filter(pair=pairs[-1]).update(language="de")
    raters = make_raters(180)
    for at, one in enumerate(raters):
        one.pseudonym = f"R-{at:08}"
    RaterProfile.objects.bulk_update(raters, ["pseudonym"])
    for one in raters:
        lease_next(rater=one, slug="study", now=now)
    drawn = Counter(
        Assignment.objects.values_list("comparison__pair", "pair_probability").order_by("pk")
    )
    first, second = (
        sum(count for (pair, _p), count in drawn.items() if pair == one.pk) for one in pairs[:2]
    )
    assert first + second == 180
    # Half each, within 3 standard deviations; by one number for both draws it would be 60 and 120.
    assert abs(first - second) < 3 * 180**0.5
    # Weighed by what is stored, both pairs count alike.
    weighed = [
        sum(count / p for (pair, p), count in drawn.items() if pair == one.pk) for one in pairs[:2]
    ]
    assert abs(weighed[0] / weighed[1] - 1) < 0.35
