"""Raters over the API: their work, holds, and what they themselves choose and take back."""

import pytest
from django.utils import timezone

from accounts.models import RaterHold
from judging.services.assignments import find_assignment, lease_next, skip_assignment
from judging.services.judgments import record_judgment
from judging.services.studies import prepare_amendment
from prompts.models import Prompt
from tests.scenarios import published_study

RATERS = "/api/v1/raters/"


@pytest.fixture
def scene(db):
    return published_study(prompts=6, models=2)


def judge(rater, grade=1):
    now = timezone.now()
    leased = lease_next(rater=rater, slug="study", now=now)
    held = find_assignment(rater=rater, token=leased.blinded.token)
    record_judgment(assignment=held, body={"votes": {"quality": grade}}, now=now)
    return leased.blinded.token


def test_raters_are_listed_with_their_work_and_found_by_name(scene, client_of, alice_queries):
    judge(scene.bob)
    judge(scene.bob)
    leased = lease_next(rater=scene.bob, slug="study", now=timezone.now())
    held = find_assignment(rater=scene.bob, token=leased.blinded.token)
    skip_assignment(assignment=held, reason="too_hard", now=timezone.now())
    found = {one["username"]: one for one in alice_queries(RATERS)["results"]}
    assert sorted(found) == ["bob", "carol"]
    bob = found["bob"]
    assert (bob["judgments"], bob["skips"], bob["held"]) == (2, 1, False)
    assert (bob["seconds"] >= 0, bool(bob["last_active"])) == (True, True)
    assert (found["carol"]["judgments"], found["carol"]["seconds"]) == (0, None)
    assert [one["username"] for one in alice_queries(RATERS + "?q=CAR")["results"]] == ["carol"]
    assert alice_queries(RATERS + "?kind=model_judge")["results"] == []
    assert alice_queries(RATERS + "?q=o&kind=person&page=1&page_size=1")["count"] == 2


@pytest.fixture
def alice_queries(scene, client_of):
    client = client_of(scene.alice)

    def get(address):
        answer = client.get(address)
        assert answer.status_code == 200, answer.json()
        return answer.json()

    return get


def test_a_rater_is_held_and_released_with_a_reason(scene, client_of):
    client, address = client_of(scene.alice), f"{RATERS}{scene.bob.pseudonym}/"
    assert client.post(address + "hold/", {"reason": " "}, format="json").status_code == 400
    held = client.post(address + "hold/", {"reason": "Answers too fast."}, format="json").json()
    again = client.post(address + "hold/", {"reason": "Twice."}, format="json").json()
    assert held == again == client.get(address).json()
    assert (held["held"], [one["reason"] for one in held["holds"]]) == (True, ["Answers too fast."])
    assert client_of(scene.bob.user).post("/api/v1/studies/study/assignments/").status_code == 403
    released = client.post(address + "release/", {"reason": "We spoke."}, format="json").json()
    assert (released["held"], len(released["holds"])) == (False, 2)
    assert RaterHold.objects.count() == 2
    assert released["cohorts"] == {}
    assert [(one["version"], one["action"]) for one in released["consents"]] == [(1, "given")]


def test_who_manages_sees_the_pace_and_the_skips_of_a_study(scene, alice_queries):
    judge(scene.bob)
    leased = lease_next(rater=scene.carol, slug="study", now=timezone.now())
    held = find_assignment(rater=scene.carol, token=leased.blinded.token)
    skip_assignment(assignment=held, reason="harmful", now=timezone.now())
    found = alice_queries("/api/v1/studies/study/activity/")
    assert (found["last_hour"], found["last_day"]) == (1, 1)
    assert found["skips"] == [{"reason": "harmful", "count": 1}]
    names = [(one["pseudonym"], one["judgments"], one["skipped"]) for one in found["raters"]]
    assert names == [(scene.bob.pseudonym, 1, 0), (scene.carol.pseudonym, 0, 1)]


def test_a_rater_chooses_what_they_are_never_shown(scene, client_of):
    Prompt.objects.all().update(risk_tags=["violence"])
    client, address = client_of(scene.bob.user), "/api/v1/me/warnings/"
    assert client.get(address).json() == {"every": False, "tags": [], "in_use": ["violence"]}
    assert client.post("/api/v1/studies/study/assignments/").status_code == 201
    chosen = client.put(address, {"every": True, "tags": ["illness"]}, format="json").json()
    assert chosen == {"every": True, "tags": ["illness"], "in_use": ["violence"]}
    assert client.post("/api/v1/studies/study/assignments/").status_code == 204
    client.put(address, {"every": False, "tags": []}, format="json")
    assert client.post("/api/v1/studies/study/assignments/").status_code == 201


def test_a_rater_reads_what_can_still_be_changed(scene, client_of):
    client, token = client_of(scene.bob.user), judge(scene.bob, grade=-2)
    found = client.get(f"/api/v1/assignments/{token}/judgment/").json()
    assert found["votes"] == {"quality": "-2"}
    assert found["assignment"]["token"] == token
    assert {"prompt", "a", "b"} <= set(found["assignment"])
    open_one = client.post("/api/v1/studies/study/assignments/").json()["token"]
    unjudged = client.get(f"/api/v1/assignments/{open_one}/judgment/")
    assert (unjudged.status_code, unjudged.json()["code"]) == (409, "not_judged")


def test_a_prepared_amendment_is_forgotten(scene, client_of):
    client = client_of(scene.alice)
    before = client.get("/api/v1/studies/study/").json()["draft"]
    prepare_amendment(study=scene.study, changes={"guidelines": "Read twice."})
    assert client.get("/api/v1/studies/study/").json()["draft"] != before
    assert client.post("/api/v1/studies/study/discard/").json()["draft"]["guidelines"] == ""
