"""While a study is open its models stand under codes, for all but admins: on pages, in the API, in files."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.utils import timezone

from ratings.models import ExportFile
from ratings.services import export_files
from ratings.services.identities import codes_of
from ratings.services.snapshots import take_snapshot
from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

pytestmark = pytest.mark.django_db
NAMES = ("aardvark", "buffalo", "cassowary")


@pytest.fixture
def built(settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    made = build_study(models=NAMES, criteria=[FOUR_WAY, GRADED])
    judge_at_random(made, make_raters(12), each=4)
    return made


@pytest.fixture
def snapshot(built):
    take_snapshot(version=built.version, now=timezone.now(), seed=1)
    return take_snapshot(version=built.version, now=timezone.now())[0]


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def addresses(snapshot):
    """Every address that shows a board or a file, with codes in its query."""
    a, b = "model-1", "model-2"
    api = "/api/v1"
    return [
        "/studies/birds/board/",
        f"/boards/{snapshot.pk}/",
        f"/boards/{snapshot.pk}/two/?a={a}&b={b}",
        f"/studies/birds/boards/changes/?from={snapshot.pk - 1}&to={snapshot.pk}",
        "/studies/birds/exports/",
        f"{api}/boards/{snapshot.pk}/",
        f"{api}/boards/{snapshot.pk}/compare/?a={a}&b={b}",
        f"{api}/studies/birds/boards/",
        *(
            f"{api}/studies/birds/exports/{what}/?format={kind}"
            for what in ("judgments", "leaderboard")
            for kind in ("csv", "jsonl")
        ),
    ]


def content(response) -> str:
    assert response.status_code == 200
    body = b"".join(response) if response.streaming else response.content
    return body.decode().lower()


def test_no_name_is_in_anything_that_a_researcher_reads(addresses, dave):
    for address in addresses:
        text = content(signed_in(dave).get(address))
        assert not [name for name in NAMES if name in text], address


def test_an_admin_reads_the_names(addresses, snapshot, alice):
    assert "aardvark" in content(signed_in(alice).get("/studies/birds/board/"))
    pair = f"/boards/{snapshot.pk}/two/?a=aardvark&b=buffalo"
    assert "aardvark" in content(signed_in(alice).get(pair))


def test_when_the_study_is_closed_everybody_who_reads_reads_the_names(built, snapshot, dave):
    built.study.state = "closed"
    built.study.save()
    page = content(signed_in(dave).get("/studies/birds/board/"))
    assert "aardvark" in page
    assert "stand under codes" not in page


def test_coded_judgments_carry_no_id_that_tells_and_agree_with_the_named_ones(built, alice, dave):
    address = "/api/v1/studies/birds/exports/judgments/?format=jsonl"
    coded = [json.loads(one) for one in content(signed_in(dave).get(address)).splitlines()]
    named = [json.loads(one) for one in content(signed_in(alice).get(address)).splitlines()]
    code = {name.slug: codes_of(built.study)[name.pk] for name in built.models}
    for one, other in zip(coded, named, strict=True):
        assert one["model_a_version_id"] is one["completion_b_id"] is None
        for key in ("model_a", "model_b", "first", "second"):
            assert one[key] == code[other[key]]
        assert one["winner"] == other["winner"]


def test_a_coded_parquet_file_keeps_its_columns(built, dave):
    address = "/api/v1/studies/birds/exports/judgments/?format=parquet"
    response = signed_in(dave).get(address)
    table = pq.read_table(io.BytesIO(b"".join(response)))
    assert table.schema.field("completion_a_id").type == "int64"
    assert table["completion_a_id"].null_count == table.num_rows > 0


def test_a_file_written_for_an_admin_is_not_a_researchers(built, alice, dave):
    asked = {"what": "judgments", "format": "csv"}
    for user in (alice, dave):
        assert signed_in(user).post("/studies/birds/exports/", asked).status_code == 302
    named, coded = ExportFile.objects.order_by("pk")
    assert (named.coded, coded.coded) == (False, True)
    for file in (named, coded):
        export_files.write_requested(pk=file.pk, now=timezone.now())
    assert signed_in(dave).get(f"/exports/{named.pk}/").status_code == 403
    text = content(signed_in(dave).get(f"/exports/{coded.pk}/"))
    assert {row["model_a"] for row in csv.DictReader(io.StringIO(text))} <= set(
        codes_of(built.study).values()
    )
    assert "aardvark" in content(signed_in(alice).get(f"/exports/{named.pk}/"))
