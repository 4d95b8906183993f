"""Real workers on PostgreSQL and Redis: one is killed, the messages are lost, the work is not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from models_registry import tasks
from models_registry.models import Attempt, Completion, ModelEndpoint
from models_registry.services import runs
from tests.fake_provider import Reply, answer

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
PER_TASK = 8
ROOT = Path(__file__).parents[2]


def forget_messages():
    """Delete every message, as a Redis without persistence does when it dies."""
    store = redis.Redis.from_url(settings.REDIS_URL)
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    for key in store.scan_iter(f"{prefix}*"):
        store.delete(key)
    store.close()


@pytest.fixture
def start_worker(tmp_path):
    """Start a worker process on the test's own database; what still runs is ended with the test."""
    database = connection.settings_dict
    url = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:"
        f"{database['PORT']}/{database['NAME']}"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PREFERENDUM_LEASE_SECONDS": "4",
        "PREFERENDUM_CALLS_PER_TASK": str(PER_TASK),
    }
    started, logs = [], []

    def start(name):
        log = (tmp_path / f"{name}.log").open("wb")
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-n", name]
        options = ["--concurrency=1", "--without-gossip", "--without-mingle"]
        worker = subprocess.Popen(
            [*command, *options],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(worker)
        logs.append(log)
        return worker

    forget_messages()
    yield start
    for worker in started:
        kill(worker)
    for log in logs:
        log.close()
    forget_messages()


def kill(worker):
    """End a worker and its child without giving either a chance to clean up."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


def all_done():
    return not Completion.objects.exclude(state="succeeded").exists()


def test_a_worker_killed_midway_loses_nothing_and_doubles_nothing(
    make_pool, endpoint, model, provider, start_worker
):
    provider.script = lambda call: Reply(answer(f"echo: {call.last}"), delay=0.1)
    ModelEndpoint.objects.update(max_concurrency=2 * PER_TASK)
    run = runs.start_run(
        pool_version=make_pool(500), language_models=[model], now=timezone.now()
    ).run
    first, _second = start_worker("first"), start_worker("second")
    for _ in range(2):
        tasks.drain_endpoint.delay(endpoint.pk)

    wait_for(lambda: len(provider.calls) > 200 and provider.in_flight > PER_TASK)
    kill(first)
    wait_for(all_done)

    rows = list(Completion.objects.select_related("prompt"))
    assert len(rows) == 500
    assert all(row.text == f"echo: {row.prompt.messages[0]['content']}" for row in rows)
    assert runs.run_progress(run=run, now=timezone.now()).states["succeeded"] == 500
    assert Attempt.objects.filter(error="", finished_at__isnull=False).count() == 500
    assert PER_TASK < provider.most_in_flight <= 3 * PER_TASK
    overpaid = len(provider.calls) - 500
    assert 1 <= overpaid <= PER_TASK
    # An attempt is noted before its call: some may have been killed between the two.
    assert overpaid <= Attempt.objects.filter(finished_at=None).count() <= PER_TASK
    assert max(provider.asked().values()) == 2


def test_losing_the_worker_and_every_message_is_harmless(
    make_pool, endpoint, model, provider, start_worker
):
    provider.script = lambda call: Reply(answer("ok"), delay=0.05)
    runs.start_run(pool_version=make_pool(100), language_models=[model], now=timezone.now())
    tasks.dispatch_due.delay()
    worker = start_worker("only")
    wait_for(lambda: len(provider.calls) > 30)
    kill(worker)
    forget_messages()
    start_worker("next")
    tasks.dispatch_due.delay()  # as beat does every 30 s
    wait_for(all_done)
    assert Completion.objects.count() == 100
    assert len(provider.calls) <= 100 + PER_TASK


def test_a_worker_told_to_stop_finishes_its_calls_and_claims_no_more(
    make_pool, endpoint, model, provider, start_worker
):
    provider.script = lambda call: Reply(answer("ok"), delay=0.3)
    runs.start_run(pool_version=make_pool(80), language_models=[model], now=timezone.now())
    worker = start_worker("stopping")
    wait_for(lambda: len(provider.calls) > 2 * PER_TASK)
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=20)
    done = Completion.objects.succeeded().count()
    assert 0 < done < 80
    assert len(provider.calls) == done
    assert not Completion.objects.filter(state="leased").exists()
    assert not Attempt.objects.filter(finished_at=None).exists()
    start_worker("next")  # and rings at its start
    wait_for(all_done)
    assert len(provider.calls) == 80
