"""Every path that joins judgments to models is written down; a blind study shows nothing until it is closed."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import get_resolver
from django.utils import timezone

from core.errors import Conflict
from judging.models import UnblindingEvent
from judging.services.assignments import find_assignment, lease_next
from judging.services.judgments import record_judgment
from judging.services.studies import close_study
from ratings.middleware import PATHS, PLAIN
from ratings.models import BoardRequest, ExportFile, LeaderboardSnapshot
from ratings.services.export_files import request_file, write_requested
from ratings.services.snapshots import take_snapshot
from tests.scenarios import published_study

pytestmark = pytest.mark.django_db
API = "/api/v1/studies/study"


def judged_study(now, **protocol):
    scene = published_study(models=2, prompts=6, now=now, **protocol)
    for rater in (scene.bob, scene.carol):
        for grade in (2, -1, 0):
            token = lease_next(rater=rater, slug="study", now=now).blinded.token
            held = find_assignment(rater=rater, token=token)
            record_judgment(assignment=held, body={"votes": {"quality": grade}}, now=now)
    return scene


def routes(patterns):
    for one in patterns:
        if hasattr(one, "url_patterns"):
            yield from routes(one.url_patterns)
        elif one.callback.__module__.startswith("ratings."):
            yield one.name


def test_no_route_of_boards_and_files_is_forgotten():
    assert set(routes(get_resolver().url_patterns)) == set(PATHS) | PLAIN


def test_each_path_is_written_down_once_with_who_when_and_why(
    now, client, client_of, settings, tmp_path
):
    settings.EXPORT_DIR = tmp_path
    scene = judged_study(now)
    api = client_of(scene.alice)
    client.force_login(scene.alice)
    board, _ = take_snapshot(version=scene.version, now=now)
    other, _ = take_snapshot(version=scene.version, now=now, seed=1)
    both = f"?from={board.pk}&to={other.pk}"
    waiting = BoardRequest.objects.create(study_version=scene.version, requested_by=scene.alice)
    file = request_file(
        study=scene.study, what="judgments", file_format="csv", user=scene.alice, now=timezone.now()
    )
    assert write_requested(pk=file.pk, now=timezone.now())
    pair = f"?a={scene.models[0].slug}&b={scene.models[1].slug}"
    asked = [
        ("api-boards", lambda: api.post(f"{API}/boards/", {}, format="json")),
        ("api-boards", lambda: api.get(f"{API}/boards/")),
        ("api-board", lambda: api.get(f"/api/v1/boards/{board.pk}/")),
        ("api-board-compare", lambda: api.get(f"/api/v1/boards/{board.pk}/compare/{pair}")),
        ("api-board-changes", lambda: api.get(f"{API}/boards/changes/{both}")),
        ("api-board-requests", lambda: api.post(f"{API}/board-requests/")),
        ("api-board-verify", lambda: api.post(f"/api/v1/boards/{board.pk}/verify/")),
        ("api-export-judgments", lambda: api.get(f"{API}/exports/judgments/?format=csv")),
        ("api-export-leaderboard", lambda: api.get(f"{API}/exports/leaderboard/?format=csv")),
        ("board", lambda: client.get("/studies/study/board/")),
        ("boards", lambda: client.get("/studies/study/boards/")),
        ("board-changes", lambda: client.get(f"/studies/study/boards/changes/{both}")),
        ("snapshot", lambda: client.get(f"/boards/{board.pk}/")),
        ("two-models", lambda: client.get(f"/boards/{board.pk}/two/{pair}")),
        ("board-take", lambda: client.post("/studies/study/board/take/")),
        ("board-taking", lambda: client.get(f"/board-requests/{waiting.pk}/")),
        ("head-to-head", lambda: client.get(f"/boards/{board.pk}/head-to-head/quality/")),
        ("fragility", lambda: client.get(f"/boards/{board.pk}/two/fragility/{pair}")),
        ("api-board-fragility", lambda: api.get(f"/api/v1/boards/{board.pk}/fragility/{pair}")),
        ("export-download", lambda: client.get(f"/exports/{file.pk}/")),
        ("api-export-file-content", lambda: api.get(f"/api/v1/exports/{file.pk}/content/")),
        ("blinding", lambda: client.get("/studies/study/blinding/")),
        ("api-blinding", lambda: api.get(f"{API}/blinding/")),
        ("study-raters", lambda: client.get("/studies/study/raters/")),
        ("api-study-raters", lambda: api.get(f"{API}/raters/")),
    ]
    assert {path for path, _ in asked} == set(PATHS)
    for path, ask in asked:
        before = UnblindingEvent.objects.count()
        answer = ask()
        assert answer.status_code < 400, path
        b"".join(answer)  # to its end, which closes the file
        assert UnblindingEvent.objects.count() == before + 1, path
        event = UnblindingEvent.objects.latest("pk")
        assert (event.path, event.user, event.study) == (path, scene.alice, scene.study)
        assert event.reason == PATHS[path]
        assert event.interim is True


def test_the_command_line_is_written_down_too(now, capsys):
    judged_study(now)
    call_command("leaderboard", "study")
    call_command("export", "study", "leaderboard")
    events = UnblindingEvent.objects.order_by("pk").values_list("path", "user")
    assert list(events) == [("manage.py leaderboard", None), ("manage.py export", None)]


def test_a_reason_that_is_given_is_kept_and_managers_can_read_the_list(now, client_of, dave):
    scene = judged_study(now)
    api = client_of(dave)
    api.get(f"{API}/exports/judgments/?format=csv", headers={"X-Reason": "answer to reviewer 2"})
    (one,) = api.get(f"{API}/unblindings/").json()["results"]
    assert (one["user"], one["reason"]) == ("dave", "answer to reviewer 2")
    assert client_of(scene.bob.user).get(f"{API}/unblindings/").status_code == 403


def test_what_was_refused_is_no_unblinding(now, client_of):
    scene = judged_study(now)
    assert client_of(scene.bob.user).get(f"{API}/boards/").status_code == 403
    assert client_of(scene.alice).get(f"{API}/exports/judgments/?format=x").status_code == 400
    assert not UnblindingEvent.objects.exists()


def test_a_study_may_be_blind_for_everybody_until_it_is_closed(now, client_of):
    scene = judged_study(now, reveal="after_closing")
    api = client_of(scene.alice)
    refused = [
        api.post(f"{API}/boards/", {}, format="json"),
        api.get(f"{API}/exports/judgments/?format=csv"),
    ]
    assert {one.status_code for one in refused} == {409}
    assert {one.json()["code"] for one in refused} == {"blind_until_closed"}
    for command in (("leaderboard", "study"), ("export", "study", "judgments")):
        with pytest.raises(CommandError, match="blind"):
            call_command(*command)
    with pytest.raises(Conflict):
        take_snapshot(version=scene.version, now=now)
    assert not LeaderboardSnapshot.objects.exists()
    assert not ExportFile.objects.exists()
    close_study(study=scene.study, now=timezone.now())
    assert api.post(f"{API}/boards/", {}, format="json").status_code == 201
