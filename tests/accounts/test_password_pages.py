"""Setting a password: what is asked, where it leads, and where the cursor stands when it is wrong."""

import pytest
from django.test import Client

LONG = "correct horse battery"


def text(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def newcomer(dave) -> Client:
    """A researcher who came by a link."""
    dave.set_unusable_password()
    dave.save()
    client = Client()
    client.force_login(dave)
    return client


def test_who_came_by_a_link_is_led_to_a_password_and_back(newcomer):
    assert "/account/password/set/?next=/" in text(newcomer.get("/"))
    both = {"password1": LONG, "password2": LONG}
    answer = newcomer.post("/account/password/set/?next=/", both)
    assert (answer.status_code, answer.url) == (302, "/")
    assert "/account/password/set/" not in text(newcomer.get("/"))


def test_without_a_way_back_it_leads_to_the_account(newcomer):
    both = {"password1": LONG, "password2": LONG}
    assert newcomer.post("/account/password/set/", both).url == "/account/"
    changed = newcomer.post(
        "/account/password/change/",
        {"oldpassword": LONG, "password1": f"{LONG}!", "password2": f"{LONG}!"},
    )
    assert changed.url == "/account/"


def test_the_page_says_the_name_and_the_rules_in_a_line(newcomer):
    page = text(newcomer.get("/account/password/set/"))
    assert "sign in as dave" in page
    assert "At least 10 characters" in page
    assert "placeholder" not in page


def test_the_cursor_stands_in_the_first_field_that_is_wrong(newcomer):
    wrong = {"password1": LONG, "password2": "something else"}
    page = text(newcomer.post("/account/password/set/", wrong))
    assert page.count("autofocus") == 1
    assert "autofocus" in page.partition('name="password2"')[2].partition(">")[0]
    assert "autofocus" not in text(newcomer.get("/account/password/set/"))
