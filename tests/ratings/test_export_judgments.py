"""Judgments as files: both frames, who judged, and what counts."""

import csv
import hmac
import io
import json
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, Invalid
from judging.models import Judgment, Study
from judging.scales import scale_of
from judging.services.assignments import find_assignment, lease_next
from judging.services.judgments import record_judgment
from ratings.dataset.judgments import judgment_rows
from ratings.services.exports import export, write_export
from tests.ratings.studies import (
    FOUR_WAY,
    GRADED,
    START,
    Given,
    build_study,
    forfeit,
    judge_at_random,
    make_raters,
    submit,
    vote_of,
)
from tests.scenarios import published_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def built():
    return build_study(models=("ant", "bee"), criteria=[FOUR_WAY, GRADED])


def content(study, file_format, **options) -> bytes:
    return b"".join(
        export(study=study, what="judgments", file_format=file_format, **options).content
    )


def test_a_swapped_vote_is_written_as_shown_and_in_the_canonical_frame(built):
    (rater,) = make_raters(1, kind="simulated")
    values = {"helpfulness": "a", "truthfulness": -2}
    (judgment,) = submit(built, [Given(rater, built.comparisons[0], True, values, "=why")])
    helpful, truthful = judgment_rows(version=built.version)
    ant, bee = built.models
    assert (helpful.model_a, helpful.model_b, helpful.winner) == ("bee", "ant", "model_a")
    assert (helpful.first, helpful.second, helpful.outcome) == ("ant", "bee", "second")
    assert (helpful.model_a_version_id, helpful.model_b_version_id) == (bee.pk, ant.pk)
    comparison = built.comparisons[0]
    assert (helpful.completion_a_id, helpful.completion_b_id) == (
        comparison.second_id,
        comparison.first_id,
    )
    assert (truthful.display_value, truthful.grade, truthful.winner) == ("-2", 2, "model_a")
    assert helpful.swapped
    assert (helpful.rater, helpful.rater_kind) == (rater.pseudonym, "simulated")
    assert (helpful.scale, truthful.scale) == ("four_way", "graded7")
    assert helpful.protocol_digest == built.version.digest
    assert (helpful.prompt_id, helpful.prompt_pool, helpful.prompt_pool_digest) == (
        "q0",
        "birds-pool",
        "d" * 64,
    )
    assert (helpful.judgment_id, helpful.submitted_at) == (judgment.pk, START)
    assert (helpful.source, helpful.superseded, helpful.comment) == ("judgment", False, "=why")


def test_every_side_can_be_drawn_again_from_the_file_and_the_seed(now):
    """As the documentation says it, from what a file holds alone."""
    scene = published_study(prompts=12, models=3, now=now)
    for rater in (scene.bob, scene.carol):
        for _ in range(12):
            token = lease_next(rater=rater, slug="study", now=now).blinded.token
            held = find_assignment(rater=rater, token=token)
            record_judgment(assignment=held, body=scene.body, now=now)
    rows = list(judgment_rows(version=scene.version))
    assert len(rows) == 24
    assert {round(row.swap_probability, 9) for row in rows} == {0.2, 0.5, 0.8}
    assert {round(1 / row.pair_probability, 9) for row in rows} <= {1, 2, 3}
    for row in rows:
        label = f"side {row.comparison_id} {row.rater}".encode()
        mac = hmac.new(scene.study.secret_seed.encode(), label, "sha256").digest()
        drawn = (int.from_bytes(mac[:8], "big") >> 11) / 2**53
        assert row.swapped == (drawn < row.swap_probability)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("value", "winner"),
    [
        ("a", "model_a"),
        ("b", "model_b"),
        ("tie", "tie"),
        ("both_bad", "both_bad"),
        ("cannot_judge", None),
    ],
)
def test_the_winner_is_in_the_display_frame(built, value, winner, swapped):
    (rater,) = make_raters(1)
    submit(built, [Given(rater, built.comparisons[0], swapped, {"helpfulness": value})])
    (row,) = judgment_rows(version=built.version)
    assert row.winner == winner
    assert row.display_value == value


