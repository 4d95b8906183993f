"""What raters and managers do at the same time: closing, amending, renewing, late answers."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from core.errors import Conflict, Gone
from judging.models import Assignment, Judgment
from judging.services import assignments, judgments, places
from judging.services import studies as services
from models_registry.models import Completion
from tests.scenarios import (
    make_completions,
    make_models,
    make_pool,
    make_rater,
    protocol_for,
    published_study,
)

pytestmark = pytest.mark.django_db


def take(rater, now, slug="study"):
    token = assignments.lease_next(rater=rater, slug=slug, now=now).blinded.token
    return assignments.find_assignment(rater=rater, token=token)


def test_nothing_is_judged_after_closing_even_by_who_had_it_open(now):
    scene = published_study(now=now)
    held = take(scene.bob, now)
    services.close_study(study=scene.study, now=now)
    with pytest.raises(Gone) as refused:
        judgments.record_judgment(assignment=held, body=scene.body, now=now)
    assert refused.value.code == "study_closed"
    assert not Judgment.objects.exists()


def test_nothing_is_judged_once_closed_while_the_lease_is_still_open(now):
    scene = published_study(now=now)
    held = take(scene.bob, now)
    type(scene.study).objects.update(state="closed")
    with pytest.raises(Gone):
        judgments.record_judgment(assignment=held, body=scene.body, now=now)
    assert not Judgment.objects.exists()


def test_a_lease_renewed_while_the_sweep_reads_is_kept(now):
    scene = published_study(now=now)
    take(scene.bob, now)
    late = now + timedelta(minutes=31)
    overdue = Assignment.objects.overdue(now=late)
    (row,) = overdue
    assignments.lease_next(rater=scene.bob, slug="study", now=late)
    taken = places.give_back(
        pk=row.pk, comparison_id=row.comparison_id, state="expired", now=late, rows=overdue
    )
    assert not taken
    assert Assignment.objects.get().state == "leased"


def test_fewer_judgments_wanted_are_not_exceeded_by_a_skip(now):
    scene = published_study(now=now, prompts=1, models=2, judgments_per_comparison=3)
    judgments.record_judgment(assignment=take(scene.bob, now), body=scene.body, now=now)
    held = take(scene.carol, now)
    services.amend_study(study=scene.study, changes={"judgments_per_comparison": 1}, now=now)
    assignments.skip_assignment(assignment=held, reason="unclear", now=now)
    one = scene.comparisons.get()
    assert (one.wanted, one.places, one.open_places) == (1, 1, 0)
    assert assignments.lease_next(rater=make_rater("eve"), slug="study", now=now) is None


def test_more_judgments_wanted_again_reopen_places(now):
    scene = published_study(now=now, prompts=1, models=2, judgments_per_comparison=2)
    services.amend_study(study=scene.study, changes={"judgments_per_comparison": 1}, now=now)
    services.amend_study(study=scene.study, changes={"judgments_per_comparison": 3}, now=now)
    one = scene.comparisons.get()
    assert (one.wanted, one.places, one.open_places) == (3, 3, 3)


def test_two_models_added_at_once_both_take_part(now, monkeypatch):
    scene = published_study(now=now, models=4, prompts=2)
    first, second, third, fourth = map(str, scene.models)
    services.amend_study(study=scene.study, changes={"models": [first, second]}, now=now)
    locked = services._locked

    def lock_late(study):
        # The other request gets in before this one holds the study.
        monkeypatch.setattr(services, "_locked", locked)
        services.add_model(study=scene.study, model=fourth, now=now)
        return locked(study)

    monkeypatch.setattr(services, "_locked", lock_late)
    services.add_model(study=scene.study, model=third, now=now)
    newest = scene.study.versions.order_by("-number").first()
    assert newest.protocol["models"] == [first, second, fourth, third]


def test_answers_that_arrive_late_are_taken_up_by_an_amendment(now):
    pool_version = make_pool(prompts=4)
    models = make_models(2)
    make_completions(pool_version, models)
    missing = Completion.objects.filter(language_model=models[1], prompt__position__lt=2)
    kept = list(missing)
    missing.delete()
    study = services.create_study(
        slug="study", name="S", created_by=None, protocol=protocol_for(pool_version, models)
    )
    services.publish_version(study=study, now=now, allow_missing=True)
    assert study.comparisons.count() == 2
    with pytest.raises(Conflict, match="Nothing changes"):
        services.amend_study(study=study, changes={}, now=now, allow_missing=True)
    for one in kept:
        one.pk = None
        one.save()
    services.amend_study(study=study, changes={}, now=now)
    assert study.comparisons.count() == 4


def test_a_forfeit_counts_again_when_its_model_comes_back(now):
    scene = published_study(
        now=now,
        prompts=1,
        models=3,
        completion={"outcome": "refused"},
        answers={"refused": "forfeit"},
    )
    names = [str(one) for one in scene.models]
    services.amend_study(study=scene.study, changes={"models": names[:2]}, now=now)
    services.amend_study(study=scene.study, changes={"models": names}, now=now)
    assert set(scene.comparisons.values_list("withdrawn", flat=True)) == {False}


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_amending_stops_no_rater_and_neither_waits_for_ever(monkeypatch):
    scene = published_study(prompts=1, models=2)
    building, told = threading.Event(), {}
    build = services.build_comparisons

    def slowly(**options):
        building.set()
        told["leased"] = rated.wait(20)
        return build(**options)

    rated = threading.Event()
    monkeypatch.setattr(services, "build_comparisons", slowly)

    def amend():
        try:
            changes = {"judgments_per_comparison": 2}
            services.amend_study(study=scene.study, changes=changes, now=timezone.now())
            told["amended"] = True
        finally:
            connections.close_all()

    def rate():
        try:
            building.wait(20)
            take(scene.bob, timezone.now())
            rated.set()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for one in (amend, rate)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert told == {"leased": True, "amended": True}
