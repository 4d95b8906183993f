"""Redis is away, or refuses writes: pages and forms go on, and what was asked for is done later."""

import pytest
from django.core.cache import caches
from kombu import pools
from redis.exceptions import OutOfMemoryError, ReadOnlyError

from config.celery import app
from core import shared_cache
from models_registry.models import Completion, GenerationRun
from ratings.models import ExportFile
from tests.scenarios import published_study

NOWHERE = "redis://127.0.0.1:1/0"
PASSWORD = "a long enough one"


@pytest.fixture
def redis_away(settings, monkeypatch):
    """Let the broker and the shared cache be where nothing listens."""
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "core.shared_cache.SharedCache", "LOCATION": NOWHERE},
    }
    nowhere = app.connection(NOWHERE, transport_options={"socket_connect_timeout": 1})
    monkeypatch.setattr(app.amqp, "_producer_pool", pools.producers[nowhere])
    yield
    caches["default"]._own.clear()


@pytest.fixture
def study(transactional_db):
    return published_study()


@pytest.mark.usefixtures("redis_away")
def test_who_comes_may_sign_in_and_sees_every_page(client, study):
    study.alice.set_password(PASSWORD)
    study.alice.save()
    answered = client.post("/sign-in/", {"login": "alice", "password": PASSWORD})
    assert (answered.status_code, answered["Location"]) == (302, "/")
    run = GenerationRun.objects.create(pool_version=study.pool_version, created_by=study.alice)
    for path in ("/", f"/runs/{run.pk}/", f"/studies/{study.study.slug}/board/", "/runs/new/"):
        assert client.get(path).status_code == 200, path
    client.force_login(study.bob.user)
    for path in ("/", f"/judge/{study.study.slug}/"):
        assert client.get(path, follow=True).status_code == 200, path


@pytest.mark.usefixtures("redis_away")
def test_attempts_to_sign_in_stay_limited(client, study):
    wrong = {"login": "alice", "password": "not this one"}
    said = [client.post("/sign-in/", wrong).status_code for _ in range(7)]
    assert said[0] == 200
    assert "Too many failed" in client.post("/sign-in/", wrong).content.decode()


@pytest.mark.usefixtures("redis_away")
def test_what_is_asked_for_is_kept_for_the_next_sweep(client, study):
    client.force_login(study.alice)
    started = client.post(
        "/runs/new/",
        {
            "pool_version": study.pool_version.pk,
            "language_models": [one.pk for one in study.models],
            "samples": 2,
        },
    )
    assert started["Location"] == f"/runs/{GenerationRun.objects.get().pk}/"
    assert Completion.objects.filter(run__isnull=False, state="pending").exists()
    slug = study.study.slug
    assert client.post(f"/studies/{slug}/exports/", {"what": "judgments", "format": "csv"})[
        "Location"
    ]
    assert ExportFile.objects.get().unfinished
    assert client.post(f"/studies/{slug}/board/take/")["Location"]


class Refusing:
    """A Redis that can be read, and refuses to be written."""

    def __init__(self, error):
        self.error = error
        self.asked = 0

    def __getattr__(self, name):
        def refuse(*_args, **_kwargs):
            self.asked += 1
            raise self.error

        return refuse


@pytest.mark.parametrize("error", [OutOfMemoryError("OOM"), ReadOnlyError("READONLY")])
def test_a_cache_that_refuses_writes_is_left_alone_for_a_while(monkeypatch, error):
    cache = shared_cache.SharedCache(NOWHERE, {})
    cache._cache = refusing = Refusing(error)
    now = [100.0]
    monkeypatch.setattr(shared_cache.time, "monotonic", lambda: now[0])
    assert cache.add("attempts", 1)
    assert not cache.add("attempts", 2)
    assert cache.get("attempts") == 1
    cache.set("attempts", 3)
    assert cache.get("attempts") == 3
    cache.delete("attempts")
    assert (cache.get("attempts", "none"), refusing.asked) == ("none", 1)
    now[0] += shared_cache.AGAIN_SECONDS
    cache.get("attempts")
    assert refusing.asked == 2
