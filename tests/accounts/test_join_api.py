"""Coming in by an invitation over the API, and signing out everywhere: what the pages do."""

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, Invitation, User
from accounts.services import issue_token
from accounts.services.invitations import create_invitation, revoke_invitation

JOIN, OUT, ME = "/api/v1/join/", "/api/v1/me/sign-out-everywhere/", "/api/v1/me/"
PASSWORD = "a sentence nobody guesses"


@pytest.fixture
def invitation(alice):
    return create_invitation(created_by=alice, now=timezone.now(), languages=["de"], max_uses=2)


def join(invitation, **changes):
    body = {"code": invitation.secret, "username": "frank"} | changes
    return APIClient().post(JOIN, body, format="json")


def test_a_code_brings_an_account_and_a_token_that_works(invitation):
    made = join(invitation, password=PASSWORD)
    assert made.status_code == 201, made.json()
    told = made.json()
    assert (told["username"], told["role"], told["languages"]) == ("frank", "rater", ["de"])
    assert told["token"]["scopes"] == ["judge"]
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {told['token']['secret']}")
    assert client.get(ME).json()["pseudonym"] == told["pseudonym"]
    user = User.objects.get(username="frank")
    assert user.check_password(PASSWORD)
    assert user.rater_profile.invitation == invitation.invitation
    assert Invitation.objects.get().uses == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"code": "wrong"}, 410, "invitation_gone"),
        ({"username": "alice"}, 409, "username_taken"),
        ({"username": "a b"}, 400, "invalid"),
        ({"password": "short"}, 400, "password"),
        ({"role": "admin"}, 400, "invalid"),
    ],
)
def test_what_the_page_refuses_is_refused_and_no_use_is_counted(invitation, changes, status, code):
    refused = join(invitation, **changes)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert Invitation.objects.get().uses == 0
    assert not User.objects.filter(username="frank").exists()


def test_a_revoked_code_opens_nothing(invitation):
    revoke_invitation(invitation=invitation.invitation, now=timezone.now())
    assert join(invitation).status_code == 410


def test_who_has_an_account_does_not_join(invitation, bob, client_of):
    body = {"code": invitation.secret, "username": "frank"}
    refused = client_of(bob).post(JOIN, body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "account")


def test_codes_cannot_be_tried_without_end(invitation, settings):
    settings.ACCOUNT_RATE_LIMITS = site.ACCOUNT_RATE_LIMITS | {"signup": "3/m/ip"}
    answers = [join(invitation, code=f"wrong {at}").status_code for at in range(5)]
    assert answers == [410, 410, 410, 429, 429]


def test_a_token_ends_every_session_and_if_asked_the_other_tokens(bob, client_of):
    browser, client = Client(), client_of(bob)
    browser.force_login(bob)
    issue_token(user=bob, name="lost", now=timezone.now())
    assert client.post(OUT, {}, format="json").json() == {"tokens": 0}
    assert browser.get("/account/").status_code == 302
    assert client.post(OUT, {"tokens": True}, format="json").json() == {"tokens": 1}
    assert ApiToken.objects.get(name="lost").revoked_at
    assert client.get(ME).status_code == 200


def test_the_session_that_asks_stays(bob):
    here, there = APIClient(), Client()
    here.force_login(bob)
    there.force_login(bob)
    assert here.post(OUT, {"tokens": True}, format="json").status_code == 200
    assert here.get(ME).status_code == 200
    assert there.get("/account/").status_code == 302


def test_nobody_closes_their_own_account(alice, client_of):
    refused = client_of(alice).patch("/api/v1/users/alice/", {"is_active": False}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "own_account")
    assert User.objects.get(username="alice").is_active
