"""What is wrong with a file is said alike over the API, on the page and by the command."""

import io

import pytest
from django.core.management import CommandError, call_command

from prompts.models import Prompt, PromptPool, PromptUpload
from prompts.services import create_pool
from tests.prompts.test_read_prompts import ROWS, WHOLE

CASES = {name: case[:2] for name, case in (WHOLE | ROWS).items()}


@pytest.fixture
def pool(db) -> PromptPool:
    return create_pool(slug="first", name="First")


def named(data: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


@pytest.mark.parametrize(("data", "name"), CASES.values(), ids=CASES)
def test_a_bad_file_is_refused_by_every_way_in(
    pool, alice, client, client_of, tmp_path, data, name
):
    over_api = client_of(alice).post(
        "/api/v1/pools/first/imports/", {"file": named(data, name)}, format="multipart"
    )
    problem = over_api.json()
    assert over_api.status_code in {400, 413, 415}
    assert over_api["Content-Type"] == "application/problem+json"
    assert problem["detail"]

    client.force_login(alice)
    kept = client.post("/pools/upload/", {"file": named(data, name), "pool": "first"})
    if data:  # an empty file is refused at the field
        assert kept.status_code == 302
        shown = client.get(kept["Location"])
        refused = client.post(kept["Location"], {})
        assert (shown.status_code, refused.status_code) == (200, 400)
        assert PromptUpload.objects.exists()
    else:
        assert kept.status_code == 400

    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CommandError) as told:
        call_command("import_prompts", path, pool="first")
    assert str(told.value).strip()

    assert not Prompt.objects.exists()


@pytest.mark.parametrize(("data", "name"), [case[:2] for case in ROWS.values()], ids=ROWS)
def test_a_bad_row_is_named_and_can_be_left_out(pool, alice, client_of, data, name):
    api = client_of(alice)
    address = "/api/v1/pools/first/imports/?skip_bad_rows=true"
    report = api.post(address, {"file": named(data, name)}, format="multipart").json()
    assert (report["n_imported"], report["n_skipped"]) == (1, 1)
    assert report["errors"][0]["row"]
    assert Prompt.objects.get().messages[0]["content"] == "ok"
