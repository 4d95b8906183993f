"""The probes tell whether the process lives and can work, and nothing else."""

import pytest

from config.celery import app

pytestmark = pytest.mark.django_db


def test_is_alive_without_signing_in(client):
    assert client.get("/healthz").content == b"ok"


def test_is_ready_when_migrated_and_the_broker_answers(client):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": True, "broker": True})


def test_is_not_ready_without_its_broker(client, monkeypatch):
    nowhere = app.connection("redis://127.0.0.1:1/0")
    monkeypatch.setattr(type(app), "connection_for_write", lambda *_, **__: nowhere)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["broker"]) == (503, False)


def test_is_not_ready_before_its_migrations(client, monkeypatch):
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one"]
    )
    assert client.get("/readyz").json()["database"] is False


def test_probes_are_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
