"""Boards and files that take long, over the API: asked for, followed, had; and two boards compared."""

import csv
import io

import pytest
from django.utils import timezone

from accounts.models import User
from judging.models import UnblindingEvent
from judging.services import studies
from ratings.models import BoardRequest, ExportFile
from ratings.services import board_requests, export_files
from tests.ratings.studies import FOUR_WAY, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db
STUDY = "/api/v1/studies/birds/"
REQUESTS, FILES, CHANGES = (
    f"{STUDY}board-requests/",
    f"{STUDY}exports/files/",
    f"{STUDY}boards/changes/",
)


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY])
    judge_at_random(built, make_raters(12, kind="simulated"), each=4)
    return built


@pytest.fixture
def researcher(judged, dave, client_of):
    return client_of(dave)


@pytest.fixture
def bells(monkeypatch) -> list[int]:
    """The tasks that were rung for; nothing is worked on until a test says so."""
    rung: list[int] = []
    monkeypatch.setattr("ratings.api.ring", lambda _task, pk: rung.append(pk))
    return rung


def test_a_small_studys_board_is_taken_at_once(researcher):
    answer = researcher.post(REQUESTS)
    told = answer.json()
    assert (answer.status_code, told["id"], told["state"]) == (200, None, "done")
    assert researcher.get(f"/api/v1/boards/{told['board']}/").status_code == 200


def test_a_large_studys_board_is_asked_for_and_followed(researcher, bells, monkeypatch, now):
    monkeypatch.setattr(board_requests, "AT_ONCE", 5)
    asked = researcher.post(REQUESTS)
    told = asked.json()
    assert (asked.status_code, told["state"], told["board"]) == (202, "waiting", None)
    assert researcher.post(REQUESTS).json()["id"] == told["id"]
    assert BoardRequest.objects.get().requested_by == User.objects.get(username="dave")
    assert set(bells) == {told["id"]}
    board_requests.take_requested(pk=told["id"], now=now)
    done = researcher.get(f"/api/v1/board-requests/{told['id']}/").json()
    assert (done["state"], done["steps_done"]) == ("done", done["steps"])
    assert researcher.get(f"/api/v1/boards/{done['board']}/").status_code == 200


def test_a_file_is_asked_for_followed_and_had(researcher, bells, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    asked = researcher.post(FILES, {"what": "judgments"}, format="json")
    file = asked.json()
    assert (asked.status_code, file["state"], file["coded"]) == (202, "waiting", True)
    assert bells == [file["id"]]
    content = f"/api/v1/exports/{file['id']}/content/"
    assert researcher.get(content).status_code == 409
    _work()
    done = researcher.get(f"/api/v1/exports/{file['id']}/").json()
    assert (done["state"], done["steps_done"], done["size"] > 0) == ("done", 72, True)
    had = researcher.get(content)
    text = b"".join(had.streaming_content).decode()
    assert len(list(csv.DictReader(io.StringIO(text, newline="")))) == 72
    assert "birds-judgments.csv" in had["Content-Disposition"]
    again = researcher.post(FILES, {"what": "judgments"}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, file["id"])
    assert [one["id"] for one in researcher.get(FILES).json()] == [file["id"]]


def _work() -> None:
    for pk in ExportFile.objects.filter(state="waiting").values_list("pk", flat=True):
        assert export_files.write_requested(pk=pk, now=timezone.now())


def test_a_file_with_names_waits_for_the_end_of_the_study(
    judged, researcher, alice, client_of, bells, settings, tmp_path, now
):
    settings.EXPORT_DIR = tmp_path
    file = client_of(alice).post(FILES, {"what": "judgments"}, format="json").json()
    assert file["coded"] is False
    _work()
    content = f"/api/v1/exports/{file['id']}/content/"
    assert researcher.get(content).status_code == 403
    studies.close_study(study=judged.study, now=now)
    had = researcher.get(content)
    assert had.status_code == 200
    assert b"ant" in b"".join(had.streaming_content)
    looked = UnblindingEvent.objects.filter(path="api-export-file-content")
    assert looked.get().user.username == "dave"


@pytest.mark.parametrize("body", [{}, {"what": "all"}, {"what": "judgments", "format": "xlsx"}])
def test_refuses_files_that_there_are_not(researcher, bells, body):
    assert researcher.post(FILES, body, format="json").status_code == 400
    assert bells == []


def test_tells_what_changed_between_two_boards(judged, researcher):
    first = researcher.post(REQUESTS).json()["board"]
    judge_at_random(judged, make_raters(3, kind="simulated", prefix="late"), each=2)
    then = researcher.post(REQUESTS).json()["board"]
    told = researcher.get(CHANGES, {"from": then, "to": first}).json()
    assert (told["before"], told["after"]) == (first, then)
    assert (told["same_protocol"], told["came"], told["went"]) == (True, [], [])
    [criterion] = [one for one in told["criteria"] if one["key"] != "composite"]
    boards = [researcher.get(f"/api/v1/boards/{pk}/").json() for pk in (first, then)]
    assert criterion["votes"] == [one["criteria"][0]["votes"] for one in boards]
    assert criterion["votes"][0] < criterion["votes"][1]
    assert set(told["names"]) == {"model-1", "model-2", "model-3"}


@pytest.mark.parametrize(
    "query", ["", "?from=1", "?from=a&to=b", "?from=0&to=1", f"?from=1&to={2**63}"]
)
def test_refuses_boards_that_cannot_be(researcher, query):
    assert researcher.get(CHANGES + query).status_code == 400


def test_says_which_boards_are_none(researcher):
    board = researcher.post(REQUESTS).json()["board"]
    assert researcher.get(f"{CHANGES}?from={board}&to={board}").json()["code"] == "same_board"
    assert researcher.get(f"{CHANGES}?from={board}&to={board + 7}").status_code == 404
