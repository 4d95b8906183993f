"""Limits of an endpoint and of a budget: turns, rests, the breaker, shares of runs, quarantine."""

import random
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid
from models_registry.models import Completion, GenerationRun, ModelEndpoint, MonthlySpending
from models_registry.providers.base import ChatResult, RateLimited, Unavailable
from models_registry.providers.calls import LATEST_START
from models_registry.providers.names import same_model
from models_registry.rate_limits import Pace, give_turns
from models_registry.retries import BREAKER_OPENS, MOST_TRIALS
from models_registry.services import claims, runs
from models_registry.services.completions import Finished, Prices, settle
from models_registry.services.endpoints import resume_endpoint, update_endpoint
from models_registry.services.health import end_rest
from models_registry.services.language_models import accept_name, set_price
from tests.fake_provider import Reply, answer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def start(version, *models, **options):
    return runs.start_run(
        pool_version=version, language_models=models, now=timezone.now(), **options
    ).run


def claim(endpoint, limit=10, now=None):
    return claims.claim_batch(
        endpoint_id=endpoint.pk, limit=limit, lease=LEASE, now=now or timezone.now()
    )


def end(jobs, outcome, now=None):
    return settle(
        finished=[Finished(job, {}, outcome) for job in jobs],
        prices=Prices(),
        now=now or timezone.now(),
        rng=random.Random(1),
    )


def priced(model, per_million=100_000):
    set_price(
        language_model=model,
        valid_from=date(2020, 1, 1),
        input_per_million=Decimal(per_million),
        output_per_million=Decimal(0),
    )


@pytest.mark.parametrize("limit", [1, 7, 60, 600, 6_000])
def test_no_sixty_seconds_hold_more_calls_than_the_limit_however_late_each_begins(limit):
    rng = random.Random(limit)
    pace, now, arrivals = Pace(requests=limit), NOW, []
    while len(arrivals) < 3 * limit + 5:
        turns, pace = give_turns(pace, [1] * rng.randint(1, 50), now=now)
        arrivals += [turn + timedelta(seconds=rng.uniform(0, LATEST_START)) for turn in turns]
        now += timedelta(seconds=rng.uniform(0, 1.5 * 60 / limit + 0.5))
    arrivals.sort()
    for at, moment in enumerate(arrivals):
        assert at - bisect_left(arrivals, moment - timedelta(seconds=60)) + 1 <= limit


def test_a_busy_endpoint_gets_nearly_all_its_limit_allows():
    turns, _ = give_turns(Pace(requests=600), [1] * 1200, now=NOW, ahead=None)
    within = [turn for turn in turns if turn < NOW + timedelta(seconds=60)]
    assert 590 <= len(within) <= 600


def test_tokens_use_up_their_limit_by_weight():
    turns, pace = give_turns(Pace(tokens=6_000), [1_000, 1_000, 10], now=NOW, ahead=None)
    waits = [round((turn - NOW).total_seconds(), 1) for turn in turns]
    assert waits == [0.0, 10.1, 20.3]
    assert give_turns(pace, [1], now=NOW)[0] == []


@pytest.mark.django_db
def test_two_claimers_share_one_limit_of_requests(make_pool, endpoint, model):
    update_endpoint(endpoint=endpoint, requests_per_minute=60, max_concurrency=100)
    start(make_pool(20), model)
    now = timezone.now()
    first, second = claim(endpoint, now=now), claim(endpoint, now=now)
    assert [len(first), len(second)] == [2, 0]
    later = claim(endpoint, now=now + timedelta(seconds=2))
    turns = sorted(job.turn for job in (*first, *later))
    gaps = [b - a for a, b in pairwise(turns)]
    assert min(gaps) > timedelta(seconds=1)


@pytest.mark.django_db(transaction=True)
def test_a_drain_keeps_the_limit_of_requests(make_pool, endpoint, model, provider, drain):
    update_endpoint(endpoint=endpoint, requests_per_minute=600)
    start(make_pool(12), model)
    started = timezone.now()
    assert drain(endpoint).stored == 12
    assert timezone.now() - started > timedelta(seconds=11 * 0.1)


