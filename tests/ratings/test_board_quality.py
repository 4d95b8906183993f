"""What a board says about itself, to people and to programs: its audit, agreement, missing votes."""

import re

import pytest
from django.utils import timezone

from ratings.models import LeaderboardSnapshot
from ratings.scoring.audit import CHECKS
from ratings.services.snapshots import take_snapshot, verify_snapshot
from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def board() -> LeaderboardSnapshot:
    built = build_study(criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12), each=12)
    return take_snapshot(version=built.version, now=timezone.now())[0]


@pytest.fixture
def page(board, dave, client) -> str:
    client.force_login(dave)
    return client.get(f"/boards/{board.pk}/").content.decode()


def test_the_page_shows_the_audit_and_the_agreement_of_each_criterion(page):
    assert page.count("What could mislead on this board") == 2
    assert re.search(r"Audit: (\d+ warnings?|no warnings)", page)
    assert re.search(r"they agree in [\d.]+ % of pairs: alpha", page)
    for name in ("Coverage", "Position", "One prompt", "Circles"):
        assert f"{name}</th>" in page


def test_a_graded_criterion_shows_what_the_grades_say_and_the_other_has_none(page, board):
    views = [one["views"]["graded"] for one in board.result["criteria"]]
    assert [view is None for view in views] == [True, False]
    assert page.count("Other views of these votes") == 1
    assert f"{views[1]['rows'][0]['rating']:.0f}" in page


def test_the_page_of_two_models_says_how_many_votes_are_missing(board, alice, client):
    client.force_login(alice)
    page = client.get(f"/boards/{board.pk}/two/", {"a": "ant", "b": "bee"}).content.decode()
    assert re.search(r"Not enough votes: about \d+ more\.", page)
    assert "For whoever looks again and again" in page


def test_the_api_tells_the_same(board, dave, client_of):
    found = client_of(dave).get(f"/api/v1/boards/{board.pk}/").json()
    for criterion in found["criteria"]:
        audit = criterion["audit"]
        made = [one["check"] for one in audit["findings"]]
        assert sorted([*made, *audit["skipped"]]) == sorted(CHECKS)
        assert criterion["agreement"]["raters"] == 12
    assert "r0" not in str(found["criteria"][0]["audit"])


def test_the_side_shown_first_is_read_from_the_assignments(board):
    made = [one["check"] for one in board.result["criteria"][0]["audit"]["findings"]]
    assert "position" in made


def test_a_board_with_its_audit_verifies(board):
    assert verify_snapshot(snapshot=board).verified


def test_a_board_of_before_there_were_audits_is_still_shown(board, dave, client, client_of):
    old = {
        **board.result,
        "criteria": [
            {key: value for key, value in one.items() if key not in {"audit", "agreement", "views"}}
            for one in board.result["criteria"]
        ],
    }
    board.pk, board._state.adding = None, True
    board.digest, board.result = "e" * 64, old
    board.save()
    client.force_login(dave)
    assert client.get(f"/boards/{board.pk}/").status_code == 200
    found = client_of(dave).get(f"/api/v1/boards/{board.pk}/").json()
    assert found["criteria"][0]["audit"] is None
