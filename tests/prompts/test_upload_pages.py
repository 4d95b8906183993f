"""Uploading prompts on pages: preview, columns, rows with errors, import, publication."""

import io

import pytest

from prompts.models import Prompt, PromptPool, PromptPoolVersion, PromptUpload
from prompts.services import create_pool, import_prompts, pools

GOOD = b'{"prompt": "One?"}\n{"prompt": "Two?"}\n'
BAD = b'{"prompt": "One?"}\n{"prompt": ""}\n{"prompt": "Three?"}\n'


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def upload(page):
    """Upload a file, and return the address of its preview."""

    def send(data=GOOD, name="p.jsonl", **fields):
        file = io.BytesIO(data)
        file.name = name
        answer = page.post("/pools/upload/", {"file": file, **fields})
        assert answer.status_code == 302, answer.content.decode()
        return answer["Location"]

    return send


def text(answer) -> str:
    return answer.content.decode()


def test_a_file_is_looked_at_imported_and_published(page, upload):
    preview = upload()
    shown = text(page.get(preview))
    assert "<strong>2</strong> prompts to import" in shown
    assert "recognised as" not in shown
    assert "Import 2 prompts" in shown
    assert not Prompt.objects.exists()
    draft = page.post(preview, {"pool_name": "My own"})["Location"]
    assert draft == "/pools/my-own/versions/1/"
    assert "2 prompts imported." in text(page.get(draft))
    page.post(draft + "publish/")
    assert PromptPoolVersion.objects.get().state == "published"
    assert not PromptUpload.objects.exists()


def test_rows_with_errors_are_shown_with_row_column_and_what_to_do(page, upload):
    preview = upload(BAD)
    shown = text(page.get(preview))
    assert "1</strong> row with errors" in shown
    assert '<th scope="row">2</th>' in shown
    assert "<code>prompt</code>" in shown
    refused = page.post(preview, {"pool_name": "Mine"})
    assert refused.status_code == 400
    assert "1 of 3 rows have errors; nothing was imported." in text(refused)
    assert not PromptPool.objects.exists()
    done = page.post(preview, {"pool_name": "Mine", "skip_bad_rows": "on"})
    told = text(page.get(done["Location"]))
    assert "2 prompts imported. 1 rows were left out." in told


def test_columns_of_an_unknown_shape_are_chosen(page, upload):
    preview = upload(b"ask,kind\nWhy?,science\nHow?,science\n", "odd.csv")
    shown = text(page.get(preview))
    assert "Choose below which column holds the prompts." in shown
    chosen = {"source": "ask", "holds": "prompt", "category": "kind"}
    assert "Import 2 prompts" in text(page.get(preview, chosen))
    page.post(preview, {**chosen, "pool_name": "Odd"})
    assert list(Prompt.objects.values_list("category", flat=True)) == ["science"] * 2


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("blank.jsonl", b"\n \n", "no rows"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100), ".png files are not taken"),
        ("noise.csv", bytes(range(256)) * 4, "is not UTF-8"),
        ("sheet.xlsx", b"PK\x03\x04" + bytes(60), ".xlsx files are not taken"),
        ("half.json", b'[{"prompt": "One', "not JSON at line 1"),
        ("list.json", b"[1, 2]", "holds no prompts"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_can_be_discarded(page, upload, name, data, said):
    answer = page.get(preview := upload(data, name))
    assert answer.status_code == 200
    shown = text(answer)
    assert 'role="alert"' in shown
    assert said in shown
    assert "Discard the file" in shown
    assert page.post(preview, {"pool_name": "x"}).status_code == 400
    page.post(preview + "discard/")
    assert not PromptUpload.objects.exists()


def test_a_file_past_the_limit_is_refused_before_it_is_kept(page, settings):
    settings.UPLOAD_MAX_BYTES = 100_000
    file = io.BytesIO(b"x" * 300_000)
    file.name = "large.csv"
    answer = page.post("/pools/upload/", {"file": file})
    assert answer.status_code == 400
    assert "The file is larger than" in text(answer)
    assert not PromptUpload.objects.exists()


def test_an_empty_file_is_said_at_the_field(page):
    file = io.BytesIO(b"")
    file.name = "empty.csv"
    answer = page.post("/pools/upload/", {"file": file})
    assert answer.status_code == 400
    assert "The submitted file is empty." in text(answer)


def test_no_file_at_all_is_said_at_the_field(page):
    answer = page.post("/pools/upload/", {})
    assert answer.status_code == 400
    assert "This field is required" in text(answer)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.jsonl",
        "<img src=x onerror=alert(1)>.jsonl",
        "\u202elnosj.jsonl",
        "x" * 900 + ".jsonl",
        "con.jsonl",
        "';DROP TABLE prompts;--.jsonl",
    ],
)
def test_a_hostile_file_name_is_only_a_name(page, upload, name):
    preview = upload(name=name)
    shown = text(page.get(preview))
    assert "<img src=x" not in shown
    assert "\u202e" not in shown
    pool_name = page.get(preview).context["form"]["pool_name"].value()
    draft = page.post(preview, {"pool_name": pool_name})["Location"]
    assert page.get(draft).status_code == 200
    assert Prompt.objects.count() == 2


def test_more_prompts_go_into_the_draft_of_a_pool(page, upload):
    pool = create_pool(slug="mine", name="Mine")
    import_prompts(pool=pool, data=GOOD, filename="p.jsonl")
    preview = upload(b'{"prompt": "Three?"}', pool="mine")
    assert "They are added to draft version 1, which holds 2 prompts." in text(page.get(preview))
    page.post(preview)
    assert pool.versions.get().prompts.count() == 3


def test_htmx_gets_the_preview_as_a_piece_and_an_address_to_go_to(page, upload):
    preview, htmx = upload(BAD), {"HTTP_HX_REQUEST": "true"}
    refused = page.post(preview, {"pool_name": "Mine"}, **htmx)
    assert refused.status_code == 200
    assert text(refused).lstrip().startswith('<div id="preview">')
    done = page.post(preview, {"pool_name": "Mine", "skip_bad_rows": "on"}, **htmx)
    assert done["HX-Redirect"] == "/pools/mine/versions/1/"


def test_a_draft_goes_only_when_its_name_was_typed(page):
    pool = create_pool(slug="mine", name="Mine")
    import_prompts(pool=pool, data=GOOD, filename="p.jsonl")
    refused = page.post("/pools/mine/versions/1/delete/", {"name": "yours"})
    assert refused.status_code == 409
    assert pool.versions.exists()
    page.post("/pools/mine/versions/1/delete/", {"name": "Mine"})
    assert not pool.versions.exists()


def test_raters_and_researchers_upload_nothing(client, bob, dave):
    for user in (bob, dave):
        client.force_login(user)
        assert client.get("/pools/upload/").status_code == 403
        assert client.post("/pools/upload/", {}).status_code == 403


def test_an_import_says_how_many_rows_it_has_read(page, upload, monkeypatch):
    preview = upload(data=GOOD * 5)
    assert 'max="10"' in text(page.get(preview))
    asked = preview + "progress/"
    assert page.get(asked).json() == {"rows": 0}
    told = []
    insert = pools._insert
    monkeypatch.setattr(pools, "_BATCH", 4)
    monkeypatch.setattr(
        pools, "_insert", lambda *of: (told.append(page.get(asked).json()["rows"]), insert(*of))
    )
    assert page.post(preview, {"pool_name": "Long"}).status_code == 302
    assert told == [8]
    assert page.get(asked).json() == {"rows": 0}