@pytest.mark.django_db
def test_an_endpoint_rests_as_long_as_it_asks_and_no_attempt_is_lost(make_pool, endpoint, model):
    start(make_pool(5), model)
    now = timezone.now()
    jobs = claim(endpoint, limit=3, now=now)
    end(jobs, RateLimited("Slower.", retry_after=40), now)
    assert set(Completion.objects.values_list("attempts_made", "state")) == {(0, "pending")}
    assert claim(endpoint, now=now + timedelta(seconds=39)) == []
    run = GenerationRun.objects.get()
    (told,) = runs.run_progress(run=run, now=now).resting_endpoints
    assert (told["endpoint"], told["reason"]) == ("fake", "Slower.")
    assert len(claim(endpoint, now=now + timedelta(seconds=45))) == 5


@pytest.mark.django_db
def test_a_used_up_limit_told_in_headers_lets_it_rest_too(make_pool, endpoint, model):
    start(make_pool(2), model)
    now = timezone.now()
    end(claim(endpoint, limit=1, now=now), ChatResult("a", "answered", rest=20.0), now)
    assert claim(endpoint, now=now + timedelta(seconds=19)) == []
    assert len(claim(endpoint, now=now + timedelta(seconds=23))) == 1


@pytest.mark.django_db
def test_after_failures_in_a_row_one_call_at_a_time_tries_until_one_succeeds(
    make_pool, endpoint, model
):
    start(make_pool(40), model)
    now = timezone.now()
    end(claim(endpoint, limit=BREAKER_OPENS, now=now), Unavailable("Down."), now)
    assert claim(endpoint, now=now + timedelta(seconds=1)) == []
    now += timedelta(seconds=10)
    for _ in range(3):
        probing = claim(endpoint, now=now)
        assert len(probing) == 1
        end(probing, Unavailable("Down."), now)
        assert claim(endpoint, now=now + timedelta(seconds=1)) == []
        now += timedelta(seconds=31)
    end(claim(endpoint, now=now), ChatResult("a", "answered"), now)
    assert len(claim(endpoint, now=now)) == endpoint.max_concurrency


def rest_of(endpoint):
    endpoint.refresh_from_db()
    return endpoint.resting_until, endpoint.failures_in_a_row


@pytest.mark.django_db
def test_a_rest_that_is_ended_lets_one_call_try_which_costs_nothing_and_brings_the_next_rest(
    make_pool, endpoint, model
):
    start(make_pool(3), model)
    ModelEndpoint.objects.update(failures_in_a_row=BREAKER_OPENS - 1)
    now = timezone.now()
    end(claim(endpoint, now=now), Unavailable("Down."), now)
    assert claim(endpoint, now=now + timedelta(seconds=1)) == []
    for failures in range(BREAKER_OPENS, BREAKER_OPENS + 8):
        assert rest_of(endpoint)[1] == failures
        now += timedelta(seconds=1)
        assert end_rest(endpoint=endpoint, now=now)
        assert not end_rest(endpoint=endpoint, now=now)  # pressed twice
        assert rest_of(endpoint) == (None, failures)
        trial = claim(endpoint, now=now)
        assert [len(trial), len(claim(endpoint, now=now))] == [1, 0]
        end(trial, Unavailable("Down."), now)
        assert rest_of(endpoint)[0] > now + timedelta(seconds=3)
    assert set(Completion.objects.values_list("state", "attempts_made")) == {("pending", 0)}
    assert end_rest(endpoint=endpoint, now=now)
    end(claim(endpoint, now=now), ChatResult("a", "answered"), now)
    assert rest_of(endpoint) == (None, 0)
    assert len(claim(endpoint, now=now)) == 2  # nothing waits for an outage that is over


@pytest.mark.django_db
def test_ending_a_rest_hastens_no_retry_that_a_prompt_has_to_wait_for(make_pool, endpoint, model):
    start(make_pool(2), model)
    now = timezone.now()
    first, second = claim(endpoint, limit=2, now=now)
    end([first], Unavailable("Busy.", retry_after=300), now)
    end([second], RateLimited("Slower.", retry_after=40), now)
    assert end_rest(endpoint=endpoint, now=now)
    assert [job.pk for job in claim(endpoint, now=now)] == [second.pk]


