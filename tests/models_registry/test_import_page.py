"""The page that takes files of answers: what it says afterwards, and where it leads."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile


@pytest.fixture
def imported(make_pool, client, alice):
    """Answers a new model's prompts of a pool of two, through the page."""
    version = make_pool(["one", "two"])
    client.force_login(alice)

    def imported(*prompts):
        rows = "\n".join(json.dumps({"prompt": one, "text": "so"}) for one in prompts)
        file = SimpleUploadedFile("answers.jsonl", rows.encode())
        typed = {"file": file, "name": "GPT-4", "pool_version": version.pk}
        page = client.post("/models/import/", typed).content.decode()
        return version.pool, page

    return imported


def test_prompts_that_still_lack_an_answer_are_counted(imported):
    pool, page = imported("one")
    assert f"1 prompt of {pool.name} still has no answer of GPT-4." in page
    assert "still ha" not in imported("two")[1]


def test_the_next_file_is_for_the_same_pool(imported):
    pool, page = imported("one")
    assert f'href="/models/import/?pool={pool.slug}@1">Import another file' in page
