"""The page on which the invited make their account."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.invitations import create_invitation

LOST = "The page does not keep it: please type it again."


@pytest.fixture
def address(alice) -> str:
    issued = create_invitation(created_by=alice, now=timezone.now(), languages=[])
    return f"/join/{issued.secret}/"


def test_who_chose_a_password_does_not_come_in_without_one_after_a_refused_name(client, address):
    refused = client.post(address, {"username": "Ada L", "password": "a long enough phrase"})
    form = refused.context["form"]
    assert form.errors["password"] == [LOST]
    assert form["password"].field.widget.attrs["required"]
    assert "a long enough phrase" not in refused.content.decode()


def test_what_is_wrong_with_a_password_is_said_and_nothing_else(client, address):
    form = client.post(address, {"username": "ada", "password": "short"}).context["form"]
    assert LOST not in str(form.errors)
    assert len(form.errors) == 1


def test_who_chose_none_is_asked_for_none(client, address):
    assert LOST not in client.post(address, {"username": "Ada L"}).content.decode()
    client.post(address, {"username": "ada"})
    assert not User.objects.get(username="ada").has_usable_password()
