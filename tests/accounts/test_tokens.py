"""API tokens: shown once, hashed, scoped, expiring, revocable."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services import find_token, issue_token, redeem_sign_in_link, revoke_token
from accounts.services import issue_sign_in_link as issue_link
from core.errors import Gone, Invalid


def test_keeps_only_the_digest(alice, now):
    issued = issue_token(user=alice, name="laptop", now=now)
    row = ApiToken.objects.get()
    assert issued.secret not in str(vars(row))
    assert issued.secret not in repr(issued)
    assert len(issued.secret) >= 43  # 256 bits in base 64


def test_finds_a_live_token_and_notes_its_use(alice, now):
    issued = issue_token(user=alice, name="laptop", now=now)
    found = find_token(secret=issued.secret, now=now + timedelta(hours=1))
    assert found == issued.token
    issued.token.refresh_from_db()
    assert issued.token.last_used_at == now + timedelta(hours=1)


def test_refuses_an_expired_revoked_unknown_or_inactive_token(alice, now):
    issued = issue_token(user=alice, name="laptop", now=now, lifetime=timedelta(days=1))
    assert find_token(secret=issued.secret, now=now + timedelta(days=2)) is None
    assert find_token(secret="pfd_wrong", now=now) is None
    assert find_token(secret="\udc80", now=now) is None
    User.objects.update(is_active=False)
    assert find_token(secret=issued.secret, now=now) is None
    User.objects.update(is_active=True)
    revoke_token(token=issued.token, now=now)
    assert find_token(secret=issued.secret, now=now) is None


def test_refuses_scopes_beyond_the_role_and_lifetimes_beyond_a_year(bob, now):
    with pytest.raises(Invalid, match="judge"):
        issue_token(user=bob, name="x", now=now, scopes=["manage"])
    with pytest.raises(Invalid, match="year"):
        issue_token(user=bob, name="x", now=now, lifetime=timedelta(days=400))


def test_a_token_manages_tokens_but_never_gains_scopes(alice, client_of):
    client = client_of(alice, scopes=["read"])
    refused = client.post("/api/v1/tokens/", {"name": "more", "scopes": ["manage"]}, format="json")
    assert refused.status_code == 403
    same = client.post("/api/v1/tokens/", {"name": "same"}, format="json")
    assert same.status_code == 201
    assert same.json()["scopes"] == ["read"]
    assert same.json()["secret"].startswith(same.json()["prefix"])
    listed = client.get("/api/v1/tokens/").json()["results"]
    assert {one["name"] for one in listed} == {"test"}
    assert all("secret" not in one for one in listed)


def test_a_token_never_begets_one_that_lives_longer(alice, client_of):
    client = client_of(alice, scopes=["read"], lifetime=timedelta(hours=1))
    made = client.post("/api/v1/tokens/", {"name": "longer", "days": 366}, format="json").json()
    old = ApiToken.objects.get(name="test")
    assert ApiToken.objects.get(pk=made["id"]).expires_at == old.expires_at


def test_a_token_with_fewer_scopes_touches_no_other_credentials(alice, bob, client_of):
    client, other = client_of(alice, scopes=["manage"]), client_of(bob)
    assert other.get("/api/v1/me/").status_code == 200
    others = ApiToken.objects.get(user=bob).pk
    new = {"name": "x"}
    user = {"username": "eve", "role": "admin"}
    assert client.post("/api/v1/users/bob/tokens/", new, format="json").status_code == 403
    assert client.post("/api/v1/users/", user, format="json").status_code == 403
    assert client.post("/api/v1/users/bob/sign-in-links/").status_code == 403
    assert client.delete(f"/api/v1/users/bob/tokens/{others}/").status_code == 403
    assert client.get("/api/v1/users/bob/tokens/").status_code == 403
    client_of(alice, scopes=["read"])
    assert len(client.get("/api/v1/tokens/").json()["results"]) == 1


def test_an_admin_renews_and_ends_what_others_sign_in_with(alice, bob, client_of, client):
    admin, rater = client_of(alice), client_of(bob)
    link = admin.post("/api/v1/users/bob/sign-in-links/").json()["url"]
    assert client.post(link.removeprefix("http://testserver")).status_code == 302
    listed = admin.get("/api/v1/users/bob/tokens/").json()["results"]
    assert admin.delete(f"/api/v1/users/bob/tokens/{listed[0]['id']}/").status_code == 204
    assert rater.get("/api/v1/me/").status_code == 401
    off = admin.patch("/api/v1/users/bob/", {"is_active": False}, format="json")
    assert off.status_code == 200
    assert client.get("/api/v1/me/").status_code == 401


def test_a_command_prints_a_new_link_for_a_user_who_exists(bob, client, capsys):
    call_command("sign_in_link", "bob")
    assert client.post(capsys.readouterr().out.strip()).status_code == 302
    call_command("sign_in_link", "bob", "--token")
    assert find_token(secret=capsys.readouterr().out.strip(), now=timezone.now()).user == bob
    with pytest.raises(CommandError, match="no active user"):
        call_command("sign_in_link", "nobody")


def test_revoking_takes_effect_at_once_and_only_on_ones_own(alice, bob, client_of):
    client, other = client_of(alice), client_of(bob)
    pk = ApiToken.objects.get(user=alice).pk
    assert other.delete(f"/api/v1/tokens/{pk}/").status_code == 404
    assert client.delete(f"/api/v1/tokens/{pk}/").status_code == 204
    refused = client.get("/api/v1/me/")
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == "Bearer"
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "authentication_failed"


def test_the_page_says_in_words_what_a_token_may_do(alice, client, now):
    issue_token(user=alice, name="x", now=now, scopes=["export", "read"])
    client.force_login(alice)
    page = client.get("/account/").content.decode()
    assert "<li>Read studies, models and boards</li><li>Download judgments and boards</li>" in page


@pytest.mark.parametrize("header", ["Bearer", "Basic abc", "Bearer a b", "Bearer pfd_nope"])
def test_a_wrong_header_is_answered_with_401(db, client, header):
    assert client.get("/api/v1/me/", HTTP_AUTHORIZATION=header).status_code == 401


def test_where_a_token_comes_a_session_counts_for_nothing(alice, client):
    client.force_login(alice)
    path = "/api/v1/models/"
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"Authorization": "Bearer pfd_nope"}).status_code == 401
    # Outside of the API the header says nothing.
    page = client.get("/models/", headers={"Authorization": "Bearer pfd_nope"})
    assert (page.status_code, page.wsgi_request.user) == (200, alice)


def test_create_user_prints_a_token_once(db, capsys):
    call_command("create_user", "erin", "--role", "rater", "--languages", "EN,de", "--token")
    secret = capsys.readouterr().out.strip()
    token = find_token(secret=secret, now=timezone.now())
    assert token.user.username == "erin"
    assert token.scopes == ["judge"]
    assert token.user.rater_profile.languages == ["de", "en"]
    assert not token.user.has_usable_password()
    with pytest.raises(CommandError, match="taken"):
        call_command("create_user", "erin", "--role", "rater")


def test_a_sign_in_link_works_once(alice, now):
    secret = issue_link(user=alice, now=now)
    assert redeem_sign_in_link(secret=secret, now=now) == alice
    with pytest.raises(Gone):
        redeem_sign_in_link(secret=secret, now=now)
    late = issue_link(user=alice, now=now)
    with pytest.raises(Gone):
        redeem_sign_in_link(secret=late, now=now + timedelta(days=2))


def test_create_user_prints_a_link_alone_and_beside_it_what_to_do_with_it(db, capsys):
    call_command("create_user", "erin", "--role", "rater", "--link")
    told = capsys.readouterr()
    assert re.fullmatch(r"/sign-in/[\w-]+/\n", told.out)
    assert "Put the site's address before it (locally http://127.0.0.1:8700)" in told.err
    assert "erin" in told.err
    assert "within 24 hours" in told.err


def test_only_admins_create_users(alice, bob, client_of):
    body = {"username": "frank", "role": "rater", "languages": ["en"]}
    assert client_of(bob).post("/api/v1/users/", body, format="json").status_code == 403
    created = client_of(alice).post("/api/v1/users/", body, format="json")
    assert created.status_code == 201
    assert created.json()["pseudonym"].startswith("R-")
    again = client_of(alice).post("/api/v1/users/", body, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "username_taken")
    unknown = client_of(alice).post("/api/v1/users/", body | {"is_superuser": True}, format="json")
    assert (unknown.status_code, unknown.json()["errors"][0]["column"]) == (400, "is_superuser")
