"""A researcher's whole way: read the board, compare GPT-4 with LLaMA 2, take the votes home."""

import csv
import hashlib
import io
import json
import re

import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from ratings.models import ExportFile
from ratings.services import export_files
from ratings.services.snapshots import take_snapshot
from tests.ratings.studies import FOUR_WAY, GRADED, Given, build_study, make_raters, submit

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.django_db(transaction=True)]
A4 = 680  # pixels between margins of 15 mm
MODELS = ("gpt-4", "llama-2-70b-chat", "vicuna-13b")
READERS = {
    "csv": lambda path: list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))),
    "jsonl": lambda path: [json.loads(line) for line in path.read_bytes().splitlines()],
    "parquet": lambda path: pq.read_table(path).to_pylist(),
}


@pytest.fixture
def study(settings, tmp_path):
    """A closed study in which GPT-4 is preferred on helpfulness, and nobody on truthfulness."""
    settings.EXPORT_DIR = tmp_path / "exports"
    built = build_study(models=MODELS, prompts=20, criteria=[FOUR_WAY, GRADED], state="closed")
    raters = make_raters(12)
    submit(built, list(_votes(built, raters)))
    take_snapshot(version=built.version, now=timezone.now())
    return built


def _votes(built, raters):
    for at, comparison in enumerate(built.comparisons):
        for place in range(4):
            turn = at * 4 + place
            swapped = turn % 2 == 1
            first = "b" if swapped else "a"
            helpful = first if turn % 5 else ("a" if swapped else "b")
            values = {"helpfulness": helpful, "truthfulness": (-1, 0, 1)[turn % 3]}
            yield Given(raters[turn % 12], comparison, swapped=swapped, values=values)


def test_a_board_on_a_sheet_of_a4_shows_every_column(page_of, study, dave):
    page = page_of(dave, width=A4)
    page.goto("/studies/birds/board/")
    page.emulate_media(media="print")
    tables = page.locator("table.wide:visible")
    widths = tables.evaluate_all("all => all.map((one) => one.offsetWidth)")
    assert len(widths) >= 3
    assert max(widths) <= A4


def test_from_the_first_page_to_the_verdict(page_of, study, dave, violations):
    page = page_of(dave)
    page.goto("/")
    page.get_by_role("link", name=re.compile("Board ?: Birds")).click()
    glance = page.get_by_role("region", name="Table of all criteria")
    row = glance.get_by_role("row").filter(has_text="Gpt-4")
    assert re.match(r"Gpt-4\s+1\s", row.inner_text())
    page.get_by_label("This model").select_option(label="Gpt-4")
    page.get_by_label("against this one").select_option(label="Llama-2-70B-Chat")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Gpt-4 against Llama-2-70B-Chat").wait_for()
    helpful = page.get_by_role("region", name="Helpfulness")
    assert "Gpt-4 was judged better than Llama-2-70B-Chat." in helpful.inner_text()
    truth = page.get_by_role("region", name="Truthfulness").inner_text()
    assert "judged better" not in truth
    assert "judged worse" not in truth
    page.get_by_role("button", name="What “Difference of the ratings” means").first.click()
    assert page.locator("#term-difference").is_visible()
    assert violations(page) == []


@pytest.mark.parametrize("what", ["judgments", "leaderboard"])
@pytest.mark.parametrize("kind", ["CSV", "JSON lines", "Parquet"])
def test_one_click_downloads_a_file_that_can_be_read(page_of, study, dave, tmp_path, what, kind):
    page = page_of(dave)
    page.goto("/studies/birds/board/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile(f"{kind} ?: {what}")).click()
    name = waiting.value.suggested_filename
    waiting.value.save_as(tmp_path / name)
    suffix = {"CSV": "csv", "JSON lines": "jsonl", "Parquet": "parquet"}[kind]
    assert name == f"birds-{what}.{suffix}"
    rows = READERS[suffix](tmp_path / name)
    if what == "judgments":
        assert len(rows) == len(study.comparisons) * 4 * 2
        assert {row["winner"] for row in rows} == {"model_a", "model_b", "tie"}
    else:
        assert len(rows) == 3 * 3
        assert {row["criterion"] for row in rows} == {"helpfulness", "truthfulness", "composite"}
    assert {row.get("model") or row["model_a"] for row in rows} <= set(MODELS)


def test_a_file_with_a_checksum_is_written_while_the_page_waits(page_of, study, dave, tmp_path):
    page = page_of(dave)
    page.goto("/studies/birds/exports/")
    page.get_by_role("button", name="Write it").click()
    page.get_by_text("waits for a worker").wait_for()
    export_files.write_requested(pk=ExportFile.objects.get().pk, now=timezone.now())
    # The page asks again by itself.
    link = page.get_by_role("link", name="birds-judgments.csv")
    link.wait_for()
    with page.expect_download() as waiting:
        link.click()
    waiting.value.save_as(tmp_path / "file.csv")
    digest = hashlib.sha256((tmp_path / "file.csv").read_bytes()).hexdigest()
    assert page.get_by_text(digest).is_visible()


def test_head_to_head_opens_within_the_board(page_of, study, dave, violations):
    page = page_of(dave)
    page.goto("/studies/birds/board/")
    page.get_by_text("Head to head: every pair that met").first.click()
    page.locator("svg.matrix").wait_for()
    assert page.get_by_role("link", name="Gpt-4 against Llama-2-70B-Chat").is_visible()
    assert violations(page) == []


def test_the_board_can_be_read_without_javascript(page_of, study, dave):
    page = page_of(dave, javascript=False)
    page.goto("/studies/birds/board/")
    page.get_by_text("Head to head: every pair that met").first.click()
    page.get_by_role("link", name="Head to head, Helpfulness").click()
    assert page.locator("svg.matrix").first.is_visible()
    page.go_back()
    page.get_by_role("button", name="Compare").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Gpt-4 against")


def test_the_documentation_sends_a_request_and_shows_the_answer(page_of, study, dave):
    page = page_of(dave)
    page.goto("/api/v1/docs/")
    page.get_by_role("link", name="GET /api/v1/studies/{slug}/", exact=True).click()
    page.get_by_label("slug").fill("birds")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("200 OK").wait_for()
    assert '"slug": "birds"' in page.get_by_label("Answer").inner_text()
