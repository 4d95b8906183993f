"""Pools over the API: permissions, uploads of every kind, refusals, pages."""

import io
import json
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prompts.models import Prompt, PromptPool, PromptPoolVersion
from prompts.services import create_pool, import_prompts

pytestmark = pytest.mark.django_db

TWO = b'{"id": "a", "prompt": "One?"}\n{"id": "b", "turns": ["Two?", "More?"]}\n'
IMPORTS = "/api/v1/pools/first/imports/"


@pytest.fixture
def admin(alice, client_of):
    return client_of(alice)


@pytest.fixture
def pool() -> PromptPool:
    return create_pool(slug="first", name="First")


def form(data=TWO, name="p.jsonl", **fields):
    file = io.BytesIO(data)
    file.name = name
    return {"file": file, **fields}


def test_creates_lists_and_shows_pools(admin):
    body = {"slug": "mt", "name": "MT-bench", "licence": "Apache-2.0"}
    created = admin.post("/api/v1/pools/", body, format="json")
    assert created.status_code == 201
    assert created.json()["n_versions"] == 0
    again = admin.post("/api/v1/pools/", body, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "slug_taken")
    assert admin.get("/api/v1/pools/").json()["results"] == [created.json()]
    assert admin.get("/api/v1/pools/mt/").json() == created.json()
    assert admin.get("/api/v1/pools/none/").status_code == 404


def test_refuses_unknown_fields_and_bad_slugs(admin):
    for body in ({"slug": "a", "colour": "red"}, {"slug": "not a slug"}, {}, []):
        assert admin.post("/api/v1/pools/", body, format="json").status_code == 400
    assert not PromptPool.objects.exists()


@pytest.mark.parametrize(("who", "read"), [("bob", 403), ("dave", 200)])
def test_raters_see_nothing_and_researchers_only_read(who, read, request, client_of, pool):
    version = import_prompts(pool=pool, data=TWO, filename="p.jsonl").version
    client = client_of(request.getfixturevalue(who))
    inside = f"/api/v1/pools/first/versions/{version.number}/"
    for path in ("/api/v1/pools/", "/api/v1/pools/first/", inside, f"{inside}prompts/"):
        assert client.get(path).status_code == read, path
    assert client.get("/api/v1/pools/first/versions/").status_code == read
    assert client.post("/api/v1/pools/", {"slug": "x"}, format="json").status_code == 403
    assert client.post(IMPORTS, form(), format="multipart").status_code == 403
    assert client.post(f"{inside}publish/").status_code == 403
    assert client.post(f"{inside}references/", form(), format="multipart").status_code == 403
    assert client.delete(inside).status_code == 403
    assert PromptPoolVersion.objects.get().state == "draft"


def test_nobody_gets_in_without_a_token(client, pool):
    assert client.get("/api/v1/pools/").status_code == 401
    assert client.post(IMPORTS, form()).status_code == 401


def test_uploads_a_form_publishes_and_pages(admin, pool):
    done = admin.post(IMPORTS, form(), format="multipart")
    assert done.status_code == 201
    report = done.json()
    assert (report["n_imported"], report["version"], report["shape"]) == (2, 1, "own")
    published = admin.post("/api/v1/pools/first/versions/1/publish/")
    assert (published.status_code, published.json()["state"]) == (200, "published")
    assert admin.post("/api/v1/pools/first/versions/1/publish/").json() == published.json()
    page = admin.get("/api/v1/pools/first/versions/1/prompts/?page_size=1").json()
    assert (page["count"], page["results"][0]["external_id"]) == (2, "a")
    [version] = admin.get("/api/v1/pools/first/versions/").json()["results"]
    assert (version["n_prompts"], version["digest"]) == (2, published.json()["digest"])
    refused = admin.delete("/api/v1/pools/first/versions/1/")
    assert (refused.status_code, refused.json()["code"]) == (409, "published")


def test_uploads_a_raw_body_with_options_in_the_query(admin, pool):
    path = f"{IMPORTS}?filename=q.csv&columns=prompt%3Dq,id%3Dn&skip_bad_rows=true"
    done = admin.post(path, b"q,n\nOne?,1\n,2\n", content_type="text/csv")
    assert (done.status_code, done.json()["n_skipped"]) == (201, 1)
    assert Prompt.objects.get().external_id == "1"


def test_a_dry_run_previews_and_stores_nothing(admin, pool):
    done = admin.post(IMPORTS, form(TWO + b"{", dry_run="true"), format="multipart")
    assert done.status_code == 200
    assert done.json()["version"] is None
    assert [one["row"] for one in done.json()["errors"]] == [3]
    assert not PromptPoolVersion.objects.exists()


