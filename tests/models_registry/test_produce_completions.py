"""Draining an endpoint: answers, failures, retries, limits, and claims that were lost."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from models_registry.models import Attempt, Completion, GenerationRun, ModelEndpoint
from models_registry.providers.base import ChatResult, Denied, Rejected, Unavailable
from models_registry.services import claims, runs
from models_registry.services.claims import claim_batch
from models_registry.services.completions import Finished, Prices, settle
from models_registry.services.endpoints import set_key
from models_registry.services.language_models import (
    register_language_model,
    resume_language_model,
    set_price,
)
from tests.fake_provider import Reply, answer

pytestmark = pytest.mark.django_db(transaction=True)
LEASE = timedelta(seconds=60)


def start(version, *models, **options):
    return runs.start_run(
        pool_version=version, language_models=models, now=timezone.now(), **options
    ).run


def claim(endpoint, limit=10, now=None):
    return claim_batch(endpoint_id=endpoint.pk, limit=limit, lease=LEASE, now=now or timezone.now())


def end(job, outcome, now=None):
    return settle(
        finished=[Finished(job, {}, outcome)],
        prices=Prices(),
        now=now or timezone.now(),
        rng=random.Random(1),
    )


def states_of(model):
    return Counter(model.completions.values_list("state", flat=True))


def result(text="late", **values):
    return ChatResult(text=text, outcome="answered", **values)


def test_a_late_refusal_of_the_old_key_does_not_pause_what_has_a_new_one(
    make_pool, endpoint, model
):
    start(make_pool(1), model)
    (job,) = claim(endpoint)
    set_key(endpoint=endpoint, api_key="sk-new-0123456789")
    end(job, Denied("The endpoint refused the key."))
    assert ModelEndpoint.objects.get().paused_at is None
    row = Completion.objects.get()
    assert (row.state, row.attempts_made) == ("pending", 0)
    (job,) = claim(endpoint)
    end(job, Denied("The endpoint refused the key."))
    assert ModelEndpoint.objects.get().paused_at is not None


def test_asks_every_prompt_once_and_stores_what_came_back(
    make_pool, endpoint, model, provider, drain
):
    start(make_pool(5), model)
    drained = drain(endpoint)
    rows = list(Completion.objects.order_by("pk"))
    assert (drained.stored, drained.failed) == (5, 0)
    assert [row.text for row in rows] == [f"echo: question {n}" for n in range(5)]
    assert {row.state for row in rows} == {"succeeded"}
    assert {row.outcome for row in rows} == {"answered"}
    assert set(provider.asked().values()) == {1}
    one = rows[0]
    assert one.turns == ["echo: question 0"]
    assert (one.response_model, one.system_fingerprint) == ("fake-1", "fp_1")
    assert (one.prompt_tokens, one.completion_tokens) == (10, 5)
    assert one.request["messages"] == [{"role": "user", "content": "question 0"}]
    assert one.latency_ms is not None
    assert Attempt.objects.filter(finished_at=None).count() == 0
    assert drain(endpoint).stored == 0
    assert len(provider.calls) == 5


def test_keeps_as_many_calls_in_flight_as_the_endpoint_allows(
    make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: Reply(answer("ok"), delay=0.1)
    ModelEndpoint.objects.update(max_concurrency=4)
    start(make_pool(12), model)
    drain(endpoint)
    assert provider.most_in_flight == 4


def test_books_the_cost_at_the_price_of_the_day(make_pool, endpoint, model, drain):
    for day, price in ((date(2020, 1, 1), 30), (date(2099, 1, 1), 99)):
        set_price(
            language_model=model,
            valid_from=day,
            input_per_million=Decimal(price),
            output_per_million=Decimal(60),
        )
    start(make_pool(1), model)
    drain(endpoint)
    assert Completion.objects.get().cost == Decimal("0.0006")  # 10 x 30 + 5 x 60, per million


def test_a_conversation_is_asked_turn_by_turn_with_the_models_own_replies(
    make_pool, endpoint, model, provider, drain
):
    start(make_pool([["first", "second", "third"]]), model)
    drain(endpoint)
    row = Completion.objects.get()
    assert row.turns == ["echo: first", "echo: second", "echo: third"]
    assert row.text == "echo: third"
    assert [len(call.body["messages"]) for call in provider.calls] == [1, 3, 5]
    assert provider.calls[2].body["messages"][1] == {
        "role": "assistant",
        "content": "echo: first",
    }
    assert (row.prompt_tokens, row.completion_tokens) == (30, 15)
    assert sorted(row.attempts.values_list("turn", flat=True)) == [0, 1, 2]


def test_a_conversation_goes_on_where_it_failed(make_pool, endpoint, model, provider, drain):
    failures = iter([Reply({"error": "busy"}, status=503, headers={"Retry-After": "0"})])
    provider.script = lambda call: (
        (next(failures, None) if call.last == "second" else None)
        or Reply(answer(f"echo: {call.last}"))
    )
    start(make_pool([["first", "second"]]), model)
    drain(endpoint)
    assert Completion.objects.get().turns == ["echo: first", "echo: second"]
    assert provider.asked() == {"first": 1, "second": 2}


def test_a_filtered_turn_ends_the_conversation(make_pool, endpoint, model, provider, drain):
    provider.script = lambda call: Reply(answer(None, finish="content_filter"))
    start(make_pool([["first", "second"]]), model)
    drain(endpoint)
    row = Completion.objects.get()
    assert (row.outcome, row.text, row.turns) == ("filtered", "", ["", ""])
    assert len(provider.calls) == 1


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        ([answer("Yes.", finish="length"), answer("No.")], "cut_off"),
        ([answer(None, refusal="I cannot."), answer("No.")], "refused"),
        ([answer("Yes."), answer("No.", finish="length")], "cut_off"),
        ([answer(None, refusal="I cannot."), answer("No.", finish="length")], "refused"),
        ([answer("Yes.", finish="length"), answer("")], "empty"),
        ([answer("Yes."), answer("No.")], "answered"),
    ],
)
@pytest.mark.parametrize("drains", [1, 2])
def test_a_conversation_is_what_its_worst_turn_is(
    make_pool, endpoint, model, provider, drain, replies, outcome, drains
):
    left = iter(replies)
    if drains == 2:  # the second turn is asked by another process, long after the first
        busy = [Reply({"error": "busy"}, status=503, headers={"Retry-After": "3600"})]
        left = iter([replies[0], busy[0], replies[1]])
    provider.script = lambda call: _reply(next(left))
    start(make_pool([["first", "second"]]), model)
    drain(endpoint)
    if drains == 2:
        Completion.objects.update(next_attempt_at=None)
        ModelEndpoint.objects.update(resting_until=None)
        drain(endpoint)
    assert Completion.objects.get().outcome == outcome


def _reply(given):
    return given if isinstance(given, Reply) else Reply(given)


def test_a_fixed_history_is_sent_as_it_is(make_pool, endpoint, model, provider, drain):
    history = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    start(make_pool([history]), model)
    drain(endpoint)
    assert [call.body["messages"] for call in provider.calls] == [history]
    assert Completion.objects.get().turns == ["echo: c"]


def test_an_answer_that_names_its_maker_is_marked(make_pool, endpoint, model, provider, drain):
    provider.script = lambda call: Reply(answer("I am ChatGPT, trained by OpenAI."))
    start(make_pool(1), model)
    drain(endpoint)
    assert Completion.objects.get().names_maker


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (answer(None, refusal="I cannot."), "refused"),
        (answer("half", finish="length"), "cut_off"),
        (answer("  "), "empty"),
        (answer(None, finish="length"), "empty"),
    ],
)
def test_tells_what_kind_of_answer_it_was(
    make_pool, endpoint, model, provider, drain, body, outcome
):
    provider.script = lambda call: Reply(body)
    start(make_pool(1), model)
    drain(endpoint)
    assert Completion.objects.get().outcome == outcome


def test_a_retry_that_is_due_soon_is_waited_for(make_pool, endpoint, model, provider, drain):
    failures = iter([Reply({"error": {"message": "slow"}}, status=429)])
    provider.script = lambda call: next(failures, None) or Reply(answer("ok"))
    start(make_pool(1), model)
    drained = drain(endpoint)
    row = Completion.objects.get()
    assert (drained.stored, row.state, row.last_error) == (1, "succeeded", "")
    assert row.attempts_made == 1  # to be asked for fewer requests is no fault of the prompt
    assert list(row.attempts.order_by("pk").values_list("error", "http_status")) == [
        ("rate_limited", 429),
        ("", 200),
    ]


def test_a_rejected_request_fails_at_once_with_the_endpoints_words(
    make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: Reply(
        {"error": {"message": "temperature is not supported"}}, status=400
    )
    start(make_pool(1), model)
    assert drain(endpoint).failed == 1
    row = Completion.objects.get()
    assert (row.state, row.last_error, row.outcome) == ("failed", "rejected", "")
    assert "temperature is not supported" in row.last_error_message
    assert len(provider.calls) == 1


@pytest.mark.parametrize("escape", [b"\\u0000", b"\\ud800"])
def test_what_a_database_cannot_hold_fails_clearly(
    make_pool, endpoint, model, provider, drain, escape
):
    raw = b'{"choices": [{"message": {"content": "a' + escape + b'"}}]}'
    provider.script = lambda call: Reply(raw=raw)
    start(make_pool(1), model)
    drain(endpoint)
    row = Completion.objects.get()
    assert (row.state, row.last_error) == ("failed", "unstorable")
    assert len(provider.calls) == 1


def test_a_refused_key_pauses_the_endpoint_once_and_burns_no_attempt(
    make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: Reply({"error": {"message": "bad key"}}, status=401, delay=0.05)
    run = start(make_pool(30), model)
    drain(endpoint)
    endpoint.refresh_from_db()
    assert endpoint.paused_at
    assert "bad key" in endpoint.pause_reason
    assert "set a valid one" in endpoint.pause_reason
    assert len(provider.calls) <= endpoint.max_concurrency
    assert set(Completion.objects.values_list("state", "attempts_made")) == {("pending", 0)}
    told = runs.run_progress(run=run, now=timezone.now())
    assert told.paused_endpoints == [{"endpoint": "fake", "reason": endpoint.pause_reason}]
    assert drain(endpoint).stored == 0


def test_an_unknown_name_pauses_its_model_and_no_other(make_pool, endpoint, model, provider, drain):
    other = register_language_model(
        slug="other", name="Other", endpoint=endpoint, remote_name="other"
    )
    missing = Reply({"error": {"message": "no such model"}}, status=404)
    provider.script = lambda call: missing if call.body["model"] != "other" else Reply(answer("hi"))
    version = make_pool(6)
    run = start(version, model, other)
    drain(endpoint)
    model.refresh_from_db()
    endpoint.refresh_from_db()
    assert endpoint.paused_at is None
    assert "no such model" in model.pause_reason
    assert states_of(other) == {"succeeded": 6}
    assert states_of(model) == {"pending": 6}
    told = runs.run_progress(run=run, now=timezone.now())
    assert told.paused_models == [{"model": str(model), "reason": model.pause_reason}]
    asked = len(provider.calls)
    assert drain(endpoint).stored == 0
    assert len(provider.calls) == asked
    provider.script = lambda call: Reply(answer("there"))
    resume_language_model(language_model=model)
    drain(endpoint)
    assert states_of(model) == {"succeeded": 6}


def test_gives_up_after_five_attempts(make_pool, endpoint, model):
    start(make_pool(1), model)
    now = timezone.now()
    for attempt in range(1, 6):
        (job,) = claim(endpoint, now=now)
        assert end(job, Unavailable("x"), now).failed == (attempt == 5)
        now += timedelta(hours=1)
    assert claim(endpoint, now=now) == []
    assert Completion.objects.get().state == "failed"


def test_gives_up_on_what_killed_five_workers(make_pool, endpoint, model):
    start(make_pool(1), model)
    now = timezone.now()
    for _ in range(5):
        assert len(claim(endpoint, now=now)) == 1
        now += timedelta(hours=1)
    assert claim(endpoint, now=now) == []
    row = Completion.objects.get()
    assert (row.state, row.last_error) == ("failed", "abandoned")


def test_a_claim_is_exclusive_until_its_lease_ends(make_pool, endpoint, model):
    start(make_pool(3), model)
    now = timezone.now()
    assert len(claim(endpoint, limit=2, now=now)) == 2
    assert len(claim(endpoint, now=now)) == 1
    assert claim(endpoint, now=now + LEASE) == []
    assert len(claim(endpoint, now=now + LEASE * 1.1)) == 3


def test_a_renewed_lease_holds(make_pool, endpoint, model):
    start(make_pool(2), model)
    now = timezone.now()
    jobs = claim(endpoint, now=now)
    assert claims.renew_leases(jobs=jobs, lease=LEASE, now=now + LEASE / 2) == 2
    assert claim(endpoint, now=now + LEASE * 1.2) == []


def test_a_late_answer_overwrites_nothing(make_pool, endpoint, model):
    start(make_pool(1), model)
    now = timezone.now()
    (old,) = claim(endpoint, now=now)
    (new,) = claim(endpoint, now=now + LEASE * 2)
    assert end(new, result("right"), now).stored == 1
    assert end(old, result("wrong"), now).late == 1
    assert end(old, Rejected("x"), now).failed == 0
    row = Completion.objects.get()
    assert (row.text, row.state) == ("right", "succeeded")
    assert list(row.attempts.order_by("pk").values_list("error", flat=True)) == ["rejected", ""]


def test_released_work_is_due_at_once_and_costs_no_attempt(make_pool, endpoint, model):
    start(make_pool(2), model)
    now = timezone.now()
    claims.release(jobs=claim(endpoint, now=now), now=now)
    assert set(Completion.objects.values_list("state", "attempts_made")) == {("pending", 0)}
    assert len(claim(endpoint, now=now)) == 2


def test_a_stopping_process_releases_what_is_in_flight(
    make_pool, endpoint, model, provider, drain, monkeypatch
):
    monkeypatch.setattr("models_registry.services.drains.STOP_SECONDS", 0.1)
    provider.script = lambda call: Reply(answer("ok"), delay=3)
    start(make_pool(3), model)
    drained = drain(endpoint, stopping=lambda: len(provider.calls) == 3)
    assert (drained.stored, drained.more) == (0, False)
    assert set(Completion.objects.values_list("state", "attempts_made")) == {("pending", 0)}
    assert set(Attempt.objects.values_list("error", flat=True)) == {"released"}


def test_rings_for_a_next_drain_after_its_time(make_pool, endpoint, model, provider, drain):
    provider.script = lambda call: Reply(answer("ok"), delay=0.1)
    ModelEndpoint.objects.update(max_concurrency=1)
    start(make_pool(12), model)
    rung = []
    drained = drain(endpoint, seconds=0.5, ring=lambda: rung.append(len(provider.calls)))
    assert drained.more
    assert 1 <= drained.stored < 12
    assert len(rung) == 1
    assert not drain(endpoint, ring=lambda: rung.append(0)).more
    assert len(rung) == 1
    assert Completion.objects.succeeded().count() == 12


def test_one_drain_at_a_time_waits_for_a_retry(endpoint):
    now = timezone.now()
    until = now + timedelta(seconds=5)
    assert claims.begin_watch(endpoint_id=endpoint.pk, now=now, until=until)
    assert not claims.begin_watch(endpoint_id=endpoint.pk, now=now, until=until)
    claims.end_watch(endpoint_id=endpoint.pk, until=until)
    assert claims.begin_watch(endpoint_id=endpoint.pk, now=now, until=until)


def test_a_paused_run_is_left_alone(make_pool, endpoint, model, provider, drain):
    run = start(make_pool(2), model)
    runs.pause_run(run=run)
    drain(endpoint)
    assert provider.calls == []
    GenerationRun.objects.update(state="running")
    assert drain(endpoint).stored == 2


def test_an_unreadable_key_pauses_with_what_to_do(make_pool, endpoint, model, settings, drain):
    settings.ENDPOINT_KEY_SECRETS = ["another secret"]
    start(make_pool(1), model)
    drain(endpoint)
    endpoint.refresh_from_db()
    assert "Set the key again" in endpoint.pause_reason
