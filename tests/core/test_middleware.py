"""Headers every page carries, and pages for errors."""

import gzip

import pytest


@pytest.mark.parametrize("path", ["/sign-in/", "/api/v1/me/", "/nowhere/"])
def test_every_answer_has_the_protective_headers(db, client, path):
    response = client.get(path)
    assert "'unsafe" not in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    assert len(response["X-Request-ID"]) == 32


def test_a_used_sign_in_link_shows_a_helpful_page(alice, client, now):
    from accounts.services import issue_sign_in_link

    secret = issue_sign_in_link(user=alice, now=now)
    response = client.post(f"/sign-in/{secret}/")
    assert response.status_code == 410
    assert "expired" in response.content.decode()


def test_looking_at_a_sign_in_link_does_not_use_it_up(alice, client):
    from django.utils import timezone

    from accounts.services import issue_sign_in_link

    secret = issue_sign_in_link(user=alice, now=timezone.now())
    assert client.get(f"/sign-in/{secret}/").status_code == 200
    assert client.post(f"/sign-in/{secret}/").status_code == 302
    assert client.get("/api/v1/me/").json()["username"] == "alice"


def test_pages_are_sent_compressed_to_whoever_takes_them_so(alice, client, client_of):
    client.force_login(alice)
    takes = {"Accept-Encoding": "gzip"}
    plain = client.get("/account/")
    packed = client.get("/account/", headers=takes)
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
    assert b"<h1>" in gzip.decompress(packed.content)
    # A program's answers and files stay as they are.
    assert "Content-Encoding" not in client.get("/api/v1/schema/", headers=takes)
    assert "Content-Encoding" not in client_of(alice).get("/api/v1/schema/", headers=takes)
