"""The API's documentation: every operation has its page, and only those who read see it."""

import json
import re

import pytest
from django.test import Client

from config.api_docs import operations


@pytest.fixture
def researcher(dave) -> Client:
    client = Client()
    client.force_login(dave)
    return client


def test_the_index_links_every_operation(researcher):
    page = researcher.get("/api/v1/docs/").content.decode()
    assert len(operations()) > 70
    for one in operations().values():
        assert f'/docs/{one.key}/"' in page


def test_every_operation_has_a_page_of_its_own(researcher):
    for key in operations():
        response = researcher.get(f"/api/v1/docs/{key}/")
        assert response.status_code == 200
        assert len(response.content) < 100_000


def test_the_page_of_a_post_begins_with_a_body_that_the_api_takes(researcher):
    page = researcher.get("/api/v1/docs/tokens_create/").content.decode()
    assert "&quot;name&quot;: &quot;…&quot;" in page
    assert "Issue a token for yourself" in page


def test_fields_within_fields_are_named_by_their_path():
    names = [one.name for one in operations()["boards_retrieve"].answers[0].fields]
    assert "criteria[].rows[].rank_lower" in names


def test_an_unknown_operation_is_not_found(researcher):
    assert researcher.get("/api/v1/docs/nothing/").status_code == 404


def test_raters_have_no_documentation(bob):
    client = Client()
    client.force_login(bob)
    assert client.get("/api/v1/docs/").status_code == 403


def test_the_schema_refers_to_nothing_that_it_does_not_have(researcher):
    for _ in range(2):
        accept = {"Accept": "application/vnd.oai.openapi+json"}
        text = researcher.get("/api/v1/schema/", headers=accept).content.decode()
        wanted = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
        assert wanted <= set(json.loads(text)["components"]["schemas"])


def test_the_link_to_make_a_token_opens_the_form(client, dave):
    client.force_login(dave)
    assert 'href="/account/#make-token"' in client.get("/api/v1/docs/").content.decode()
    # Browsers open what is folded around the place an address names.
    folded = client.get("/account/").content.decode().partition("<details")[2]
    assert 'id="make-token"' in folded.partition("</details>")[0]
