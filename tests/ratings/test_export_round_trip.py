"""What is exported can be ranked as a file, and gives the board it came from."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from ratings.dataset.ballots import read_board_input
from ratings.scoring import fit_bradley_terry
from ratings.services.snapshots import take_snapshot
from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db
KEYS = ("helpfulness", "truthfulness")


@pytest.fixture
def judged():
    built = build_study(models=("ant", "bee", "cow", "dog"), criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12), each=5)
    return built


@pytest.fixture
def snapshot(judged):
    return take_snapshot(version=judged.version, now=timezone.now())[0]


def ranked(path, *options) -> dict:
    out = StringIO()
    arguments = [str(path), "--by", "criterion", "--rater", "rater", "--format", "json", *options]
    call_command("rank", *arguments, stdout=out)
    return json.loads(out.getvalue())["groups"]


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def exported(request, judged, tmp_path):
    path = tmp_path / f"votes.{request.param}"
    call_command("export", "birds", "judgments", format=request.param, output=path)
    return path


def test_half_win_ties_give_bradley_and_terrys_board_of_the_same_votes(exported, judged, snapshot):
    source = read_board_input(judged.version, up_to=snapshot.last_judgment_id)
    groups = ranked(exported, "--intervals", "none")
    assert set(groups) == set(KEYS)
    for key in KEYS:
        ballots = source.ballots[key].judged()
        votes = ballots.comparisons(source.labels, range(4))
        fit = fit_bradley_terry(votes)
        expected = dict(zip(fit.items, fit.strength, strict=True))
        found = {row["model"]: row["strength"] for row in groups[key]["models"]}
        assert found == pytest.approx(expected, abs=1e-9)
        assert groups[key]["n_votes"] == len(votes)


def test_davidsons_ties_give_the_strengths_of_the_board(exported, snapshot):
    groups = ranked(exported, "--ties", "davidson", "--intervals", "none")
    for criterion in snapshot.result["criteria"]:
        rows = {row["model"]: row["strength"] for row in criterion["rows"]}
        found = groups[criterion["key"]]["models"]
        assert {row["model"]: row["strength"] for row in found} == pytest.approx(rows, abs=1e-9)


def test_elo_over_the_file_is_the_online_elo_of_the_board(exported, snapshot):
    groups = ranked(exported, "--method", "elo")
    for criterion in snapshot.result["criteria"]:
        rows = {row["model"]: row["online_elo"] for row in criterion["rows"]}
        found = groups[criterion["key"]]["models"]
        assert {row["model"]: row["score"] for row in found} == pytest.approx(rows, abs=1e-9)


def test_what_could_not_be_judged_is_named_as_skipped_and_never_a_tie(exported, snapshot):
    groups = ranked(exported, "--intervals", "none")
    for criterion in snapshot.result["criteria"]:
        assert len(groups[criterion["key"]]["skipped"]) == criterion["cannot_judge"]
