"""A seeded round of everything a provider can do wrong, and controls that must be found out."""

import random
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from models_registry.models import (
    Completion,
    LanguageModel,
    ModelEndpoint,
    ModelPrice,
    MonthlySpending,
)
from models_registry.retries import BREAKER_OPENS
from models_registry.services import completions, runs
from models_registry.services.asides import PROBE
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


POISON = {f"question {number}" for number in range(JOBS - 12, JOBS)}


def chokes_on_the_last(call):
    """Answer everything but the last prompts of the run, whose connection breaks off."""
    return Reply(raw=b"", status=502) if call.last in POISON else good(call)


def test_prompts_that_make_a_sound_endpoint_fail_end_after_their_attempts(
    make_pool, endpoint, model, provider, drain
):
    provider.script = chokes_on_the_last
    start(make_pool, model)
    drain(endpoint)
    assert broken_promises(provider) == []
    failed = Completion.objects.filter(state="failed")
    assert {row.prompt.messages[0]["content"] for row in failed} == POISON
    assert set(failed.values_list("attempts_made", "last_error")) == {(5, "unavailable")}
    asked = provider.asked()
    assert {asked[one] for one in POISON} == {5}
    assert 1 <= asked[PROBE] <= 5 * len(POISON) / BREAKER_OPENS
    endpoint.refresh_from_db()
    assert endpoint.paused_at is None
    assert endpoint.failures_in_a_row < BREAKER_OPENS


def test_an_outage_at_the_end_of_a_run_costs_no_prompt_an_attempt(
    make_pool, endpoint, model, provider, drain, monkeypatch
):
    """The same failures, but of everything: also of the question that nobody's run depends on."""
    monkeypatch.setattr("models_registry.retries.LONGEST_REST_SECONDS", 0.2)
    down_until = []

    def script(call):
        if call.last in POISON and not down_until:
            down_until.append(time.monotonic() + 4)
        if down_until and time.monotonic() < down_until[0]:
            return Reply(raw=b"", status=502)
        return good(call)

    provider.script = script
    start(make_pool, model)
    drain(endpoint)
    assert broken_promises(provider) == []
    assert Completion.objects.succeeded().count() == JOBS
    # Before the breaker opens failures count: a few calls, and no prompt more than twice.
    assert max(Completion.objects.values_list("attempts_made", flat=True)) <= 3
    assert provider.asked()[PROBE] >= 3


def test_what_a_probe_costs_is_booked_to_the_run(make_pool, endpoint, model, provider, drain):
    now = timezone.now()
    ModelPrice.objects.create(
        language_model=model, valid_from=now.date(), input_per_million=1000, output_per_million=1000
    )
    provider.script = chokes_on_the_last
    run = start(make_pool, model)
    drain(endpoint)
    run.refresh_from_db()
    answers = Completion.objects.succeeded().count() + provider.asked()[PROBE]
    assert run.spent == answers * Decimal("0.015") == MonthlySpending.objects.get().spent


def test_control_without_a_probe_such_prompts_keep_the_run_open(
    make_pool, endpoint, model, provider, drain, monkeypatch
):
    monkeypatch.setattr("models_registry.services.drains.PROBE_SECONDS", -1.0)
    provider.script = chokes_on_the_last
    start(make_pool, model)
    drain(endpoint, seconds=10)
    assert any("not ended" in one for one in broken_promises(provider))


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
