"""Coming in by an invitation's link: why it is over, and who is signed in when it is opened."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services import create_user, issue_sign_in_link
from accounts.services.invitations import accept_invitation, create_invitation, revoke_invitation


@pytest.fixture
def invitation(alice):
    return create_invitation(created_by=alice, now=timezone.now(), max_uses=1)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("revoked", "was revoked"),
        ("used up", "was used up"),
        ("expired", "was valid until"),
        ("cut off", "may be cut off"),
    ],
)
def test_each_end_of_an_invitation_is_told_with_the_way_on(client, invitation, end, words):
    made, secret, now = invitation.invitation, invitation.secret, timezone.now()
    if end == "revoked":
        revoke_invitation(invitation=made, now=now)
    elif end == "used up":
        accept_invitation(secret=secret, username="frank", now=now)
    elif end == "expired":
        made.expires_at = now - timedelta(days=1)
        made.save()
    else:
        secret = secret[:-3]
    answer = client.get(f"/join/{secret}/")
    html = answer.content.decode()
    assert answer.status_code == 410
    assert words in html
    assert ">Sign in<" in html


def test_whoever_is_signed_in_may_sign_out_and_come_back_to_the_invitation(client, invitation, bob):
    client.force_login(bob)
    address = f"/join/{invitation.secret}/"
    html = client.get(address).content.decode()
    assert "signed in as <bdi>bob</bdi>" in html
    answer = client.post("/sign-out/", {"next": address})
    assert (answer.status_code, answer["Location"]) == (302, address)
    client.post(address, {"username": "gina"})
    assert User.objects.filter(username="gina").exists()


def test_signing_out_leads_nowhere_else(client, bob):
    for wanted in ("https://elsewhere.example/", "//elsewhere.example", "home"):
        client.force_login(bob)
        assert client.post("/sign-out/", {"next": wanted})["Location"] == "/sign-in/"


def test_who_came_by_it_is_told_to_be_in_already(client, invitation):
    user = accept_invitation(secret=invitation.secret, username="frank", now=timezone.now())
    client.force_login(user)
    html = client.get(f"/join/{invitation.secret}/", follow=True).content.decode()
    assert "You made your account by this invitation" in html


@pytest.mark.django_db
def test_a_sign_in_link_says_whom_it_would_sign_out(client, bob):
    other = create_user(username="erin", role="rater")
    address = f"/sign-in/{issue_sign_in_link(user=other, now=timezone.now())}/"
    assert "signs bob out" not in client.get(address).content.decode()
    client.force_login(bob)
    assert "signs bob out" in client.get(address).content.decode()
