"""Runs: what they insert, what they never ask twice, how they stop, what they tell."""

import threading
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.utils import timezone

from core.errors import Conflict, Invalid
from models_registry.models import Completion, GenerationRun, ModelEndpoint
from models_registry.services import runs
from models_registry.services.claims import claim_batch
from models_registry.services.language_models import (
    register_language_model,
    retire_language_model,
    set_price,
)
from tests.fake_provider import Reply, answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(endpoint):
    return register_language_model(
        slug="fake-2", name="Fake Two", endpoint=endpoint, remote_name="fake-2"
    )


def start(version, *models, **options):
    return runs.start_run(
        pool_version=version, language_models=models, now=timezone.now(), **options
    )


def states():
    return Counter(Completion.objects.values_list("state", flat=True))


def test_inserts_a_pending_row_a_cell_and_freezes_the_models(make_pool, model, second):
    started = start(make_pool(3), model, second, samples=2)
    assert (started.created, started.inserted, started.present) == (True, 12, 0)
    assert states() == {"pending": 12}
    model.refresh_from_db()
    assert model.frozen_at


def test_the_same_run_again_generates_nothing_twice(make_pool, endpoint, model, provider, drain):
    version = make_pool(3)
    first = start(version, model)
    drain(endpoint)
    again = start(version, model)
    assert (again.run, again.created, again.inserted, again.reopened, again.present) == (
        first.run,
        False,
        0,
        0,
        3,
    )
    drain(endpoint)
    assert len(provider.calls) == 3


def test_a_larger_run_asks_only_for_what_is_missing(
    make_pool, endpoint, model, second, provider, drain
):
    version = make_pool(3)
    start(version, model)
    drain(endpoint)
    larger = start(version, model, second, samples=2)
    assert (larger.created, larger.inserted, larger.present) == (True, 9, 3)
    drain(endpoint)
    assert len(provider.calls) == 12
    progress = runs.run_progress(run=larger.run, now=timezone.now())
    assert (progress.total, progress.states["succeeded"]) == (12, 12)


def test_what_failed_is_opened_again(make_pool, endpoint, model, provider, drain):
    provider.script = lambda call: Reply({"error": {"message": "no"}}, status=400)
    version = make_pool(2)
    run = start(version, model).run
    drain(endpoint)
    progress = runs.run_progress(run=run, now=timezone.now())
    assert progress.failures == [
        {
            "kind": "rejected",
            "state": "failed",
            "count": 2,
            "example": "The endpoint rejected the request. (HTTP 400) It said: no",
        }
    ]
    provider.script = lambda call: Reply(answer("ok"))
    assert start(version, model).reopened == 2
    drain(endpoint)
    assert states() == {"succeeded": 2}


def test_a_cancelled_run_keeps_what_is_in_flight_and_a_new_one_takes_the_rest_over(
    make_pool, endpoint, model
):
    version = make_pool(4)
    run = start(version, model).run
    now = timezone.now()
    claim_batch(endpoint_id=endpoint.pk, limit=1, lease=timedelta(seconds=60), now=now)
    runs.cancel_run(run=run)
    assert states() == {"leased": 1, "cancelled": 3}
    assert runs.cancel_run(run=run).state == "cancelled"
    with pytest.raises(Conflict):
        runs.resume_run(run=run)
    with pytest.raises(Conflict):
        runs.pause_run(run=run)
    again = start(version, model)
    assert (again.created, again.reopened, again.inserted) == (True, 3, 0)
    assert set(Completion.objects.values_list("run", flat=True)) == {again.run.pk}


def test_a_run_of_which_nothing_is_left_is_finished_and_cannot_be_cancelled(
    make_pool, endpoint, model, second, drain
):
    version = make_pool(2)
    run = start(version, model).run
    other = start(version, model, second).run
    assert told_states() == {run.pk: "running", other.pk: "running"}
    drain(endpoint)
    assert told_states() == {run.pk: "finished", other.pk: "finished"}
    for one in (run, other):
        with pytest.raises(Conflict, match="finished"):
            runs.cancel_run(run=one)
    Completion.objects.filter(language_model=second).update(
        state="failed", outcome="", last_error="server"
    )
    assert runs.retry_failed(run=other) == 2
    assert told_states() == {run.pk: "finished", other.pk: "running"}
    assert runs.cancel_run(run=other).state == "cancelled"
    assert told_states()[other.pk] == "cancelled"


def told_states():
    return dict(GenerationRun.objects.with_told_state().values_list("pk", "told_state"))


def test_a_run_leaves_to_another_what_that_one_works_on(make_pool, model, second):
    version = make_pool(3)
    first = start(version, model).run
    both = start(version, model, second).run
    assert first.completions.count() == 3
    assert both.completions.count() == 3
    runs.cancel_run(run=both)
    assert set(first.completions.values_list("state", flat=True)) == {"pending"}


def test_cancelling_hands_over_what_another_run_asks_for_too(make_pool, model, second):
    version = make_pool(3)
    first = start(version, model).run
    both = start(version, model, second).run
    runs.cancel_run(run=first)
    assert set(both.completions.values_list("state", flat=True)) == {"pending"}
    assert both.completions.count() == 6


