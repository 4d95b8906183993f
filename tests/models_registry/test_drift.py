"""A model that changes is noticed, waits, and goes on as an admin decides."""

import random
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from core.errors import Conflict
from models_registry.canaries import QUESTIONS, SEEDS, chance_of_difference
from models_registry.models import (
    Attempt,
    Completion,
    DriftNotice,
    LanguageModel,
    ModelEndpoint,
    MonthlySpending,
)
from models_registry.providers.base import Rejected
from models_registry.services import (
    canaries,
    claims,
    completions,
    drift,
    language_models,
    runs,
)
from models_registry.services.budgets import spent_in_month
from models_registry.services.clock import database_clock
from tests.fake_provider import Reply, answer
from tests.faults.lab.servers import wait_for

pytestmark = pytest.mark.django_db
SAME, NEW_VERSION = "same", "new_version"


def start(make_pool, model, jobs=6):
    return runs.start_run(
        pool_version=make_pool(jobs), language_models=[model], now=timezone.now()
    ).run


def changing(provider, *, after, **change):
    """Answer as usual until `after` calls, and from then on otherwise; one after the other."""
    ModelEndpoint.objects.update(max_concurrency=1)

    def script(call):
        body = answer(f"echo: {call.last}")
        return Reply(body | change if len(provider.calls) > after else body)

    provider.script = script


def decide(decision, alice, **values):
    return drift.decide(
        notice=DriftNotice.objects.get(**values), decision=decision, by=alice, now=timezone.now()
    )


def states():
    return sorted(Completion.objects.values_list("state", flat=True))


@pytest.mark.parametrize(
    ("change", "what", "before", "after"),
    [
        ({"system_fingerprint": "fp_2"}, "fingerprint", "fp_1", "fp_2"),
        ({"model": "fake-1-2026-11-01"}, "response_model", "fake-1", "fake-1-2026-11-01"),
    ],
)
def test_another_origin_raises_one_notice_and_waits(
    change, what, before, after, make_pool, endpoint, model, provider, drain
):
    changing(provider, after=3, **change)
    start(make_pool, model, jobs=20)
    drain(endpoint)
    notice = DriftNotice.objects.get()
    assert (notice.what, notice.before, notice.after) == (what, before, after)
    assert LanguageModel.objects.get().paused_at is not None
    assert states().count("succeeded") == 3
    assert set(states()) <= {"succeeded", "quarantined", "pending"}
    with pytest.raises(Conflict, match="same model"):
        language_models.resume_language_model(language_model=model)


def test_the_same_model_goes_on_and_what_was_set_aside_counts(
    make_pool, endpoint, model, provider, drain, alice
):
    changing(provider, after=3, system_fingerprint="fp_2")
    start(make_pool, model, jobs=20)
    drain(endpoint)
    assert decide(SAME, alice) == model
    assert decide(SAME, alice).paused_at is None
    drain(endpoint)
    assert states() == ["succeeded"] * 20
    assert DriftNotice.objects.count() == 1
    assert len(provider.calls) == 20
    with pytest.raises(Conflict, match="otherwise"):
        decide(NEW_VERSION, alice)


def test_a_new_version_begins_and_the_old_one_is_no_longer_asked(
    make_pool, endpoint, model, provider, drain, alice
):
    changing(provider, after=3, system_fingerprint="fp_2")
    start(make_pool, model, jobs=20)
    drain(endpoint)
    asked = len(provider.calls)
    begun = decide(NEW_VERSION, alice)
    assert (begun.version, begun.remote_name, begun.known_origins) == (2, "fake-1", {})
    drain(endpoint)
    assert len(provider.calls) == asked
    model.refresh_from_db()
    assert model.retired_at is not None
    assert set(states()) == {"succeeded", "quarantined", "cancelled"}
    start(make_pool, begun, jobs=2)
    drain(endpoint)
    assert begun.completions.succeeded().count() == 2


def test_an_endpoint_that_tells_nothing_raises_nothing(make_pool, endpoint, model, provider, drain):
    changing(provider, after=3, system_fingerprint=None)
    start(make_pool, model)
    drain(endpoint)
    assert not DriftNotice.objects.exists()
    assert states() == ["succeeded"] * 6


def test_one_change_has_one_open_notice(model):
    row = {"language_model": model, "what": "fingerprint", "after": "fp_2"}
    DriftNotice.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        DriftNotice.objects.create(**row)
    DriftNotice.objects.update(decision=SAME)
    DriftNotice.objects.create(**row)


# ---- canary questions ------------------------------------------------------------------------------


