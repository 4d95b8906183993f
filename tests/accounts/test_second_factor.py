"""Where admins need a second factor they are led to it, and get nowhere else before they have one."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.services import issue_sign_in_link

SET_UP = "/account/second-factor/totp/activate/"
# The library tells of a new second factor once it is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def needed(settings):
    settings.ADMINS_NEED_SECOND_FACTOR = True


def signed_in(user) -> Client:
    """Come in as everybody does at first: by a one-time link."""
    client = Client()
    link = issue_sign_in_link(user=user, now=timezone.now())
    client.post(f"/sign-in/{link}/")
    return client


def code_of(page: str, *, ahead: int = 0) -> str:
    """What the app shows for the key on the page; `ahead` 1 is the next, as each is taken once."""
    key = re.search(r'class="fours">(.+?)</code>', page).group(1)
    secret = "".join(re.findall(r">(\w{1,4})<", key))
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def test_an_admin_is_led_to_it_and_then_let_in(needed, alice):
    client = signed_in(alice)
    page = client.get("/", follow=True)
    assert page.redirect_chain == [(SET_UP, 302)]
    text = page.content.decode()
    assert "As an admin you need a second factor before you go on." in text
    assert client.get("/api/v1/studies/").json()["code"] == "second_factor"
    page = client.post(SET_UP, {"code": code_of(text)}, follow=True)
    codes = page.content.decode()
    assert "10 of 10 codes are unused" in codes
    assert len(re.findall(r"<span>\d{4}</span><span>\d{4}</span>", codes)) == 10
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/studies/").status_code == 200


def test_a_code_is_fresh_for_five_minutes_and_then_asked_for_again(alice):
    client = signed_in(alice)
    client.post(SET_UP, {"code": code_of(client.get(SET_UP).content.decode())})
    remove = "/account/second-factor/totp/deactivate/"
    assert client.get(remove).status_code == 200
    session = client.session
    session["new_second_factor_at"] -= 301
    session.save()
    assert client.get(remove).url.startswith("/account/second-factor/reauthenticate/")


def test_who_has_one_is_asked_for_a_code_and_cannot_remove_it(needed, alice):
    client = signed_in(alice)
    page = client.get(SET_UP).content.decode()
    client.post(SET_UP, {"code": code_of(page)})
    assert "cannot" in client.post("/account/second-factor/totp/deactivate/").content.decode()
    assert alice.authenticator_set.filter(type="totp").exists()
    again = signed_in(alice)
    assert again.get("/").status_code == 302
    assert "_auth_user_id" not in again.session


def test_others_need_none(needed, bob, dave):
    for user, page in ((bob, "/judge/"), (dave, "/")):
        assert signed_in(user).get(page).status_code == 200


def test_on_ones_own_machine_it_is_offered_and_not_demanded(alice):
    client = signed_in(alice)
    assert client.get("/").status_code == 200
    assert "Set one up" in client.get("/account/").content.decode()


def test_a_code_is_taken_once_by_all_processes_and_also_when_redis_forgot_it(needed, alice):
    client = signed_in(alice)
    page = client.get(SET_UP).content.decode()
    client.post(SET_UP, {"code": code_of(page)})
    code = code_of(page, ahead=1)
    for taken in (True, False):
        cache.clear()  # as if this were another process, or Redis had lost what it had
        again = signed_in(alice)
        again.post("/account/second-factor/authenticate/", {"code": code})
        assert ("_auth_user_id" in again.session) is taken
    cache.clear()
    older = signed_in(alice)
    older.post("/account/second-factor/authenticate/", {"code": code_of(page)})
    assert "_auth_user_id" not in older.session