def test_a_dead_workers_claim_on_a_cancelled_run_is_closed(make_pool, endpoint, model):
    run = start(make_pool(1), model).run
    now = timezone.now()
    claim_batch(endpoint_id=endpoint.pk, limit=1, lease=timedelta(seconds=60), now=now)
    runs.cancel_run(run=run)
    assert runs.close_cancelled(now=now) == 0
    assert runs.close_cancelled(now=now + timedelta(minutes=2)) == 1
    assert states() == {"cancelled": 1}


def test_starting_a_paused_run_again_resumes_it(make_pool, model):
    version = make_pool(1)
    run = runs.pause_run(run=start(version, model).run)
    assert runs.endpoints_with_due_work(now=timezone.now()) == []
    assert start(version, model).run == run
    run.refresh_from_db()
    assert run.state == "running"
    assert runs.endpoints_with_due_work(now=timezone.now()) == [model.endpoint_id]


def test_a_paused_endpoint_has_no_due_work(make_pool, model):
    start(make_pool(1), model)
    ModelEndpoint.objects.update(paused_at=timezone.now())
    assert runs.endpoints_with_due_work(now=timezone.now()) == []


def test_refuses_what_cannot_run(make_pool, model, imported_model):
    version = make_pool(1)
    with pytest.raises(Invalid, match="imported"):
        start(version, imported_model)
    with pytest.raises(Invalid, match="at least one"):
        start(version)
    with pytest.raises(Invalid, match="samples"):
        start(version, model, samples=0)
    retire_language_model(language_model=model, now=timezone.now())
    model.refresh_from_db()
    with pytest.raises(Invalid, match="retired"):
        start(version, model)
    version.state, version.digest = "draft", ""
    version.save()
    with pytest.raises(Conflict, match="draft"):
        start(version, model)
    assert not GenerationRun.objects.exists()


def test_tells_states_rate_cost_and_time_left(make_pool, endpoint, model, drain):
    set_price(
        language_model=model,
        valid_from=date(2020, 1, 1),
        input_per_million=Decimal(10),
        output_per_million=Decimal(20),
    )
    run = start(make_pool(4), model).run
    before = runs.run_progress(run=run, now=timezone.now())
    assert (before.total, before.rate_per_minute, before.seconds_left, before.cost) == (
        4,
        0.0,
        None,
        None,
    )
    drain(endpoint)
    after = runs.run_progress(run=run, now=timezone.now())
    assert after.states["succeeded"] == 4
    assert after.models == [
        {
            "model": "fake-1@1",
            "pending": 0,
            "leased": 0,
            "succeeded": 4,
            "failed": 0,
            "cancelled": 0,
            "quarantined": 0,
        }
    ]
    assert after.outcomes == {"answered": 4}
    assert (after.seconds_left, after.cost, after.uncosted) == (0, Decimal("0.0008"), 0)
    assert after.rate_per_minute > 0


def test_estimates_tokens_and_cost_before_the_start(make_pool, model):
    set_price(
        language_model=model,
        valid_from=date(2020, 1, 1),
        input_per_million=Decimal(1),
        output_per_million=Decimal(2),
    )
    model.settings = {"max_tokens": 100}
    model.save()
    version = make_pool(["x" * 40, ["y" * 40, "z" * 40]])
    (one,) = runs.estimate_run(
        pool_version=version, language_models=[model], samples=2, day=date(2026, 1, 1)
    )
    assert (one.completions, one.calls, one.completion_tokens) == (4, 6, 600)
    # 11 tokens a message; the second turn sends 11 + 100 + 11
    assert one.prompt_tokens == 2 * (11 + 11 + (11 + 100 + 11))
    assert one.cost == (Decimal(one.prompt_tokens) + 2 * 600) / 1_000_000
    assert one.most_cost == one.cost


def test_estimates_from_earlier_answers_and_only_what_is_missing(make_pool, endpoint, model, drain):
    version = make_pool(3)
    start(version, model)
    drain(endpoint)
    (one,) = runs.estimate_run(
        pool_version=version, language_models=[model], samples=2, day=date(2026, 1, 1)
    )
    assert (one.completions, one.completion_tokens, one.cost) == (3, 15, None)
    assert "earlier" in one.basis


def in_threads(count, work):
    """Run `work` in threads that begin together, each with a connection of its own."""
    barrier = threading.Barrier(count)
    found = []

    def one():
        try:
            barrier.wait()
            found.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return found


@pytest.mark.services
def test_claimers_in_parallel_never_share_a_row_nor_exceed_the_limit(make_pool, endpoint, model):
    ModelEndpoint.objects.update(max_concurrency=20)
    start(make_pool(60), model)
    assert connection.vendor == "postgresql"

    def claim():
        now = timezone.now()
        lease = timedelta(seconds=60)
        return claim_batch(endpoint_id=endpoint.pk, limit=4, lease=lease, now=now)

    claimed = [job.pk for jobs in in_threads(8, claim) for job in jobs]
    assert len(claimed) == len(set(claimed)) == 20
    assert states() == {"leased": 20, "pending": 40}


@pytest.mark.services
def test_starting_the_same_run_at_the_same_moment_makes_one_run(make_pool, model):
    version = make_pool(50)
    started = in_threads(6, lambda: start(version, model))
    assert len({one.run.pk for one in started}) == 1
    assert sum(one.inserted for one in started) == Completion.objects.count() == 50
