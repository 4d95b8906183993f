"""Endpoints: their keys, their limits, their pauses, and the one question of a probe."""

import json
import logging
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from core.errors import Conflict, Invalid
from models_registry.models import ModelEndpoint
from models_registry.secrets import KeyUnreadable, decrypt_key, encrypt_key
from models_registry.services import runs
from models_registry.services.endpoints import (
    connection_of,
    pause_endpoint,
    probe_model,
    register_endpoint,
    resume_endpoint,
    set_key,
    update_endpoint,
)
from models_registry.services.language_models import register_language_model
from tests.fake_provider import Reply, answer
from tests.models_registry.conftest import CANARY

pytestmark = pytest.mark.django_db


def make(**options):
    given = {"slug": "e", "name": "E", "kind": "openai_chat", "base_url": "https://a.example/v1"}
    return register_endpoint(**(given | {"api_key": CANARY} | options))


def key_of(endpoint):
    return connection_of(ModelEndpoint.objects.get(pk=endpoint.pk)).api_key


def test_keeps_the_key_encrypted_and_shows_its_end():
    endpoint = make()
    assert CANARY.encode() not in bytes(endpoint.encrypted_key)
    assert endpoint.key_hint == "…ijkl"
    assert key_of(endpoint) == CANARY


def test_shows_nothing_of_a_short_key():
    assert make(api_key="short").key_hint == "…"


@pytest.mark.parametrize(
    ("base_url", "kept"),
    [
        ("https://a.example/v2", True),
        ("https://a.example:443/v1", True),
        ("https://A.example/v1", True),
        ("https://b.example/v1", False),
        ("https://a.example:8443/v1", False),
        ("https://a.example.evil.example/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_another_origin_wipes_the_key(base_url, kept):
    endpoint = update_endpoint(endpoint=make(), base_url=base_url)
    assert key_of(endpoint) == (CANARY if kept else "")
    assert bool(endpoint.key_hint) is kept


def test_a_new_key_may_come_with_a_new_origin():
    changed = update_endpoint(endpoint=make(), base_url="https://b.example/v1", api_key="new-key")
    assert key_of(changed) == "new-key"


def test_a_key_moved_to_another_row_is_unreadable():
    stored = encrypt_key(CANARY, origin="https://a.example:443")
    assert decrypt_key(stored, origin="https://a.example:443") == CANARY
    with pytest.raises(KeyUnreadable):
        decrypt_key(stored, origin="https://evil.example:443")
    ModelEndpoint.objects.filter(pk=make().pk).update(base_url="https://evil.example/v1")
    with pytest.raises(Invalid, match="Set the key again"):
        connection_of(ModelEndpoint.objects.get())


def test_secrets_can_be_rotated(settings):
    old = encrypt_key(CANARY, origin="o")
    settings.ENDPOINT_KEY_SECRETS = ["newer", *settings.ENDPOINT_KEY_SECRETS]
    assert decrypt_key(old, origin="o") == CANARY
    settings.ENDPOINT_KEY_SECRETS = ["newer"]
    with pytest.raises(KeyUnreadable):
        decrypt_key(old, origin="o")


@pytest.mark.parametrize("key", ["a b", "a\nb", "a\r\nX-Evil: 1", "ключ", "x" * 501, "a\x00"])
def test_refuses_what_is_no_key(key):
    with pytest.raises(Invalid, match="one line"):
        make(api_key=key)
    endpoint = make()
    with pytest.raises(Invalid):
        set_key(endpoint=endpoint, api_key=key)
    assert key_of(endpoint) == CANARY


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "other"},
        {"base_url": "http://a.example/v1"},
        {"base_url": "https://169.254.169.254/"},
        {"max_concurrency": 0},
        {"max_concurrency": 513},
        {"timeout_seconds": 0},
        {"timeout_seconds": 601},
        {"slug": "no slug"},
        {"name": ""},
    ],
)
def test_refuses_what_cannot_work(wrong):
    with pytest.raises(Invalid):
        make(**wrong)
    assert not ModelEndpoint.objects.exists()


def test_a_slug_is_taken_once():
    make()
    with pytest.raises(Conflict):
        make()


def test_changes_limits_without_touching_the_key():
    endpoint = update_endpoint(endpoint=make(), max_concurrency=3, name="New")
    assert (endpoint.max_concurrency, endpoint.name, key_of(endpoint)) == (3, "New", CANARY)
    with pytest.raises(Invalid):
        update_endpoint(endpoint=endpoint, slug="other")


