"""The leaderboard in a terminal."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ratings.models import LeaderboardSnapshot
from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12, kind="simulated"), each=4)
    return built


def printed(*arguments) -> str:
    out = StringIO()
    call_command("leaderboard", "birds", *arguments, stdout=out)
    return out.getvalue()


def test_every_criterion_and_the_composite_are_aligned_tables(judged):
    text = printed()
    assert "interim" in text
    assert "simulated (12 raters, 72 judgments)" in text
    assert "Clustered by rater" in text
    titles = [line for line in text.splitlines() if line.startswith(("Help", "Truth", "Comp"))]
    assert [title.split()[0] for title in titles] == ["Helpfulness", "Truthfulness", "Composite"]
    lines = text.splitlines()
    header = next(line for line in lines if "95% interval" in line)
    start = header.index("model")
    table = lines[lines.index(header) + 1 :][:3]
    assert sorted(line[start:].split()[0] for line in table) == ["ant", "bee", "cow"]


def test_one_criterion_where_asked(judged):
    text = printed("--criterion", "truthfulness")
    assert "Truthfulness" in text
    assert "Helpfulness" not in text
    assert "Composite" in printed("--criterion", "composite")


def test_json_and_csv_hold_the_rows_of_the_export(judged):
    rows = json.loads(printed("--format", "json"))
    cells = list(csv.DictReader(StringIO(printed("--format", "csv"))))
    assert len(rows) == len(cells) == 9
    assert [row["model"] for row in rows] == [cell["model"] for cell in cells]


def test_twice_is_one_snapshot(judged):
    assert printed() == printed()
    assert LeaderboardSnapshot.objects.count() == 1


def test_a_study_nobody_judged_still_prints(db):
    build_study()
    text = printed()
    assert "nobody yet" in text
    assert "The votes do not rank any two models." in text


@pytest.mark.parametrize("arguments", [["fish"], ["birds", "--criterion", "beauty"]])
def test_says_what_there_is_not(judged, arguments):
    with pytest.raises(CommandError):
        call_command("leaderboard", *arguments)


def test_what_was_left_out_is_told_in_the_table_and_in_the_files(judged):
    judged.version.exclusions = {str(judged.models[0].pk): {"cut_off": 2, "names_maker": 1}}
    judged.version.save()
    assert f"{judged.models[0].slug}: cut_off 2; names_maker 1" in printed()
    rows = json.loads(printed("--format", "json"))
    told = {row["model"]: (row["n_excluded"], row["exclusions"]) for row in rows}
    assert told[judged.models[0].slug] == (3, "cut_off 2; names_maker 1")
    assert told[judged.models[1].slug] == (0, "")


def test_nothing_is_told_of_left_out_answers_where_there_are_none(judged):
    assert "not shown" not in printed()