@pytest.mark.django_db
def test_the_end_of_a_rest_lifts_no_pause(make_pool, endpoint, model):
    later = timezone.now() + timedelta(seconds=30)
    ModelEndpoint.objects.update(paused_at=timezone.now(), resting_until=later)
    with pytest.raises(Conflict, match="resume it"):
        end_rest(endpoint=endpoint, now=timezone.now())
    assert rest_of(endpoint)[0] == later


@pytest.mark.django_db
def test_an_outage_costs_no_prompt_an_attempt_and_ends_in_a_pause_after_hours(
    make_pool, endpoint, model
):
    start(make_pool(12), model)
    now = timezone.now()
    tried = set()
    for left in range(15, 0, -1):
        jobs = claim(endpoint, limit=BREAKER_OPENS, now=now)
        tried |= {job.pk for job in jobs}
        end(jobs, Unavailable("Down."), now)
        now += timedelta(seconds=31)
        endpoint.refresh_from_db()
        assert endpoint.paused_at is None
        if left == 2:  # the hours between are all the same
            most = ModelEndpoint.objects.filter(pk=endpoint.pk)
            most.update(failures_in_a_row=BREAKER_OPENS + MOST_TRIALS - 2)
    end(claim(endpoint, now=now), Unavailable("Down."), now)
    endpoint.refresh_from_db()
    assert "resume it" in endpoint.pause_reason
    assert set(Completion.objects.values_list("state", "attempts_made")) == {("pending", 0)}
    assert len(tried) > BREAKER_OPENS
    resume_endpoint(endpoint=endpoint)
    assert len(claim(endpoint, limit=4, now=now + timedelta(seconds=61))) == 4


@pytest.mark.django_db
def test_a_prompt_that_alone_makes_its_endpoint_fail_ends_after_its_attempts(
    make_pool, endpoint, model
):
    start(make_pool(1), model)
    now = timezone.now()
    for _ in range(5):
        end(claim(endpoint, now=now), Unavailable("It chokes on this one."), now)
        now += timedelta(minutes=11)
    assert set(Completion.objects.values_list("state", "last_error")) == {("failed", "unavailable")}


@pytest.mark.django_db
def test_a_small_run_need_not_wait_for_a_large_one(make_pool, endpoint, model):
    large, small = start(make_pool(50), model), start(make_pool(3), model)
    jobs = claim(endpoint, limit=8)
    taken = [job.run_id for job in jobs]
    assert (taken.count(small.pk), taken.count(large.pk)) == (3, 5)


@pytest.mark.django_db
def test_spending_stops_at_the_runs_limit(make_pool, endpoint, model):
    priced(model)
    run = start(make_pool(20), model, cost_limit=Decimal(30))
    answered = ChatResult("a", "answered", prompt_tokens=100, completion_tokens=1)
    for _ in range(3):
        end(claim(endpoint, limit=1), answered)
    assert claim(endpoint) == []
    run.refresh_from_db()
    assert (run.state, run.spent) == ("paused", 30)
    assert "limit of $30.00 is reached" in run.pause_reason
    assert MonthlySpending.objects.get().spent == 30
    runs.limit_cost(run=run, cost_limit=Decimal(100), now=timezone.now())
    assert len(claim(endpoint, limit=1)) == 1


@pytest.mark.django_db
def test_spending_stops_at_the_months_limit(make_pool, endpoint, model, settings):
    settings.GENERATION_MONTHLY_LIMIT = 5
    priced(model)
    run = start(make_pool(5), model)
    told = ChatResult("a", "answered", prompt_tokens=50, completion_tokens=1)
    end(claim(endpoint, limit=1), told)
    assert claim(endpoint) == []
    run.refresh_from_db()
    assert "a month" in run.pause_reason


@pytest.mark.django_db
def test_a_limit_of_cost_needs_prices(make_pool, model):
    with pytest.raises(Invalid, match="has no price"):
        start(make_pool(1), model, cost_limit=Decimal(1))


