"""Judgments leave and come back as lines of the ledger; boards follow, and old ones stay."""

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid
from judging.models import Assignment, Judgment, Vote
from judging.services.assignments import find_assignment, lease_next
from judging.services.corrections import exclude_judgments, restore_judgments, retract_judgment
from judging.services.judgments import record_judgment, supersede_judgment
from ratings.services.snapshots import take_snapshot, verify_snapshot
from tests.scenarios import published_study

pytestmark = pytest.mark.django_db
WHY = "gold comparisons failed"


@pytest.fixture
def scene(now):
    made = published_study(models=2, prompts=6, judgments_per_comparison=2, now=now)
    for rater, grade in ((made.bob, 2), (made.carol, -1)):
        for _ in range(3):
            token = lease_next(rater=rater, slug="study", now=now).blinded.token
            held = find_assignment(rater=rater, token=token)
            record_judgment(assignment=held, body={"votes": {"quality": grade}}, now=now)
    return made


def votes_on_board(scene, now):
    snapshot, _ = take_snapshot(version=scene.version, now=now)
    return snapshot, snapshot.result["criteria"][0]["votes"]


def test_an_excluded_raters_judgments_do_not_count_until_they_are_restored(scene, now):
    before, counted = votes_on_board(scene, now)
    done = {"study": scene.study, "rater": scene.bob, "by": scene.alice, "reason": WHY, "now": now}
    assert (counted, exclude_judgments(**done)) == (6, 3)
    assert votes_on_board(scene, now)[1] == 3
    assert exclude_judgments(**done) == 0
    assert restore_judgments(**done) == 3
    after, counted = votes_on_board(scene, now)
    assert counted == 6
    assert (
        after.result["criteria"][0]["head_to_head"]
        == (before.result["criteria"][0]["head_to_head"])
    )
    assert verify_snapshot(snapshot=before).verified
    assert Judgment.objects.count() == 12
    assert set(Judgment.objects.filter(kind="exclusion").values_list("reason", "by")) == {
        (WHY, scene.alice.pk)
    }


def test_a_retraction_is_for_good_and_needs_a_reason(scene, now):
    assignment = Assignment.objects.filter(rater=scene.bob).first()
    asked = {"assignment": assignment, "by": scene.alice, "now": now}
    with pytest.raises(Invalid):
        retract_judgment(reason=" ", **asked)
    retract_judgment(reason="clicked by mistake", **asked)
    with pytest.raises(Conflict):
        retract_judgment(reason="again", **asked)
    done = {"study": scene.study, "rater": scene.bob, "by": scene.alice, "reason": WHY, "now": now}
    assert (exclude_judgments(**done), restore_judgments(**done)) == (2, 2)
    assert votes_on_board(scene, now)[1] == 5


def test_a_rater_does_not_learn_of_an_exclusion(scene, now):
    exclude_judgments(study=scene.study, rater=scene.bob, by=scene.alice, reason=WHY, now=now)
    assignment = Assignment.objects.filter(rater=scene.bob).first()
    held = find_assignment(rater=scene.bob, token=assignment.token)
    again = record_judgment(assignment=held, body={"votes": {"quality": 2}}, now=now)
    assert (again.created, again.revision) == (False, 0)
    with pytest.raises(Conflict) as refused:
        supersede_judgment(assignment=held, body={"votes": {"quality": 0}}, now=now)
    assert refused.value.code == "undo_window_over"
    assert Vote.objects.count() == 6


def test_managers_exclude_and_restore_over_http_and_nobody_else(scene, client_of, dave):
    url = "/api/v1/studies/study/exclusions/"
    body = {"rater": scene.bob.pseudonym, "reason": WHY}
    for user in (dave, scene.bob.user):
        assert client_of(user).post(url, body, format="json").status_code == 403
    alice = client_of(scene.alice)
    assert alice.post(url, {**body, "rater": "R-nobody"}, format="json").status_code == 404
    assert alice.post(url, {**body, "reason": ""}, format="json").status_code == 400
    assert alice.post(url, body, format="json").json() == {"judgments": 3}
    assert alice.post(url, {**body, "restore": True}, format="json").json() == {"judgments": 3}
    assert Judgment.objects.filter(kind="restoration", submitted_at__lte=timezone.now()).exists()


def test_a_rater_who_stops_over_http_gives_everything_back(scene, client_of):
    client = client_of(scene.bob.user)
    client.post(scene.url)
    client.post(scene.url, {"prefetch": True}, format="json")
    stopped = client.post("/api/v1/assignments/stop/")
    assert (stopped.status_code, stopped.json()) == (200, {"returned": 2})
    assert not Assignment.objects.leased().exists()
