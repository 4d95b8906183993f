"""Boards over HTTP: who may, what is answered, and what is refused."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from judging.models import Study
from ratings.board.meaning import MEANING
from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db
BOARDS = "/api/v1/studies/birds/boards/"


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12, kind="simulated"), each=4)
    return built


@pytest.fixture
def researcher(dave, client_of):
    return client_of(dave)


@pytest.fixture
def manager(alice, client_of):
    """Who sees the models' names while the study is open."""
    return client_of(alice)


@pytest.fixture
def board(judged, researcher):
    return researcher.post(BOARDS, {}, format="json").json()


def test_taking_a_snapshot_answers_with_the_whole_board(judged, manager):
    response = manager.post(BOARDS, {"seed": 3}, format="json")
    assert response.status_code == 201
    board = response.json()
    assert board["study"] == "birds"
    assert board["interim"] is True
    assert board["seed"] == 3
    assert board["raters"][0] == {
        "kind": "simulated",
        "label": "Simulated",
        "raters": 12,
        "judgments": 72,
    }
    assert [one["key"] for one in board["criteria"]] == ["helpfulness", "truthfulness"]
    row = board["criteria"][0]["rows"][0]
    assert row["strength_lower"] < row["strength"] < row["strength_upper"]
    assert {one["model"] for one in board["composite"]["rows"]} == {"ant", "bee", "cow"}
    assert board["meaning"] == MEANING


def test_taking_it_again_answers_200_and_the_same(board, researcher):
    again = researcher.post(BOARDS, {}, format="json")
    assert again.status_code == 200
    assert again.json() == board


def test_the_list_is_newest_first_and_light(board, researcher):
    later = researcher.post(BOARDS, {"seed": 1}, format="json").json()
    listed = researcher.get(BOARDS).json()["results"]
    assert [one["id"] for one in listed] == [later["id"], board["id"]]
    assert "criteria" not in listed[0]


def test_a_board_is_read_by_its_id(board, researcher):
    assert researcher.get(f"/api/v1/boards/{board['id']}/").json() == board


def test_the_list_needs_as_many_queries_for_12_boards_as_for_2(judged, researcher):
    def queries(count):
        for seed in range(count):
            researcher.post(BOARDS, {"seed": seed}, format="json")
        with CaptureQueriesContext(connection) as captured:
            assert len(researcher.get(BOARDS).json()["results"]) == count
        return len(captured)

    assert queries(2) == queries(12)


def test_two_models_are_compared(board, manager):
    found = manager.get(f"/api/v1/boards/{board['id']}/compare/?a=ant&b=cow").json()
    assert [one["criterion"] for one in found["criteria"]] == [
        "helpfulness",
        "truthfulness",
        "composite",
    ]
    helpful = found["criteria"][0]
    assert sum(helpful["met"].values()) - helpful["met"]["both_bad"] == 6 * 4
    assert helpful["difference"]["rating_lower"] < helpful["difference"]["rating"]
    assert helpful["equivalence"]["margin"] == 0.05


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("a=ant&b=nobody", 404),
        ("a=ant&b=ant", 404),
        ("a=ant", 400),
        ("", 400),
        ("a=ant&b=bee&c=cow", 400),
        ("a=&b=bee", 400),
        ("a=ant&b=%00", 400),
    ],
)
def test_refuses_to_compare_what_is_not_two_models_of_the_board(board, researcher, query, status):
    response = researcher.get(f"/api/v1/boards/{board['id']}/compare/?{query}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"


def test_the_order_of_two_models_says_how_little_it_hangs_on(board, manager, researcher):
    address = f"/api/v1/boards/{board['id']}/fragility/"
    pair = dict(zip("ab", (one["model"] for one in board["models"]), strict=False))
    coded = researcher.get(address, pair).json()["criteria"]
    assert [one["criterion"] for one in coded] == [one["key"] for one in board["criteria"]]
    assert [unit["unit"] for unit in coded[0]["units"]] == ["vote", "rater", "prompt"]
    assert any(unit["fewest"] for one in coded for unit in one["units"])
    # The codes of a researcher are no names to whoever sees the models, nor the other way round.
    assert manager.get(address, pair).status_code == 404
    names = [one["model"] for one in manager.get(f"/api/v1/boards/{board['id']}/").json()["models"]]
    named = [
        manager.get(address, {"a": a, "b": b}).json()["criteria"]
        for a in names
        for b in names
        if a != b
    ]
    assert coded in named
    assert researcher.get(address, {"a": names[0], "b": names[1]}).status_code == 404
    same = researcher.get(address, {"a": pair["a"], "b": pair["a"]})
    assert (same.status_code, same.json()["code"]) == (400, "same_model")


def test_a_board_is_verified(board, researcher):
    found = researcher.post(f"/api/v1/boards/{board['id']}/verify/").json()
    assert found["verified"] is True
    assert found["differences"] == []


@pytest.mark.parametrize("body", [{"seed": -1}, {"seed": 2**63}, {"seed": "x"}, {"sed": 1}, []])
def test_refuses_a_wrong_body(judged, researcher, body):
    response = researcher.post(BOARDS, body, format="json")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"


@pytest.mark.parametrize("pk", ["4711", "99999999999999999999999999999999"])
def test_a_board_that_is_not_there_is_404(researcher, pk):
    assert researcher.get(f"/api/v1/boards/{pk}/").status_code == 404


def test_a_study_that_is_not_there_is_404_and_an_unpublished_one_a_conflict(researcher):
    Study.objects.create(slug="draft", name="Draft", secret_seed="s")
    missing = researcher.post("/api/v1/studies/fish/boards/", {}, format="json")
    draft = researcher.post("/api/v1/studies/draft/boards/", {}, format="json")
    assert (missing.status_code, draft.status_code) == (404, 409)
    assert draft.json()["code"] == "not_published"
    assert researcher.get("/api/v1/studies/fish/boards/").status_code == 404


ROUTES = [
    ("get", BOARDS),
    ("post", BOARDS),
    ("get", "/api/v1/boards/{id}/"),
    ("get", "/api/v1/boards/{id}/compare/?a=ant&b=bee"),
    ("post", "/api/v1/boards/{id}/verify/"),
    ("get", "/api/v1/studies/birds/exports/judgments/"),
    ("get", "/api/v1/studies/birds/exports/leaderboard/"),
]


def test_raters_and_strangers_never_see_a_board_or_a_file(board, bob, client_of, client):
    rater = client_of(bob)
    for method, route in ROUTES:
        path = route.format(id=board["id"])
        refused = getattr(rater, method)(path)
        assert refused.status_code == 403, path
        assert "ant" not in refused.json()["detail"]
        assert getattr(client, method)(path).status_code == 401, path


def test_a_token_that_may_only_read_takes_no_snapshot_and_no_file(board, dave, client_of):
    reader = client_of(dave, scopes=["read"])
    assert reader.get(BOARDS).status_code == 200
    assert reader.post(BOARDS, {}, format="json").status_code == 403
    assert reader.get("/api/v1/studies/birds/exports/judgments/").status_code == 403


def test_the_words_of_the_api_are_those_of_the_methods_page():
    page = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
    plain = " ".join(page.replace("\n> ", " ").split())
    assert [name for name, words in MEANING.items() if words not in plain] == []


def test_the_answer_is_json_without_nan(board):
    json.dumps(board, allow_nan=False)