FINER = [Decimal("0.002"), Decimal("1.005"), Decimal(-1), Decimal("NaN"), Decimal("Infinity")]


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [*FINER, Decimal(1_000_000), Decimal(99_999_999_999)])
def test_a_limit_that_would_be_kept_as_another_one_is_refused(make_pool, model, limit):
    priced(model)
    pool = make_pool(1)
    with pytest.raises(Invalid, match="cost limit") as refused:
        runs.start_run(
            pool_version=pool, language_models=[model], cost_limit=limit, now=timezone.now()
        )
    assert refused.value.code == "cost_limit"
    assert GenerationRun.objects.count() == 0
    run = runs.start_run(
        pool_version=pool, language_models=[model], cost_limit=Decimal("0.02"), now=timezone.now()
    ).run
    with pytest.raises(Invalid, match="cost limit"):
        runs.limit_cost(run=run, cost_limit=limit, now=timezone.now())
    run.refresh_from_db()
    assert run.cost_limit == Decimal("0.02")


@pytest.mark.django_db
@pytest.mark.parametrize("price", [Decimal("0.0000001"), *FINER[2:], Decimal(10**7)])
def test_a_price_that_would_be_kept_as_another_one_is_refused(model, price):
    with pytest.raises(Invalid, match="per million"):
        set_price(
            language_model=model,
            valid_from=date(2020, 1, 1),
            input_per_million=Decimal(1),
            output_per_million=price,
        )
    assert model.prices.count() == 0


@pytest.mark.django_db(transaction=True)
def test_answers_of_another_model_are_kept_apart_until_its_name_is_accepted(
    make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: Reply(answer("hi", model="fake-1-mini"))
    start(make_pool(30), model)
    drain(endpoint)
    model.refresh_from_db()
    assert "answered as 'fake-1-mini'" in model.pause_reason
    assert Completion.objects.succeeded().count() == 0
    assert 1 <= len(provider.calls) <= endpoint.max_concurrency
    accept_name(language_model=model, response_model="fake-1-mini")
    asked = len(provider.calls)
    assert Completion.objects.succeeded().count() == asked
    drain(endpoint)
    assert Completion.objects.succeeded().count() == len(provider.calls) == 30


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("openai/gpt-4o", "gpt-4o", True),
        ("llama2:7b-chat", "llama2:7b-chat", True),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct", True),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", True),
        ("tiny", "models/tiny.gguf", True),
        ("anything", "", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4-0613", "gpt-4-1106-preview", False),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06", False),
        ("llama-3-70b", "llama-3-8b", False),
        ("claude-3-opus", "claude-3-haiku", False),
        ("gpt-4", "gpt-3.5-turbo", False),
        ("mistral-large", "mistral-small-latest", False),
    ],
)
def test_tells_a_snapshot_from_another_model(asked, answered, same):
    assert same_model(asked, answered) is same


@pytest.mark.django_db(transaction=True)
def test_a_refused_setting_is_left_out_or_renamed_and_remembered(
    make_pool, endpoint, model, provider, drain
):
    def refuse(call):
        for name, hint in (("max_tokens", "Use 'max_completion_tokens' instead."), ("top_p", "")):
            if name in call.body:
                told = {
                    "message": f"Unsupported parameter: '{name}' is not supported with this model. {hint}",
                    "code": "unsupported_parameter",
                    "param": name,
                }
                return Reply({"error": told}, status=400)
        return Reply(answer("ok"))

    model.settings = {"max_tokens": 50, "top_p": 0.9, "temperature": 0}
    model.save()
    provider.script = refuse
    start(make_pool(20), model)
    drain(endpoint)
    assert Completion.objects.succeeded().count() == 20
    model.refresh_from_db()
    assert model.replaced_settings == {"max_tokens": "max_completion_tokens", "top_p": ""}
    sent = provider.calls[-1].body
    assert (sent["max_completion_tokens"], sent["temperature"]) == (50, 0)
    assert Completion.objects.first().request.keys() == sent.keys()
    assert set(Completion.objects.values_list("attempts_made", flat=True)) == {1}


@pytest.mark.django_db
def test_limits_are_checked(endpoint):
    for wrong in (0, -1, 10**10):
        with pytest.raises(Invalid):
            update_endpoint(endpoint=endpoint, requests_per_minute=wrong)
    assert update_endpoint(endpoint=endpoint, requests_per_minute=None).requests_per_minute is None
    assert ModelEndpoint.objects.get().max_concurrency == 8
