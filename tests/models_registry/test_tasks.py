"""The doorbells: which are rung, and what they do when nothing is there."""

import pytest
from django.utils import timezone

from models_registry import tasks
from models_registry.models import Completion, ModelEndpoint
from models_registry.services.endpoints import register_endpoint
from models_registry.services.language_models import register_language_model
from models_registry.services.runs import cancel_run, start_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch):
    bells = []
    monkeypatch.setattr(tasks.drain_endpoint, "delay", bells.append)
    return bells


@pytest.fixture
def other(provider):
    endpoint = register_endpoint(
        slug="other", name="Other", kind="openai_chat", base_url=provider.base_url
    )
    return register_language_model(
        slug="other", name="Other", endpoint=endpoint, remote_name="other"
    )


def test_rings_once_for_each_endpoint_with_due_work(make_pool, model, other, rung):
    tasks.dispatch_due()
    assert rung == []
    run = start_run(
        pool_version=make_pool(3), language_models=[model, other], now=timezone.now()
    ).run
    tasks.dispatch_due()
    assert rung == sorted([model.endpoint_id, other.endpoint_id])
    ModelEndpoint.objects.filter(slug="other").update(paused_at=timezone.now())
    rung.clear()
    tasks.dispatch_due()
    assert rung == [model.endpoint_id]
    cancel_run(run=run)
    rung.clear()
    tasks.dispatch_due()
    assert rung == []


def test_a_drain_rung_twice_or_for_nothing_is_harmless(make_pool, model, provider, rung):
    start_run(pool_version=make_pool(3), language_models=[model], now=timezone.now())
    for _ in range(2):
        tasks.drain_endpoint(model.endpoint_id)
    tasks.drain_endpoint(10**6)
    assert Completion.objects.succeeded().count() == len(provider.calls) == 3
    assert rung == []


def test_a_worker_that_shall_stop_claims_nothing(make_pool, model, provider, rung):
    start_run(pool_version=make_pool(3), language_models=[model], now=timezone.now())
    tasks.note_shutdown()
    try:
        tasks.drain_endpoint(model.endpoint_id)
    finally:
        tasks._stopping[0] = 0
    assert (provider.calls, rung) == ([], [])