def ask(model):
    model.refresh_from_db()
    return canaries.ask_canaries(language_model=model, clock=database_clock(), rng=random.Random(5))


def habit(provider, words, seed=0):
    """Answer each question with one of these words, by chance."""
    rng = random.Random(seed)
    provider.script = lambda call: Reply(answer(rng.choice(words)))


def long_ago():
    LanguageModel.objects.update(canaries_due_at=timezone.now() - timedelta(minutes=1))


def test_only_models_at_work_are_asked_and_only_when_it_is_time(
    settings, make_pool, endpoint, model, provider
):
    due = lambda: list(canaries.models_due(now=timezone.now()))  # noqa: E731 - one word for it
    settings.GENERATION_CANARY_HOURS = 24
    assert due() == []
    start(make_pool, model)
    assert due() == []  # a round would be more than a tenth of its calls
    runs.start_run(
        pool_version=make_pool(7), language_models=[model], samples=92, now=timezone.now()
    )
    assert due() == [model]
    settings.GENERATION_CANARY_HOURS = 0
    assert due() == []
    settings.GENERATION_CANARY_HOURS = 24
    habit(provider, ["yes"])
    assert ask(model).baseline
    assert ask(model) is None
    assert due() == []
    long_ago()
    assert due() == [model]
    settings.GENERATION_MONTHLY_LIMIT = 1
    MonthlySpending.objects.create(month=timezone.now().date().replace(day=1), spent=2)
    assert due() == []


def test_each_question_is_asked_with_every_seed_within_the_limits(model, provider, endpoint):
    endpoint.tokens_per_minute = 600_000_000
    endpoint.save()
    habit(provider, ["yes"])
    ask(model)
    asked = {(call.last, call.body["seed"]) for call in provider.calls}
    assert asked == {(question, seed) for question in QUESTIONS.values() for seed in SEEDS}
    assert provider.most_in_flight <= canaries.AT_ONCE
    endpoint.refresh_from_db()
    assert endpoint.next_tokens_at is not None
    assert not Attempt.objects.exists()


def test_the_same_habit_raises_nothing_and_another_one_a_notice(model, provider, alice):
    for seed in range(3):
        habit(provider, ["red", "green", "blue"], seed)
        told = ask(model)
        long_ago()
    assert told.chance > 0.01
    assert not DriftNotice.objects.exists()
    habit(provider, ["red"])
    assert ask(model).chance < 0.001
    model.refresh_from_db()
    assert model.paused_at is not None
    decide(SAME, alice, what="answers")
    long_ago()
    assert ask(model).chance > 0.01


def test_a_round_without_an_answer_is_no_round(model, provider):
    provider.script = lambda call: Reply({"error": "busy"}, status=500)
    assert ask(model) is None
    model.refresh_from_db()
    assert timezone.now() < model.canaries_due_at < timezone.now() + timedelta(hours=2)
    long_ago()
    habit(provider, ["yes"])
    assert ask(model).baseline


def test_a_round_that_breaks_off_is_booked_as_far_as_it_was_paid_for(model, provider):
    now = timezone.now()
    language_models.set_price(
        language_model=model,
        valid_from=now.date(),
        input_per_million=Decimal(0),
        output_per_million=Decimal(1_000),
    )
    # Four are asked at a time, so the first two lots are answered before one is refused.
    provider.script = lambda call: (
        Reply(answer("yes"))
        if len(provider.calls) <= 2 * canaries.AT_ONCE
        else Reply({"error": "busy"}, status=500)
    )
    assert ask(model) is None
    assert spent_in_month(now=now) == 2 * canaries.AT_ONCE * Decimal("0.005")  # five tokens each


def test_two_fingerprints_behind_one_name_are_asked_about_once(
    make_pool, endpoint, model, provider, drain, alice
):
    provider.script = lambda call: Reply(
        answer(f"echo: {call.last}") | {"system_fingerprint": f"fp_{len(provider.calls) % 2}"}
    )
    start(make_pool, model, jobs=40)
    drain(endpoint)
    notice = DriftNotice.objects.get()
    drift.decide(notice=notice, decision=SAME, by=alice, now=timezone.now())
    drain(endpoint)
    assert Completion.objects.succeeded().count() == len(provider.calls) == 40
    assert DriftNotice.objects.count() == 1


