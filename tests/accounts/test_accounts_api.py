"""Invitations and consent over the API: what the pages do, by the same services."""

import pytest
from django.utils import timezone

from accounts.models import ConsentVersion, Invitation, RaterProfile, User
from accounts.services.consent import missing_consent, requires_consent_over_api
from accounts.services.invitations import accept_invitation
from core.errors import Gone

INVITATIONS, TEXTS, OWN = "/api/v1/invitations/", "/api/v1/consent-texts/", "/api/v1/me/consent/"


def test_an_invitation_is_made_used_listed_and_revoked(alice, client_of):
    client = client_of(alice)
    body = {"note": "the class", "languages": ["de", "en"], "max_uses": 2, "days": 3}
    made = client.post(INVITATIONS, body, format="json").json()
    secret = made["url"].rstrip("/").rsplit("/", 1)[1]
    user = accept_invitation(secret=secret, username="frank", now=timezone.now())
    assert user.rater_profile.languages == ["de", "en"]
    (listed,) = client.get(INVITATIONS).json()["results"]
    assert "url" not in listed
    assert secret not in str(listed)
    assert listed == {one: made[one] for one in listed} | {"uses": 1}
    assert (listed["created_by"], listed["max_uses"], listed["cohorts"]) == ("alice", 2, {})
    assert client.delete(f"{INVITATIONS}{made['id']}/").status_code == 204
    assert Invitation.objects.get().revoked_at
    with pytest.raises(Gone):
        accept_invitation(secret=secret, username="gina", now=timezone.now())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"max_uses": 0}, "min_value"),
        ({"days": 367}, "max_value"),
        ({"languages": ["englisch!"]}, None),
        ({"cohorts": {"study": "lawyers"}}, "invalid"),
    ],
)
def test_an_impossible_invitation_is_refused(alice, client_of, body, code):
    answer = client_of(alice).post(INVITATIONS, body, format="json")
    assert answer.status_code == 400
    assert [one["code"] for one in answer.json().get("errors", [])] == ([code] if code else [])
    assert not Invitation.objects.exists()


def test_a_new_text_is_published_and_asked_of_every_rater(alice, bob, client_of):
    client, rater = client_of(alice), client_of(bob)
    (shipped,) = client.get(TEXTS).json()["results"]
    assert (shipped["number"], shipped["created_by"]) == (1, None)
    parts = {part: shipped[part] for part in ("purpose", "data_use", "pay", "withdrawal")}
    unchanged = {**parts, "guidelines": shipped["guidelines"]}
    assert client.post(TEXTS, unchanged, format="json").json()["code"] == "consent_unchanged"
    assert client.post(TEXTS, parts, format="json").status_code == 400
    made = client.post(TEXTS, {**parts, "guidelines": "Read twice."}, format="json")
    assert (made.status_code, made.json()["number"], made.json()["created_by"]) == (201, 2, "alice")
    assert [one["number"] for one in client.get(TEXTS).json()["results"]] == [2, 1]
    own = rater.get(OWN).json()
    assert (own["text"]["guidelines"], own["agreed_at"]) == ("Read twice.", None)
    assert "alice" not in str(own)


def test_a_rater_agrees_to_the_text_in_force_and_only_to_that(bob, client_of):
    rater = client_of(bob)
    body = {"number": 1, "languages": ["EN"], "guidelines_read": True, "avoid_every_warning": True}
    assert rater.post(OWN, body | {"number": 2}, format="json").json()["code"] == "consent_outdated"
    unread = rater.post(OWN, body | {"guidelines_read": False}, format="json")
    assert unread.json()["code"] == "guidelines"
    assert missing_consent(rater=bob.rater_profile)
    agreed = rater.post(OWN, body, format="json").json()
    assert agreed["agreed_at"]
    assert rater.post(OWN, body, format="json").json() == agreed == rater.get(OWN).json()
    profile = RaterProfile.objects.get(user=bob)
    assert missing_consent(rater=profile) is None
    assert (profile.languages, profile.avoided_tags) == (["en"], ["*"])


def test_an_account_is_closed_only_by_its_own_name(bob, client_of):
    rater = client_of(bob)
    wrong = rater.post("/api/v1/me/withdraw/", {"username": "carol"}, format="json")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "username")
    assert User.objects.get(pk=bob.pk).is_active
    assert rater.post("/api/v1/me/withdraw/", {"username": "bob"}, format="json").status_code == 204
    assert not User.objects.get(pk=bob.pk).is_active
    assert rater.get("/api/v1/me/").status_code == 401


def test_consent_over_the_api_is_asked_for_when_an_admin_says_so(alice, client_of):
    client, address = client_of(alice), "/api/v1/consent-over-api/"
    assert client.get(address).json() == {"required": False}
    assert client.put(address, {"required": "yes"}, format="json").status_code == 400
    assert client.put(address, {"required": True}, format="json").json() == {"required": True}
    assert requires_consent_over_api()
    assert client.get(address).json() == {"required": True}
    assert not ConsentVersion.objects.exists()
