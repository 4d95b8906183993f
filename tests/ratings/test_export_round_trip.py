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
    call_command("rank", str(path), "--format", "json", *options, stdout=out)
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


def test_the_intervals_are_those_of_the_board(exported, snapshot):
    groups = ranked(exported, "--ties", "davidson")
    for criterion in snapshot.result["criteria"]:
        group = groups[criterion["key"]]
        assert group["intervals"] == "two-way"
        assert group["n_raters"] == 12
        rows = {row["model"]: row for row in criterion["rows"]}
        for row in group["models"]:
            expected = rows[row["model"]]
            assert row["lower"] == pytest.approx(expected["rating_lower"], abs=1e-6)
            assert row["upper"] == pytest.approx(expected["rating_upper"], abs=1e-6)


def test_another_column_can_be_asked_for_instead_of_the_criterion(exported):
    assert set(ranked(exported, "--by", "rater_kind")) == {"person"}


def test_superseded_revisions_are_left_out_by_name(judged, tmp_path):
    plain, with_earlier = tmp_path / "plain.csv", tmp_path / "all.csv"
    call_command("export", "birds", "judgments", format="csv", output=plain)
    header, *lines = plain.read_text(encoding="utf-8").splitlines()
    at = header.split(",").index("superseded")
    cells = lines[0].split(",")
    assert cells[at] in {"false", "False"}
    earlier = [*cells[:at], cells[at].replace("alse", "rue").replace("f", "t").replace("F", "T")]
    again = ",".join([*earlier, *cells[at + 1 :]])
    with_earlier.write_text("\n".join([header, again, *lines]) + "\n", encoding="utf-8")
    skipped = [one for group in ranked(with_earlier).values() for one in group["skipped"]]
    reasons = {one["row"]: one["reason"] for one in skipped}
    assert reasons[2] == "superseded by a later revision"
    assert {reason for row, reason in reasons.items() if row > 2} <= {"cannot judge"}


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
