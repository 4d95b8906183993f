"""The page on which admins make accounts of admins and researchers."""

import re

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def text(answer) -> str:
    return answer.content.decode()


def link_in(answer) -> str:
    return re.search(r'value="http://testserver(/sign-in/[^"]+)"', text(answer))[1]


def test_a_researcher_is_made_and_comes_in_by_the_link(page):
    made = page.post("/people/", {"username": "rita", "role": "researcher"})
    assert User.objects.get(username="rita").role == "researcher"
    rita = Client()
    assert rita.post(link_in(made)).status_code == 302
    assert "Researcher" in text(rita.get("/account/"))
    assert rita.get("/people/").status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"username": "a b", "role": "researcher"}, {"username": "x", "role": "rater"}]
)
def test_what_cannot_be_made_is_said_at_the_form(page, wrong):
    before = User.objects.count()
    assert page.post("/people/", wrong).status_code == 400
    assert User.objects.count() == before


def test_a_name_with_a_space_is_refused_in_one_sentence(page):
    refused = page.post("/people/", {"username": "a b", "role": "researcher"})
    said = "letters, digits and @ . + - _ only, with no space in between"
    assert refused.context["form"].errors["username"] == [f"The name “a b” cannot be used: {said}."]


def test_a_closed_account_opens_nothing_until_it_is_opened_again(page, dave):
    researcher = Client()
    researcher.force_login(dave)
    page.post("/people/dave/close/")
    assert researcher.get("/account/").status_code == 302
    assert page.post("/people/dave/link/").status_code == 400
    page.post("/people/dave/reopen/")
    again = Client()
    assert again.post(link_in(page.post("/people/dave/link/"))).status_code == 302


def test_nobody_closes_their_own_account_and_raters_are_not_here(page, alice, bob):
    assert page.post(f"/people/{alice.username}/close/").status_code == 409
    assert page.post(f"/people/{bob.username}/close/").status_code == 404
    alice.refresh_from_db()
    assert alice.is_active
    assert "You" in text(page.get("/people/"))
