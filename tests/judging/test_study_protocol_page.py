"""A study's page as a researcher reads it: its protocol, its past, and nothing to press."""

import json
import re
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from judging.models import UnblindingEvent
from judging.services.corrections import exclude_judgments, restore_judgments
from judging.services.ledger import seal_judgments
from judging.services.studies import (
    amend_study,
    close_study,
    create_study,
    pause_study,
    resume_study,
)
from judging.services.unblinding import record_unblinding
from tests.judging.test_study_pages import judge
from tests.scenarios import make_rater

URL = "/studies/study/"
BUTTONS = re.compile(r'<(?:button|form[^>]*action="(?P<action>[^"]*)")')


@pytest.fixture
def page(client, scene, make_user):
    client.force_login(make_user("dave", "researcher"))
    return client


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def words(answer) -> str:
    return " ".join(re.sub("<[^>]+>", " ", text(answer)).split())


def test_a_researcher_reads_the_protocol_in_force_and_how_it_draws(page, scene):
    told = words(page.get(URL))
    for said in (
        scene.version.digest,
        scene.version.protocol["seed_commitment"],
        "Which is better?",
        "seven graded steps",
        "Refused answers shown, and judged like any other",
        "Filtered answers not compared",
        "no side is ever more probable than 0.8",
        "nobody by rule",
        "model-0@1",
        "None: every answer was compared",
        "version 1 published, study opened",
        "The protocol in force",
        "Version 1 in force",
    ):
        assert said in told
    assert scene.study.secret_seed not in told
    assert "told once the study is closed" in told


def test_a_researcher_finds_nothing_to_press_and_nothing_of_what_raters_do_now(page, scene, now):
    judge(scene, scene.bob, now)
    told = text(page.get(URL))
    assert {found["action"] for found in BUTTONS.finditer(told)} <= {None, "/sign-out/"}
    assert told.count("<button") == 1
    for absent in ("Prepare an amendment", "Close…", "/preview/", "/cohorts/", "Pace"):
        assert absent not in told
    assert scene.bob.pseudonym not in told
    part = text(page.get(URL, headers={"HX-Request": "true"}))
    assert "Still to judge" in part
    assert scene.bob.pseudonym not in part


def test_a_rater_reads_none_of_it_and_a_draft_tells_nothing_yet(page, client, scene):
    create_study(slug="draft", name="A draft", created_by=scene.alice)
    assert "stands here once it is published" in text(page.get("/studies/draft/"))
    client.force_login(scene.bob.user)
    assert client.get(URL).status_code == 403


def test_the_past_is_told_with_times_and_names(page, scene, now):
    hours = [now + timedelta(hours=one) for one in range(1, 5)]
    amend_study(study=scene.study, changes={"undo_seconds": 5}, now=hours[0], by=scene.alice)
    pause_study(study=scene.study, now=hours[1], by=scene.alice)
    resume_study(study=scene.study, now=hours[2], by=scene.alice)
    close_study(study=scene.study, now=hours[3], by=scene.alice)
    answer = page.get(URL)
    done = [(one.at, one.what, one.by) for one in answer.context["done"]]
    assert [one for one in done if one[1] not in {"begun", "published"}] == [
        (hours[3], "closed", "alice"),
        (hours[2], "open", "alice"),
        (hours[1], "paused", "alice"),
        (hours[0], "amended", "alice"),
    ]
    assert {one for _at, one, _by in done} > {"begun", "published"}
    told = words(answer)
    assert f"{hours[3]:%Y-%m-%d %H:%M:%S} closed, seed told alice" in told
    assert f"Published {hours[0]:%Y-%m-%d %H:%M:%S} UTC by alice" in told
    assert scene.study.secret_seed in told