def test_a_fingerprint_that_is_new_with_every_answer_is_asked_about_a_few_times_and_no_more(
    make_pool, endpoint, model, provider, drain, alice
):
    provider.script = lambda call: Reply(
        answer(f"echo: {call.last}") | {"system_fingerprint": f"fp_{call.last}"}
    )
    start(make_pool, model, jobs=40)
    decisions = 0
    while Completion.objects.succeeded().count() < 40 and decisions < 40:
        drain(endpoint)
        if notice := DriftNotice.objects.filter(decision="").first():
            drift.decide(notice=notice, decision=SAME, by=alice, now=timezone.now())
            decisions += 1
    assert decisions == drift.MOST_FINGERPRINTS - 1  # the first was learned
    assert Completion.objects.succeeded().count() == len(provider.calls) == 40
    assert not DriftNotice.objects.filter(decision="").exists()


def test_an_endpoint_that_tells_no_fingerprint_raises_nothing(
    make_pool, endpoint, model, provider, drain
):
    provider.script = lambda call: Reply(
        answer(f"echo: {call.last}") | {"system_fingerprint": None}
    )
    start(make_pool, model, jobs=10)
    drain(endpoint)
    assert Completion.objects.succeeded().count() == 10
    assert not DriftNotice.objects.exists()


def test_chance_is_told_as_it_is():
    """Of rounds from one habit, no more than the level are called different; of two, most are."""
    rng = random.Random(11)

    def round_of(words):
        return {key: [rng.choice(words) for _ in SEEDS] for key in QUESTIONS}

    alike = [chance_of_difference(round_of("abcd"), round_of("abcd"), rng=rng) for _ in range(40)]
    assert sum(chance < 0.05 for chance in alike) <= 6
    assert min(alike) > 0.001
    assert chance_of_difference(round_of("abcd"), round_of("a"), rng=rng) < 0.001


# ---- the pages and the API ---------------------------------------------------------------------------


def test_an_admin_decides_on_the_page(model, client, alice):
    drift.raise_notice(
        language_model=model,
        what=DriftNotice.What.FINGERPRINT,
        before="fp_1",
        after="fp_2",
        now=timezone.now(),
    )
    client.force_login(alice)
    assert "1 change of a model waits" in client.get("/models/").content.decode()
    page = client.get(f"/models/{model}/").content.decode()
    assert "fp_2" in page
    pk = DriftNotice.objects.get().pk
    answered = client.post(f"/models/changes/{pk}/", {"decision": "same", "note": "we asked"})
    assert answered.status_code == 302
    told = client.get("/models/changes/").content.decode()
    assert "we asked" in told
    assert "Nothing waits" in told


def test_a_researcher_sees_notices_and_decides_nothing(model, client_of, alice, dave):
    drift.raise_notice(
        language_model=model,
        what=DriftNotice.What.FINGERPRINT,
        before="fp_1",
        after="fp_2",
        now=timezone.now(),
    )
    told = client_of(dave).get("/api/v1/drift-notices/").json()["results"][0]
    path = f"/api/v1/drift-notices/{told['id']}/decide/"
    assert (told["language_model"], told["after"], told["decision"]) == ("fake-1@1", "fp_2", "")
    assert client_of(dave).post(path, {"decision": "same"}, format="json").status_code == 403
    assert client_of(alice).post(path, {"decision": "no"}, format="json").status_code == 400
    done = client_of(alice).post(path, {"decision": "new_version"}, format="json")
    assert done.json()["version"] == 2


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_decision_and_what_calls_tell_of_the_model_never_wait_for_each_other_in_a_circle(
    make_pool, endpoint, alice
):
    model = language_models.register_language_model(
        slug="fake-1",
        name="Fake One",
        endpoint=endpoint,
        remote_name="fake-1",
        settings={"temperature": 1},
    )
    start(make_pool, model, jobs=2)
    jobs = claims.claim_batch(
        endpoint_id=endpoint.pk, limit=2, lease=timedelta(minutes=1), now=timezone.now()
    )
    refused = Rejected("No temperature, please.", parameter="temperature")
    finished = [completions.Finished(job, {"temperature": 1}, refused) for job in jobs]
    drift.raise_notice(
        language_model=model, what=drift.What.FINGERPRINT, before="a", after="b", now=timezone.now()
    )
    came = []

    def settle() -> None:
        try:
            came.append(
                completions.settle(
                    finished=finished,
                    prices=completions.Prices(),
                    now=timezone.now(),
                    rng=random.Random(1),
                )
            )
        except OperationalError as error:
            came.append(error)
        finally:
            connection.close()

    settling = threading.Thread(target=settle)
    with transaction.atomic():
        LanguageModel.objects.select_for_update(no_key=True).get(pk=model.pk)
        settling.start()
        assert wait_for(somebody_waits, 20)
        decide(NEW_VERSION, alice)
    settling.join()
    assert [type(one) for one in came] == [completions.Settled]
    assert Completion.objects.filter(language_model=model, state="cancelled").count() == 2


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0
