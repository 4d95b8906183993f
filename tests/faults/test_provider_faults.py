"""A seeded round of everything a provider can do wrong, and controls that must be found out."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from models_registry.models import Completion, LanguageModel, ModelEndpoint
from models_registry.services import completions, runs
from tests.fake_provider import Reply, answer
from tests.faults.checker import broken_promises
from tests.faults.wrong_replies import FINAL, WRONG

pytestmark = pytest.mark.django_db(transaction=True)
JOBS = 60


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("models_registry.retries.FIRST_SECONDS", 0.05)
    monkeypatch.setattr("models_registry.retries.FIRST_REST_SECONDS", 0.1)
    monkeypatch.setattr("models_registry.services.drains.LOOK_SECONDS", 0.05)


def start(make_pool, model, jobs=JOBS):
    return runs.start_run(
        pool_version=make_pool(jobs), language_models=[model], now=timezone.now()
    ).run


def good(call):
    call.answered = True
    return Reply(answer(f"echo: {call.last}"))


@pytest.mark.parametrize("fault", WRONG)
def test_every_job_ends_with_its_own_answer(fault, make_pool, endpoint, model, provider, drain):
    rng = random.Random(fault)
    seen = set()

    def script(call):
        if call.last not in seen and rng.random() < 0.3:
            seen.add(call.last)
            return WRONG[fault]()
        return good(call)

    provider.script = script
    start(make_pool, model)
    drain(endpoint)
    assert seen
    assert broken_promises(provider) == []
    assert Completion.objects.succeeded().count() == JOBS
    assert len(provider.calls) == JOBS + len(seen)


@pytest.mark.parametrize("fault", FINAL)
def test_what_no_database_holds_ends_in_a_clear_state(
    fault, make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: (
        Reply(raw=FINAL[fault]) if call.last == "question 3" else good(call)
    )
    start(make_pool, model, jobs=10)
    drain(endpoint)
    assert broken_promises(provider) == []
    (failed,) = Completion.objects.filter(state="failed")
    assert (failed.last_error, failed.text) == ("unstorable", "")


def test_an_answer_of_nearly_two_megabytes_is_stored_whole(
    make_pool, endpoint, model, provider, drain
):
    long = "a" * 1_900_000
    provider.script = lambda call: Reply(answer(long))
    start(make_pool, model, jobs=2)
    drain(endpoint)
    assert {len(row.text) for row in Completion.objects.succeeded()} == {len(long)}


def test_a_key_revoked_midway_pauses_once_and_burns_nothing(
    make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: (
        good(call)
        if len(provider.calls) <= 20
        else Reply({"error": {"message": "revoked"}}, status=401)
    )
    start(make_pool, model)
    drain(endpoint)
    assert "revoked" in ModelEndpoint.objects.get().pause_reason
    waiting = Completion.objects.exclude(state="succeeded")
    assert set(waiting.values_list("state", "attempts_made")) == {("pending", 0)}
    assert len(provider.calls) <= 20 + 2 * endpoint.max_concurrency
    assert LanguageModel.objects.get().paused_at is None


def test_control_a_job_that_never_ends_is_found(make_pool, endpoint, model, provider):
    start(make_pool, model, jobs=2)
    assert any("not ended" in one for one in broken_promises(provider))


def test_control_a_late_answer_that_overwrites_is_found(
    make_pool, endpoint, model, provider, drain, monkeypatch
):
    provider.script = good
    start(make_pool, model, jobs=2)
    drain(endpoint)
    row = Completion.objects.first()
    Completion.objects.filter(pk=row.pk).update(text="echo: of somebody else")
    assert any("another text" in one for one in broken_promises(provider))


def test_control_calls_without_an_attempt_noted_before_are_found(
    make_pool, endpoint, model, provider, drain
):
    provider.script = good
    start(make_pool, model, jobs=3)
    drain(endpoint)
    row = Completion.objects.first()
    row.attempts.all().delete()
    assert any("attempts noted" in one for one in broken_promises(provider))


def test_control_paying_twice_is_found(make_pool, endpoint, model, provider, drain, monkeypatch):
    """Without storing, the same prompt is asked again and again."""
    provider.script = good
    monkeypatch.setattr(completions._Batch, "_write_if_ours", staticmethod(lambda rows: []))
    start(make_pool, model, jobs=3)
    drain(endpoint)
    Completion.objects.update(leased_until=timezone.now() - timedelta(hours=1))
    drain(endpoint)
    assert any("paid for" in one for one in broken_promises(provider))
