"""Verifying a snapshot: recomputed from the judgments it counted, whatever came later."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from judging.models import Vote
from ratings.models import LeaderboardSnapshot
from ratings.services import snapshots
from ratings.services.snapshots import take_snapshot, verify_snapshot
from tests.ratings.studies import (
    FOUR_WAY,
    GRADED,
    Given,
    build_study,
    judge_at_random,
    make_raters,
    submit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12), each=4)
    return built


@pytest.fixture
def snapshot(judged, now):
    return take_snapshot(version=judged.version, now=now)[0]


def stored(snapshot) -> LeaderboardSnapshot:
    return LeaderboardSnapshot.objects.get(pk=snapshot.pk)


def tampered(snapshot, **values) -> LeaderboardSnapshot:
    """The stored row with other values, as after an intrusion."""
    row = stored(snapshot)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def test_a_snapshot_is_recomputed_from_the_database_to_the_last_digit(snapshot):
    found = verify_snapshot(snapshot=stored(snapshot))
    assert found.verified
    assert found.largest_difference <= 1e-12
    assert found.code_matches
    assert found.libraries_match


def test_judgments_and_revisions_that_came_later_change_nothing(judged, snapshot):
    late = make_raters(1, prefix="late")[0]
    values = {"helpfulness": "a", "truthfulness": -3}
    submit(judged, [Given(late, judged.comparisons[0], False, values)])
    judgment = judged.study.assignments.first().judgments.get()
    judgment.pk, judgment.revision, judgment._state.adding = None, 1, True
    judgment.save()
    assert verify_snapshot(snapshot=stored(snapshot)).verified


def test_a_changed_vote_is_found(snapshot):
    vote = Vote.objects.filter(outcome="first").first()
    raw_update(Vote, vote.pk, outcome="second")
    found = verify_snapshot(snapshot=stored(snapshot))
    assert not found.verified
    assert not found.inputs_match
    assert found.differences


def test_a_changed_result_is_found(snapshot):
    result = snapshot.result
    result["criteria"][0]["rows"][0]["rating"] += 1e-6
    found = verify_snapshot(snapshot=tampered(snapshot, result=result))
    assert not found.verified
    assert found.inputs_match
    assert not found.result_intact
    assert found.differences == ("criteria[0].rows[0].rating",)
    assert found.largest_difference == pytest.approx(1e-6)


def test_rounding_below_1e_9_is_no_difference_of_the_numbers(snapshot):
    result = snapshot.result
    result["criteria"][0]["rows"][0]["rating"] += 1e-10
    found = verify_snapshot(snapshot=tampered(snapshot, result=result))
    assert found.differences == ()


def test_another_code_version_is_told(snapshot, monkeypatch):
    monkeypatch.setattr(snapshots, "code_version", lambda: "0.0.0+0")
    found = verify_snapshot(snapshot=stored(snapshot))
    assert found.verified
    assert not found.code_matches


def test_the_command_verifies_one_or_all(snapshot):
    for arguments in ([str(snapshot.pk)], ["--all"]):
        out = StringIO()
        call_command("verify_snapshot", *arguments, stdout=out)
        assert f"snapshot {snapshot.pk}: verified" in out.getvalue()


def test_the_command_fails_when_a_snapshot_is_not_what_the_votes_give(snapshot):
    raw_update(Vote, Vote.objects.filter(outcome="first").first().pk, outcome="second")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("verify_snapshot", "--all", stdout=out)
    assert "NOT verified" in out.getvalue()


@pytest.mark.parametrize("arguments", [[], ["1", "--all"], ["4711"]])
def test_the_command_refuses_what_it_cannot_verify(db, arguments):
    with pytest.raises(CommandError):
        call_command("verify_snapshot", *arguments)


def raw_update(model, pk, **values) -> None:
    """Change a row behind the back of the insert-only manager, as an intruder would."""
    QuerySet(model).filter(pk=pk).update(**values)
