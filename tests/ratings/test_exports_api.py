"""Files over HTTP: streamed, named, in three formats."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from ratings.exports.columns import COLUMNS
from ratings.exports.records import JudgmentRow, LeaderboardRow
from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db
JUDGMENTS = "/api/v1/studies/birds/exports/judgments/"
LEADERBOARD = "/api/v1/studies/birds/exports/leaderboard/"


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12, kind="simulated"), each=4)
    return built


@pytest.fixture
def researcher(dave, client_of):
    return client_of(dave)


@pytest.fixture
def board(judged, researcher):
    return researcher.post("/api/v1/studies/birds/boards/", {}, format="json").json()


def body(response) -> bytes:
    assert response.streaming
    return b"".join(response.streaming_content)


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("jsonl", "application/x-ndjson"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
def test_judgments_are_streamed_under_a_name(judged, researcher, file_format, media_type):
    response = researcher.get(f"{JUDGMENTS}?format={file_format}")
    assert response.status_code == 200
    assert response["Content-Type"] == media_type
    assert response["Content-Disposition"] == (
        f'attachment; filename="birds-judgments.{file_format}"'
    )
    content = body(response)
    rows = {
        "csv": lambda: len(list(csv.DictReader(io.StringIO(content.decode(), newline="")))),
        "jsonl": lambda: len(content.splitlines()),
        "parquet": lambda: pq.read_table(io.BytesIO(content)).num_rows,
    }[file_format]()
    assert rows == 18 * 4 * 2


def test_csv_is_what_comes_without_a_format(judged, researcher):
    assert body(researcher.get(JUDGMENTS)) == body(researcher.get(f"{JUDGMENTS}?format=csv"))


def test_simulated_raters_are_labelled_on_every_row(judged, researcher):
    lines = body(researcher.get(f"{JUDGMENTS}?format=jsonl")).splitlines()
    assert {json.loads(line)["rater_kind"] for line in lines} == {"simulated"}


def test_the_leaderboard_has_the_fields_names_and_the_snapshots_numbers(board, researcher):
    content = body(researcher.get(f"{LEADERBOARD}?format=jsonl"))
    rows = [json.loads(line) for line in content.splitlines()]
    assert len(rows) == 3 * 3
    assert list(rows[0]) == list(LeaderboardRow._fields)
    best = board["criteria"][0]["rows"][0]
    assert rows[0]["criterion"] == "helpfulness"
    assert (rows[0]["model"], rows[0]["rating"], rows[0]["rating_lower"]) == (
        best["model"],
        best["rating"],
        best["rating_lower"],
    )
    assert (rows[0]["n_battles"], rows[0]["win_rate"]) == (best["battles"], best["win_rate"])
    assert rows[0]["rater_kinds"] == "simulated"
    for row in rows:
        ahead = [o["tier"] for o in rows if (o["rank_upper"] or 9) < (row["rank_lower"] or 0)
                 and o["criterion"] == row["criterion"]]  # fmt: skip
        assert row["tier"] == 1 + max(ahead, default=0)
    assert rows[0]["snapshot_digest"] == board["digest"]
    assert (rows[-1]["criterion"], rows[-1]["n_battles"]) == ("composite", None)
    assert rows[-1]["interim"] is True


def test_one_criterion_of_the_leaderboard_is_enough_where_asked(board, researcher):
    content = body(researcher.get(f"{LEADERBOARD}?format=jsonl&criterion=composite"))
    assert {json.loads(line)["criterion"] for line in content.splitlines()} == {"composite"}


@pytest.mark.parametrize(
    "query",
    ["format=xlsx", "format=", "superseded=perhaps", "criterion=helpfulness", "page=1"],
)
def test_refuses_what_a_judgments_file_cannot_be(judged, researcher, query):
    response = researcher.get(f"{JUDGMENTS}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_refuses_a_leaderboard_that_was_never_taken_and_unknown_criteria(judged, researcher):
    assert researcher.get(LEADERBOARD).json()["code"] == "no_snapshot"
    researcher.post("/api/v1/studies/birds/boards/", {}, format="json")
    response = researcher.get(f"{LEADERBOARD}?criterion=beauty")
    assert (response.status_code, response.json()["code"]) == (400, "criterion")


def test_a_study_that_is_not_there_has_no_files(researcher):
    assert researcher.get("/api/v1/studies/fish/exports/judgments/").status_code == 404


def test_the_command_exports_the_leaderboard_too(board, tmp_path):
    target = tmp_path / "board.parquet"
    call_command("export", "birds", "leaderboard", format="parquet", output=target)
    assert pq.read_table(target).num_rows == 9


@pytest.mark.parametrize("kind", [JudgmentRow, LeaderboardRow])
def test_every_column_is_explained_and_no_other(kind):
    assert sorted(COLUMNS[kind]) == sorted(kind._fields)
    assert all(words.endswith(".") for words in COLUMNS[kind].values())


def test_the_words_of_the_columns_are_served_and_stand_in_the_parquet_file(board, researcher):
    words = researcher.get("/api/v1/exports/columns/").json()
    assert words == {
        "judgments": COLUMNS[JudgmentRow],
        "leaderboard": COLUMNS[LeaderboardRow],
    }
    content = body(researcher.get(f"{LEADERBOARD}?format=parquet"))
    field = pq.read_schema(io.BytesIO(content)).field("online_elo")
    assert field.metadata[b"description"].decode() == words["leaderboard"]["online_elo"]