def test_errors_of_rows_come_as_a_problem(admin, pool):
    done = admin.post(IMPORTS, form(TWO + b'{"prompt": 5, "id": "c"}'), format="multipart")
    problem = done.json()
    assert (done.status_code, done.headers["Content-Type"]) == (400, "application/problem+json")
    assert problem["code"] == "rows"
    assert problem["total_errors"] == 1
    assert problem["errors"][0]["row"] == 3
    assert problem["errors"][0]["column"] == "prompt"


def test_attaches_references_and_deletes_a_draft(admin, pool):
    admin.post(IMPORTS, form(), format="multipart")
    answers = json.dumps({"question_id": "a", "choices": [{"turns": ["1"]}]}).encode()
    path = "/api/v1/pools/first/versions/1/"
    done = admin.post(f"{path}references/", form(answers), format="multipart")
    assert done.json() == {"n_attached": 1}
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404


def test_refuses_a_file_that_is_too_large_before_reading_it(admin, pool, settings):
    settings.UPLOAD_MAX_BYTES = 1024
    for size in (2048, 200_000):
        done = admin.post(IMPORTS, form(b"x" * size), format="multipart")
        assert (done.status_code, done.json()["code"]) == (413, "too_large")
        done = admin.post(IMPORTS, b"x" * size, content_type="text/csv")
        assert done.status_code == 413
    lying = admin.post(IMPORTS, b"x", content_type="text/csv", CONTENT_LENGTH="99999999999")
    assert lying.status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "text/csv", 400),
        (b"", "application/json", 400),
        (b"PK\x03\x04", "application/octet-stream", 415),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data", 400),
        (b"--x" + b"-" * 500_000, "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 10_000 + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            400,
        ),
    ],
)
def test_refuses_hostile_bodies_quickly(admin, pool, body, content_type, status):
    start = time.process_time()
    done = admin.post(IMPORTS, body, content_type=content_type)
    assert (done.status_code, done.headers["Content-Type"]) == (status, "application/problem+json")
    assert time.process_time() - start < 5
    assert not PromptPoolVersion.objects.exists()


def test_refuses_compressed_bodies_wrong_options_and_missing_files(admin, pool):
    packed = admin.post(IMPORTS, b"x", content_type="text/csv", HTTP_CONTENT_ENCODING="gzip")
    assert packed.status_code == 415
    for options in ({"dry_run": "maybe"}, {"colour": "red"}, {"columns": "prompt"}):
        assert admin.post(IMPORTS, form(**options), format="multipart").status_code == 400
    assert admin.post(IMPORTS, {"dry_run": "true"}, format="multipart").status_code == 400
    two = form() | {"other": io.BytesIO(b"x")}
    assert admin.post(IMPORTS, two, format="multipart").status_code == 400
    assert admin.post("/api/v1/pools/none/imports/", form(), format="multipart").status_code == 404
    assert admin.put(IMPORTS, form(), format="multipart").status_code == 405


@pytest.mark.parametrize(
    "name",
    ["../../x.jsonl", "a\\b\\x.jsonl", "con.jsonl", "\u202elnosj.jsonl", "x" * 900 + ".jsonl"],
)
def test_shows_an_odd_file_name_harmlessly(admin, pool, name):
    done = admin.post(f"{IMPORTS}?dry_run=true", form(name=name), format="multipart")
    assert done.status_code == 200
    shown = done.json()["filename"]
    assert shown.isprintable()
    assert len(shown) <= 120
    assert not set(shown) & set("/\\")


@pytest.mark.parametrize(
    "query",
    ["page_size=1000000000", "page=-1", "page=0x", "page=99999999999999999999", "ordering=__"],
)
def test_odd_pages_are_clamped_or_refused(admin, pool, query):
    import_prompts(pool=pool, data=TWO, filename="p.jsonl")
    done = admin.get(f"/api/v1/pools/first/versions/1/prompts/?{query}")
    assert done.status_code in {200, 400, 404}
    huge = admin.get(f"/api/v1/pools/first/versions/{2**70}/prompts/")
    assert huge.status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/pools/", "/api/v1/pools/first/versions/1/prompts/"])
def test_lists_ask_as_often_for_2_rows_as_for_12(admin, pool, path):
    def n_queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert admin.get(path).status_code == 200
        return len(asked)

    def grow(start, stop):
        for number in range(start, stop):
            create_pool(slug=f"pool-{number}")
            data = json.dumps([{"id": number, "prompt": f"Prompt {number}?"}]).encode()
            import_prompts(pool=pool, data=data, filename="p.json")

    grow(0, 2)
    n_queries()  # the first call notes the token's use
    few = n_queries()
    grow(2, 12)
    assert n_queries() == few