def test_pauses_once_and_a_new_key_lifts_it():
    endpoint = make()
    now = timezone.now()
    assert pause_endpoint(endpoint=endpoint, reason="first", now=now)
    assert not pause_endpoint(endpoint=endpoint, reason="second", now=now)
    assert ModelEndpoint.objects.get().pause_reason == "first"
    changed = set_key(endpoint=endpoint, api_key="other-key")
    assert changed.paused_at is None
    assert not pause_endpoint(endpoint=endpoint, reason="what the old key met", now=now)
    assert pause_endpoint(endpoint=changed, reason="third", now=now)
    assert resume_endpoint(endpoint=changed).paused_at is None


def test_a_probe_tells_the_answer(model, provider):
    probe = probe_model(language_model=model, prompt="Ready?")
    assert (probe.error, probe.result.text) == ("", "echo: Ready?")
    assert probe.result.latency_ms is not None
    assert provider.calls[0].headers["Authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("reply", "kind", "hint"),
    [
        (Reply({"error": {"message": "Incorrect key"}}, status=401), "denied", "set a valid one"),
        (Reply({"error": {"message": "no model x"}}, status=404), "not_found", "/v1"),
        (Reply(raw=b"<html>Hi</html>"), "bad_reply", "web page"),
    ],
)
def test_a_probe_tells_what_is_wrong_and_what_to_do(model, provider, reply, kind, hint):
    provider.script = lambda call: reply
    probe = probe_model(language_model=model)
    assert (probe.result, probe.error) == (None, kind)
    assert hint in probe.message


def test_a_probe_of_a_dead_port_says_so(model, endpoint, provider):
    update_endpoint(endpoint=endpoint, base_url="http://127.0.0.1:9/v1")
    model.refresh_from_db()
    assert probe_model(language_model=model).error == "connection"


def test_an_imported_model_cannot_be_probed(imported_model):
    with pytest.raises(Invalid, match="no endpoint"):
        probe_model(language_model=imported_model)


def test_the_command_probes(model, provider, capsys):
    call_command("probe_model", "fake-1", prompt="Ready?")
    out = capsys.readouterr().out
    assert "echo: Ready?" in out
    assert "10 tokens in, 5 out; answered by fake-1" in out
    provider.script = lambda call: Reply({"error": {"message": "Incorrect key"}}, status=401)
    with pytest.raises(CommandError, match=r"denied: .*Incorrect key\n.*the key is not"):
        call_command("probe_model", "fake-1@1")
    with pytest.raises(CommandError, match="no model"):
        call_command("probe_model", "other")


@pytest.mark.django_db(transaction=True)
def test_the_key_appears_nowhere(
    make_pool, endpoint, model, provider, drain, alice, client_of, caplog
):
    """An endpoint that echoes what it was sent, in answers that fail in every way."""
    caplog.set_level(logging.DEBUG)
    register_language_model(
        slug="other", name="Other", endpoint=endpoint, remote_name="x", system_prompt="S"
    )
    replies = [
        lambda key: Reply({"error": {"message": f"bad {key}"}}, status=400),
        lambda key: Reply(raw=f"<html>{key}".encode(), status=500),
        lambda key: Reply(raw=f"<html>{key}".encode()),
        lambda key: Reply({"error": key}, status=429),
        lambda key: Reply(answer("fine")),
        lambda key: Reply({"error": {"message": key}}, status=401),
    ]
    at = iter(range(10_000))
    provider.script = lambda call: replies[next(at) % 6](call.headers["Authorization"][7:])
    run = runs.start_run(
        pool_version=make_pool(20), language_models=[model], now=timezone.now()
    ).run
    drain(endpoint, seconds=2)
    client = client_of(alice)
    seen = [
        client.get(path).content.decode()
        for path in (
            "/api/v1/endpoints/",
            "/api/v1/endpoints/fake/",
            "/api/v1/models/",
            f"/api/v1/generation-runs/{run.pk}/",
        )
    ]
    seen.append(client.post("/api/v1/models/fake-1/probe/", {}, format="json").content.decode())
    dump = StringIO()
    call_command("dumpdata", "models_registry", stdout=dump)
    assert "denied" in seen[3]
    assert provider.calls[0].headers["Authorization"] == f"Bearer {CANARY}"
    for text in (*seen, dump.getvalue(), caplog.text, json.dumps(repr(caplog.records))):
        assert CANARY not in text