def test_who_left_whom_out_and_who_had_looked_is_told(page, scene, now):
    judge(scene, scene.bob, now)
    who = {"study": scene.study, "rater": scene.bob, "by": scene.alice, "now": now}
    exclude_judgments(reason="clicked through", **who)
    restore_judgments(reason="was a slow line", **who)
    record_unblinding(study=scene.study, user=scene.alice, path="board", reason="why", now=now)
    answer = page.get(URL)
    told = words(answer)
    assert f"{scene.bob.pseudonym} 1 left out alice clicked through" in told
    assert f"{scene.bob.pseudonym} 1 counted again alice was a slow line" in told
    assert [
        (one["user__username"], one["looks"], one["interim"]) for one in answer.context["looks"]
    ] == [("alice", 1, 1)]
    assert "/unblindings/?study=study&amp;user=alice" in text(answer)


def test_seals_are_told_as_verifying_prints_them(page, scene, now, capsys):
    assert "Nothing is sealed yet" in words(page.get(URL))
    judge(scene, scene.bob, now)
    seal_judgments(now=now + timedelta(minutes=5))
    judge(scene, scene.carol, now + timedelta(minutes=5))
    answer = page.get(URL)
    call_command("verify_audit")
    (link,) = re.findall(r"[0-9a-f]{64}", capsys.readouterr().out)
    assert link in text(answer)
    assert answer.context["sealed"].younger == 1


def test_answers_left_out_are_not_told_by_model(page, scene):
    """Beside a board with codes, which has them by code, they would tell who is who."""
    pks = [str(one.pk) for one in scene.models]
    scene.version.exclusions = {pks[0]: {"refused": 3}, pks[1]: {"refused": 4, "empty": 1}}
    scene.version.save()
    told = words(page.get(URL))
    assert "empty: 1; refused to answer: 7." in told


def test_the_api_has_what_the_page_tells(scene, client_of, make_user, now):
    judge(scene, scene.bob, now)
    pause_study(study=scene.study, now=now, by=scene.alice)
    exclude_judgments(
        study=scene.study, rater=scene.bob, by=scene.alice, reason="clicked through", now=now
    )
    seal_judgments(now=now + timedelta(minutes=5))
    api = client_of(make_user("dave", "researcher"))
    study = api.get("/api/v1/studies/study/").json()
    assert [(one["state"], one["by"]) for one in study["transitions"]] == [("paused", "alice")]
    (left_out,) = api.get("/api/v1/studies/study/exclusions/").json()["results"]
    assert left_out.pop("at")
    assert left_out == {
        "kind": "exclusion",
        "rater": scene.bob.pseudonym,
        "by": "alice",
        "reason": "clicked through",
        "judgments": 1,
    }
    (seal,) = api.get("/api/v1/seals/").json()["results"]
    assert (seal["number"], seal["count"]) == (1, 2)
    # As docs/assignment.md says that anybody can compute them.
    assert seal["chain"] == sha256(f" 1 {seal['root']}".encode()).hexdigest()
    (version,) = api.get("/api/v1/studies/study/versions/").json()["results"]
    plain = json.dumps(
        version["protocol"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert version["digest"] == sha256(plain.encode()).hexdigest()
    assert api.post("/api/v1/studies/study/exclusions/").status_code == 403


def test_as_many_queries_for_many_decisions_and_looks_as_for_few(page, scene, now):
    def more(start: int, stop: int) -> None:
        for number in range(start, stop):
            rater, at = make_rater(f"rater-{number}"), now + timedelta(seconds=number)
            judge(scene, rater, now)
            exclude_judgments(study=scene.study, rater=rater, by=scene.alice, reason="odd", now=at)
            record_unblinding(study=scene.study, user=rater.user, path="x", reason="y", now=at)
            amend_study(study=scene.study, changes={"undo_seconds": number}, now=at, by=scene.alice)
            pause_study(study=scene.study, now=at, by=scene.alice)
            resume_study(study=scene.study, now=at, by=scene.alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert page.get(URL).status_code == 200
        return len(asked)

    more(0, 2)
    queries()
    few = queries()
    more(2, 12)
    assert queries() == few
    assert UnblindingEvent.objects.count() == 12
