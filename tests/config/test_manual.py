"""The texts under docs/ as pages: those that explain numbers and procedures."""

import re

import pytest

from config import manual


@pytest.fixture
def reader(client, make_user):
    client.force_login(make_user("dave", "researcher"))
    return client


@pytest.mark.parametrize("name", manual.NAMES)
def test_a_text_is_a_page_whose_links_lead_somewhere(reader, name):
    response = reader.get(f"/manual/{name}/")
    assert response.status_code == 200
    html = response.content.decode()
    text = html.partition('<div class="manual"')[2]
    # The policy of the site refuses styles within a page.
    assert " style=" not in text
    for href in re.findall(r'href="([^"]*)"', text):
        if href.startswith("/"):
            assert reader.get(href).status_code == 200
        elif href.startswith("#"):
            assert f'id="{href[1:]}"' in html
        else:
            assert href.startswith("https://")


def test_sections_are_listed_and_found(reader):
    html = reader.get("/manual/methods/").content.decode()
    assert html.count("<h1") == 1
    assert '<a href="#intervals">Intervals</a>' in html
    assert '<h2 id="intervals"' in html


def test_other_files_are_no_pages(reader):
    for name in ("production", "openapi", "nothing"):
        assert reader.get(f"/manual/{name}/").status_code == 404


def test_raters_are_not_let_in(client, make_user):
    client.force_login(make_user("bob", "rater"))
    assert client.get("/manual/methods/").status_code == 403