def test_only_what_counts_is_written_unless_superseded_rows_are_asked_for(built):
    (rater,) = make_raters(1)
    (first,) = submit(built, [Given(rater, built.comparisons[0], False, {"helpfulness": "a"})])
    second = Judgment.objects.create(
        assignment=first.assignment,
        revision=1,
        submitted_at=START + timedelta(seconds=9),
        body_digest="c" * 64,
    )
    vote_of(second, "helpfulness", "b", scale_of("four_way"), swapped=False).save()
    assert [row.winner for row in judgment_rows(version=built.version)] == ["model_b"]
    every = list(judgment_rows(version=built.version, superseded=True))
    assert [(row.revision, row.superseded, row.winner) for row in every] == [
        (0, True, "model_a"),
        (1, False, "model_b"),
    ]


def test_a_forfeit_is_written_as_often_as_it_counts_and_says_that_nobody_judged(built):
    forfeit(built, built.comparisons[0], "first")
    rows = list(judgment_rows(version=built.version))
    assert len(rows) == 2 * 3
    assert {(row.source, row.judgment_id, row.rater, row.rater_kind) for row in rows} == {
        ("forfeit", None, "", "")
    }
    assert {(row.model_a, row.winner) for row in rows} == {("ant", "model_b")}


def test_the_three_formats_hold_the_same_rows(built):
    judge_at_random(built, make_raters(4), each=4)
    rows = list(judgment_rows(version=built.version))
    lines = [json.loads(line) for line in content(built.study, "jsonl").splitlines()]
    table = pq.read_table(io.BytesIO(content(built.study, "parquet"))).to_pylist()
    cells = list(csv.DictReader(io.StringIO(content(built.study, "csv").decode(), newline="")))
    assert len(rows) == len(lines) == len(table) == len(cells) == 6 * 4 * 2
    assert [tuple(row.values()) for row in table] == rows
    for row, line, cell in zip(rows, lines, cells, strict=True):
        assert [line["winner"], line["grade"]] == [row.winner, row.grade]
        assert cell["winner"] == (row.winner or "")
        assert cell["grade"] == ("" if row.grade is None else str(row.grade))
        assert cell["display_value"] == row.display_value


def test_formulas_in_comments_are_escaped_in_csv_and_kept_in_jsonl(built):
    (rater,) = make_raters(1)
    given = Given(rater, built.comparisons[0], False, {"helpfulness": "a"}, '=HYPERLINK("x")')
    submit(built, [given])
    (cell,) = csv.DictReader(io.StringIO(content(built.study, "csv").decode(), newline=""))
    assert cell["comment"] == "'" + given.comment
    assert json.loads(content(built.study, "jsonl"))["comment"] == given.comment


def test_the_number_of_queries_does_not_grow_with_the_rows(built):
    raters = make_raters(12)
    submit(built, [Given(raters[0], built.comparisons[0], False, {"helpfulness": "a"})])
    with CaptureQueriesContext(
        connection,
    ) as few:
        list(judgment_rows(version=built.version))
    submit(
        built,
        [Given(rater, built.comparisons[1], False, {"helpfulness": "a"}) for rater in raters],
    )
    with CaptureQueriesContext(connection) as many:
        assert len(list(judgment_rows(version=built.version))) == 13
    assert len(many) == len(few)


def test_refuses_an_unknown_format_and_an_unpublished_study(built):
    with pytest.raises(Invalid, match="csv, jsonl, parquet"):
        export(study=built.study, what="judgments", file_format="xlsx")
    draft = Study.objects.create(slug="draft", name="Draft", secret_seed="s")
    with pytest.raises(Conflict):
        export(study=draft, what="judgments", file_format="csv")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    def broken():
        yield b"half"
        raise RuntimeError("the database went away")

    target = tmp_path / "out.csv"
    target.write_bytes(b"before")
    with pytest.raises(RuntimeError):
        write_export(content=broken(), path=target)
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert write_export(content=iter([b"a", b"b"]), path=target) == 2
    assert target.read_bytes() == b"ab"


def test_the_command_writes_to_a_file_or_to_standard_output(built, tmp_path, capfdbinary):
    (rater,) = make_raters(1)
    submit(built, [Given(rater, built.comparisons[0], False, {"helpfulness": "a"})])
    target = tmp_path / "judgments.csv"
    call_command("export", "birds", "judgments", output=target)
    call_command("export", "birds", "judgments")
    assert capfdbinary.readouterr().out == target.read_bytes()
    assert target.read_bytes().startswith(b"study,study_version,")


@pytest.mark.parametrize("arguments", [["fish", "judgments"], ["birds", "leaderboard"]])
def test_the_command_says_what_there_is_not(built, arguments):
    with pytest.raises(CommandError):
        call_command("export", *arguments)
