"""Start, pause, resume and cancel generation runs, and tell how far they are and what they cost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Avg, Count, Min, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Invalid
from core.leases import lock, transition
from models_registry.models import (
    MOST_SPENT,
    Completion,
    GenerationRun,
    LanguageModel,
    ModelEndpoint,
)
from models_registry.providers.sampling import longest_answer
from models_registry.retries import is_down
from models_registry.services.checks import checked_amount
from models_registry.services.claims import CHARACTERS_PER_TOKEN, GUESSED_ANSWER_TOKENS
from models_registry.services.language_models import cost_of, freeze, price_on
from prompts.models import Prompt, PromptPoolVersion

State = Completion.State
MANY = 2_000
MOST_SAMPLES = 100
RATE_WINDOWS = (timedelta(minutes=1), timedelta(minutes=5))
ENOUGH_FOR_A_RATE = 20
COUNTED_AT_EVERY_LOOK = 5_000  # cells


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run, whether this call made it, and what became of its cells."""

    run: GenerationRun
    created: bool
    inserted: int
    reopened: int
    present: int


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """Expected calls, tokens and US dollars of one model; `basis` says where the length is from."""

    model: str
    completions: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal | None
    most_cost: Decimal | None
    basis: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Rates are per minute over the last minutes; times are seconds."""

    total: int
    states: dict[str, int]
    models: list[dict[str, Any]]
    outcomes: dict[str, int]
    failures: list[dict[str, Any]]
    rate_per_minute: float
    seconds_left: int | None
    cost: Decimal | None
    uncosted: int
    paused_endpoints: list[dict[str, str]]
    paused_models: list[dict[str, str]]
    resting_endpoints: list[dict[str, Any]]  # with the moment until which no call begins
    abandoned: int  # cells of a worker that is gone; others take them over within half a minute
    pause_reason: str  # why the run is paused, unless somebody did it
    cost_limit: Decimal | None


@transaction.atomic
def start_run(
    *,
    pool_version: PromptPoolVersion,
    language_models: Sequence[LanguageModel],
    samples: int = 1,
    cost_limit: Decimal | None = None,
    created_by: User | None = None,
    now: datetime,
) -> StartedRun:
    """Insert what is missing as pending, open again what failed or was cancelled, freeze the models.

    The same run again is the same run, and nothing that is done or under way is asked twice.
    Once `cost_limit` dollars are spent no further call begins; it needs the models' prices.
    Raises `Conflict` for a draft pool, `Invalid` for models that cannot generate, and for a limit that
    is negative or has parts of a cent.
    """
    models = sorted(set(language_models), key=lambda model: model.pk)
    _refuse_unusable(pool_version, models, samples)
    if cost_limit is not None:
        cost_limit = _checked_limit(cost_limit)
        _refuse_unpriced(models, now)
    # Two starts at the same moment take turns here, and the second finds the first one's run.
    lock(PromptPoolVersion.objects.filter(pk=pool_version.pk)).get()
    freeze(models=models, now=now)
    run = _same_run(pool_version, models, samples)
    created = run is None
    if run is None:
        run = GenerationRun.objects.create(
            pool_version=pool_version, samples=samples, created_by=created_by
        )
        run.language_models.set(models)
    elif run.state == GenerationRun.State.PAUSED:
        resume_run(run=run)
    if cost_limit is not None:
        GenerationRun.objects.filter(pk=run.pk).update(cost_limit=cost_limit)
        run.cost_limit = cost_limit
    reopened = _adopt(run)
    forget_counts(runs=_sharing(run))
    present = Completion.objects.cells_of(run).count()
    return StartedRun(run, created, _insert_missing(run, models), reopened, present - reopened)


def limit_cost(*, run: GenerationRun, cost_limit: Decimal | None, now: datetime) -> GenerationRun:
    """Change what a run may cost, None for no limit; one that its limit had paused goes on.

    Raises `Invalid` for models without prices, and for a limit that is negative or has parts of a cent.
    """
    if cost_limit is not None:
        cost_limit = _checked_limit(cost_limit)
        _refuse_unpriced(list(run.language_models.all()), now)
    GenerationRun.objects.filter(pk=run.pk).update(cost_limit=cost_limit)
    run.refresh_from_db()
    stopped = run.state == GenerationRun.State.PAUSED and run.pause_reason
    return resume_run(run=run) if stopped else run


def pause_run(*, run: GenerationRun) -> GenerationRun:
    """Begin no further calls; those in flight are stored. Raises `Conflict` when cancelled."""
    return _move(run, GenerationRun.State.PAUSED)


def resume_run(*, run: GenerationRun) -> GenerationRun:
    """Go on. Raises `Conflict` when the run was cancelled."""
    return _move(run, GenerationRun.State.RUNNING)


@transaction.atomic
def cancel_run(*, run: GenerationRun) -> GenerationRun:
    """End the run: what waits is cancelled, what is in flight is paid for and therefore stored.

    What another run that goes on asks for as well is handed over to it. Raises `Conflict` when
    the run is finished.
    """
    if GenerationRun.objects.with_told_state().filter(pk=run.pk, told_state="finished").exists():
        raise Conflict(
            _(
                "The run is finished: nothing of it waits or is in flight, so there is nothing "
                "to cancel."
            ),
            code="run_finished",
        )
    GenerationRun.objects.filter(pk=run.pk).update(state=GenerationRun.State.CANCELLED)
    for other in GenerationRun.objects.filter(pool_version=run.pool_version_id).exclude(
        state=GenerationRun.State.CANCELLED
    ):
        shared = Completion.objects.cells_of(other).filter(run=run)
        shared.filter(state__in=[State.PENDING, State.LEASED]).update(run=other)
    close_cancelled()
    forget_counts(runs=_sharing(run))
    run.refresh_from_db()
    return run


@transaction.atomic
def retry_failed(*, run: GenerationRun, error: str = "") -> int:
    """Ask once more what failed, or only what failed with this kind of error; say how much.

    Raises `Conflict` when the run was cancelled.
    """
    lock(GenerationRun.objects.filter(pk=run.pk)).get()
    run.refresh_from_db()
    if run.state == GenerationRun.State.CANCELLED:
        raise Conflict(_("The run was cancelled; start it anew."), code="run_cancelled")
    failed = Completion.objects.cells_of(run).filter(state=State.FAILED)
    forget_counts(runs=_sharing(run))
    return _reopen(failed.filter(last_error=error) if error else failed, run)


def latest_completions(*, run: GenerationRun, limit: int = 6) -> QuerySet[Completion]:
    """Return the newest answers that this run brought, with their prompts and models."""
    newest = run.completions.succeeded().filter(completed_at__isnull=False)
    return newest.order_by("-completed_at").select_related("prompt", "language_model")[:limit]


def side_by_side(*, run: GenerationRun, like: Completion) -> list[Completion]:
    """Return two models' answers to the prompt of this one, or fewer as long as there are fewer."""
    same = Completion.objects.cells_of(run).succeeded()
    rows = same.filter(prompt=like.prompt_id, sample=like.sample)
    return list(rows.order_by("language_model_id").select_related("language_model")[:2])


def latest_measures(*, run: GenerationRun, limit: int = 600) -> dict[str, dict[str, list[int]]]:
    """Return the latencies (ms) and lengths (tokens) of the newest answers, by model."""
    newest = run.completions.succeeded().filter(completed_at__isnull=False)
    rows = newest.order_by("-completed_at").values_list(
        "language_model__slug", "language_model__version", "latency_ms", "completion_tokens"
    )
    told: dict[str, dict[str, list[int]]] = {"latency": {}, "length": {}}
    for slug, version, latency, length in rows[:limit]:
        for kind, value in (("latency", latency), ("length", length)):
            if value is not None:
                told[kind].setdefault(f"{slug}@{version}", []).append(value)
    return told


def close_cancelled(*, now: datetime | None = None) -> int:
    """Cancel what still waits in cancelled runs, and with `now` also what a dead worker held."""
    ended = Completion.objects.filter(run__state=GenerationRun.State.CANCELLED)
    closed = ended.filter(state=State.PENDING).update(state=State.CANCELLED)
    if now is not None:
        held = ended.filter(state=State.LEASED, leased_until__lt=now)
        closed += held.update(state=State.CANCELLED, leased_until=None)
    return closed


def endpoints_with_due_work(*, now: datetime) -> list[int]:
    """Return the keys of endpoints that are not paused and have completions whose time has come."""
    due = Completion.objects.due(now=now).values("language_model__endpoint")
    return list(
        ModelEndpoint.objects.filter(paused_at=None, pk__in=due)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def estimate_run(
    *,
    pool_version: PromptPoolVersion,
    language_models: Sequence[LanguageModel],
    samples: int = 1,
    day: date,
) -> list[ModelEstimate]:
    """Return what the missing completions would cost, by model, before anything is asked.

    Prompt tokens are guessed from characters, answers from the model's earlier ones, else from its
    limit, else 400. `most_cost` takes every answer at the pinned limit; None where there is none.
    """
    models = sorted(set(language_models), key=lambda model: model.pk)
    _refuse_unusable(pool_version, models, samples)
    prompts = list(pool_version.prompts.values_list("pk", "kind", "messages"))
    return [_estimate(model, prompts, samples, day) for model in models]


def run_progress(*, run: GenerationRun, now: datetime) -> Progress:
    """Return how far the run is: every cell it asks for, whichever run produced it.

    A large run is not counted for every look: its workers do that every few seconds, and what
    moves many of its rows at once has it counted anew.
    """
    counted = run.counted
    if counted is None or run.counted_at is None or counted["total"] < COUNTED_AT_EVERY_LOOK:
        counted = _count(run)
        if counted["total"] >= COUNTED_AT_EVERY_LOOK:
            _keep_count(run, counted, now)
    states = counted["states"]
    rate = _rate_per_minute(run, now=now)
    waiting = states[State.PENDING] + states[State.LEASED]
    cost = counted["cost"]
    return Progress(
        total=counted["total"],
        states=states,
        models=counted["models"],
        outcomes=counted["outcomes"],
        failures=counted["failures"],
        rate_per_minute=rate,
        seconds_left=round(waiting / rate * 60) if rate else (None if waiting else 0),
        cost=None if cost is None else Decimal(cost),
        uncosted=counted["uncosted"],
        **_troubles(run, now=now),
    )


def recount_runs(*, runs: Collection[int], now: datetime) -> None:
    """Count large runs anew and keep the counts, for those who look at their progress."""
    for run in GenerationRun.objects.filter(pk__in=runs):
        _keep_count(run, _count(run), now)


def _keep_count(run: GenerationRun, counted: dict[str, Any], now: datetime) -> None:
    GenerationRun.objects.filter(pk=run.pk).update(counted=counted, counted_at=now)


def forget_counts(*, runs: QuerySet[GenerationRun]) -> None:
    """Have the progress of runs counted anew at the next look: many of their rows have moved."""
    runs.update(counted=None, counted_at=None)


def _count(run: GenerationRun) -> dict[str, Any]:
    """Count a run's cells by model, state, outcome and failure, in one pass over them."""
    cells = Completion.objects.cells_of(run)
    own = Q(run=run, state=State.SUCCEEDED)
    rows = cells.values("language_model", "state", "outcome", "last_error").annotate(
        n=Count("pk"),
        own_cost=Sum("cost", filter=own),
        uncosted=Count("pk", filter=own & Q(cost=None, source=Completion.Source.GENERATED)),
    )
    models = run.language_models.order_by("slug", "version")
    by_model: dict[int, dict[str, Any]] = {
        model.pk: {"model": str(model), **dict.fromkeys(State.values, 0)} for model in models
    }
    counted: dict[str, Any] = {
        "total": 0,
        "states": dict.fromkeys(State.values, 0),
        "outcomes": {},
        "uncosted": 0,
    }
    troubles: dict[tuple[str, str], int] = {}
    cost = None
    for row in rows.order_by():
        counted["total"] += row["n"]
        counted["states"][row["state"]] += row["n"]
        counted["uncosted"] += row["uncosted"]
        by_model[row["language_model"]][row["state"]] += row["n"]
        if row["own_cost"] is not None:
            cost = (cost or Decimal(0)) + row["own_cost"]
        if row["state"] == State.SUCCEEDED:
            told = counted["outcomes"]
            told[row["outcome"]] = told.get(row["outcome"], 0) + row["n"]
        elif row["last_error"]:
            trouble = (row["last_error"], row["state"])
            troubles[trouble] = troubles.get(trouble, 0) + row["n"]
    return counted | {
        "models": [one for one in by_model.values() if any(one[state] for state in State.values)],
        "failures": _failures(cells, troubles),
        "cost": None if cost is None else str(cost),
    }


def _refuse_unusable(
    pool_version: PromptPoolVersion, models: list[LanguageModel], samples: int
) -> None:
    if pool_version.state != PromptPoolVersion.State.PUBLISHED:
        raise Conflict(
            _("The pool version is a draft; publish it before generating."), code="pool_is_draft"
        )
    if not models:
        raise Invalid(_("Name at least one model."), code="no_models")
    if not 1 <= samples <= MOST_SAMPLES:
        raise Invalid(
            _("samples must be from 1 to %(most_samples)s.") % {"most_samples": MOST_SAMPLES},
            code="samples",
        )
    for model in models:
        if model.endpoint_id is None:
            raise Invalid(
                _("%(model)s has no endpoint: its completions are imported.") % {"model": model},
                code="no_endpoint",
            )
        if model.retired_at:
            raise Invalid(_("%(model)s is retired.") % {"model": model}, code="retired")


def _checked_limit(cost_limit: Decimal) -> Decimal:
    limit = checked_amount(GenerationRun, "cost_limit", cost_limit)
    if limit > MOST_SPENT:
        raise Invalid(
            _("cost limit: at most $%(most)s can be counted; leave it out for none.")
            % {"most": int(MOST_SPENT)},
            code="cost_limit",
        )
    return limit


def _refuse_unpriced(models: list[LanguageModel], now: datetime) -> None:
    for model in models:
        if price_on(language_model_id=model.pk, day=now.date()) is None:
            raise Invalid(
                _(
                    "%(model)s has no price, so what it costs cannot be limited: enter one, 0 for free."
                )
                % {"model": model},
                code="no_price",
            )


def _same_run(
    pool_version: PromptPoolVersion, models: list[LanguageModel], samples: int
) -> GenerationRun | None:
    alike = (
        GenerationRun.objects.filter(pool_version=pool_version, samples=samples)
        .exclude(state=GenerationRun.State.CANCELLED)
        .prefetch_related("language_models")
        .order_by("pk")
    )
    wanted = {model.pk for model in models}
    return next(
        (run for run in alike if {model.pk for model in run.language_models.all()} == wanted), None
    )


def _adopt(run: GenerationRun) -> int:
    """Take over the run's cells that no run works on, and open again those that had ended."""
    cells = Completion.objects.cells_of(run)
    reopened = _reopen(cells.filter(state__in=[State.FAILED, State.CANCELLED]), run)
    # What another run still works on stays with it.
    waiting = cells.filter(state__in=[State.PENDING, State.LEASED])
    waiting.exclude(run__state=GenerationRun.State.RUNNING).update(run=run)
    return reopened


def _sharing(run: GenerationRun) -> QuerySet[GenerationRun]:
    """Return the runs whose cells may be this run's too, itself included."""
    return GenerationRun.objects.filter(pool_version=run.pool_version_id)


def _reopen(ended: QuerySet, run: GenerationRun) -> int:
    return ended.update(
        state=State.PENDING,
        run=run,
        attempts_made=0,
        next_attempt_at=None,
        leased_until=None,
        last_error="",
        last_error_message="",
    )


def _insert_missing(run: GenerationRun, models: list[LanguageModel]) -> int:
    """Insert the cells that are not there yet, all of them by one statement of the database.

    Prompt by prompt rather than model by model: whatever is done can be compared at once.
    """
    chosen: dict[str, str] = {
        "language_model": "model.id",
        "prompt": "prompt.id",
        "sample": "sample.number",
    }
    template = Completion(run=run, created_at=timezone.now())
    fields = [field for field in Completion._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    postgresql = connection.vendor == "postgresql"
    values: list[str] = []
    parameters: list[Any] = []
    for field in fields:
        if field.name in chosen:
            values.append(chosen[field.name])
            continue
        # SQLite's CAST changes dates; PostgreSQL wants to know what a bare NULL is.
        values.append(f"CAST(%s AS {field.db_type(connection)})" if postgresql else "%s")
        value = getattr(template, field.attname)
        parameters.append(field.get_db_prep_save(value, connection))
    table, pools, names = (
        quote(kind._meta.db_table) for kind in (Completion, Prompt, LanguageModel)
    )
    samples = " UNION ALL ".join(f"SELECT {number} AS number" for number in range(run.samples))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(quote(str(field.column)) for field in fields)}) "  # noqa: S608 - our own names
            f"SELECT {', '.join(values)} FROM {pools} prompt "
            f"JOIN {names} model ON model.id IN ({', '.join(['%s'] * len(models))}) "
            f"CROSS JOIN ({samples}) sample "
            f"LEFT JOIN {table} present ON present.language_model_id = model.id "
            "AND present.prompt_id = prompt.id AND present.sample = sample.number "
            "WHERE prompt.version_id = %s AND present.id IS NULL "
            "ORDER BY sample.number, prompt.position, model.id",
            [*parameters, *(model.pk for model in models), run.pool_version_id],
        )
        inserted = int(cursor.rowcount)
    if inserted >= MANY:
        _refresh_statistics()
    return inserted


def _refresh_statistics() -> None:
    """Tell PostgreSQL's planner of the new rows now.

    Until its own daemon did, it would take each claim for a search among a handful, and sort them
    all: 100 ms a claim instead of 0.1.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Completion._meta.db_table}")


def _move(run: GenerationRun, state: str) -> GenerationRun:
    open_states = (GenerationRun.State.RUNNING, GenerationRun.State.PAUSED)
    moved = transition(
        GenerationRun.objects.all(), run.pk, was=open_states, state=state, pause_reason=""
    )
    if not moved:
        raise Conflict(_("The run was cancelled; start it anew."), code="run_cancelled")
    run.refresh_from_db()
    return run


def _estimate(
    model: LanguageModel, prompts: list[tuple[int, str, Any]], samples: int, day: date
) -> ModelEstimate:
    have = _cells_made(model, [key for key, *_rest in prompts], samples)
    answer_tokens, basis = _answer_length(model)
    limit = longest_answer(model.settings)
    completions = calls = sent = most_sent = 0
    for key, kind, messages in prompts:
        wanted = samples - have.get(key, 0)
        turns = len(messages) if kind == Prompt.Kind.OWN_CONVERSATION else 1
        completions += wanted
        calls += wanted * turns
        sent += wanted * _tokens_sent(model, kind, messages, answer_tokens)
        most_sent += wanted * _tokens_sent(model, kind, messages, limit or 0)
    price = price_on(language_model_id=model.pk, day=day)
    received = calls * answer_tokens
    return ModelEstimate(
        model=str(model),
        completions=completions,
        calls=calls,
        prompt_tokens=sent,
        completion_tokens=received,
        cost=cost_of(price=price, prompt_tokens=sent, completion_tokens=received),
        most_cost=cost_of(
            price=price, prompt_tokens=most_sent, completion_tokens=limit and calls * limit
        ),
        basis=basis,
    )


def _cells_made(model: LanguageModel, prompts: list[int], samples: int) -> dict[int, int]:
    made = Completion.objects.succeeded().filter(
        language_model=model, prompt__in=prompts, sample__lt=samples
    )
    return dict(made.values_list("prompt").annotate(n=Count("pk")))


def _answer_length(model: LanguageModel) -> tuple[int, str]:
    earlier = Completion.objects.succeeded().filter(
        language_model__slug=model.slug, source=Completion.Source.GENERATED
    )
    mean = earlier.aggregate(mean=Avg("completion_tokens"))["mean"]
    if mean is not None:
        return round(mean), _("the mean of this model's earlier answers")
    limit = longest_answer(model.settings)
    if limit is not None and limit < GUESSED_ANSWER_TOKENS:
        return limit, _("the pinned limit")
    return GUESSED_ANSWER_TOKENS, _("a guess of %(number)s tokens an answer") % {
        "number": GUESSED_ANSWER_TOKENS
    }


def _tokens_sent(model: LanguageModel, kind: str, messages: Any, answer_tokens: int) -> int:
    """Return the prompt tokens of all calls of a conversation: each turn sends the history again."""
    system = len(model.system_prompt) // CHARACTERS_PER_TOKEN
    sizes = [len(one["content"]) // CHARACTERS_PER_TOKEN + 1 for one in messages]
    if kind != Prompt.Kind.OWN_CONVERSATION:
        return system + sum(sizes)
    return sum(system + sum(sizes[: turn + 1]) + turn * answer_tokens for turn in range(len(sizes)))


def _rate_per_minute(run: GenerationRun, *, now: datetime) -> float:
    """Return the rate of the last minute, or of the last five where little happens."""
    for window in RATE_WINDOWS:
        recent = run.completions.succeeded().filter(completed_at__gt=now - window)
        told = recent.aggregate(n=Count("pk"), first=Min("completed_at"))
        if told["n"] >= ENOUGH_FOR_A_RATE:
            break
    if not told["n"]:
        return 0.0
    minutes: float = max((now - told["first"]).total_seconds(), 1.0) / 60
    return round(float(told["n"]) / minutes, 1)


def _failures(cells: QuerySet, troubles: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Return failures by kind, what still waits for another try included, with one message each."""
    if not troubles:
        return []
    told = cells.exclude(state=State.SUCCEEDED).exclude(last_error="").order_by()
    rows = told.values_list("last_error", "state").annotate(example=Min("last_error_message"))
    examples = {(kind, state): example for kind, state, example in rows}
    most_first = sorted(troubles.items(), key=lambda one: (-one[1], one[0]))
    return [
        {"kind": kind, "state": state, "count": count, "example": examples.get((kind, state), "")}
        for (kind, state), count in most_first
    ]


def _troubles(run: GenerationRun, *, now: datetime) -> dict[str, Any]:
    """Return what keeps the run from going on: pauses, rests, and workers that are gone."""
    endpoints = ModelEndpoint.objects.filter(
        Q(paused_at__isnull=False) | Q(resting_until__gt=now),
        language_models__in=run.language_models.all(),
    )
    troubled = list(endpoints.distinct().order_by("slug"))
    half = timedelta(seconds=settings.GENERATION_LEASE_SECONDS / 2)
    # A living worker renews its leases long before half of them is over.
    abandoned = run.completions.filter(state=State.LEASED, leased_until__lt=now + half)
    return {
        "paused_endpoints": [
            {"endpoint": one.slug, "reason": one.pause_reason} for one in troubled if one.paused_at
        ],
        "resting_endpoints": [
            {
                "endpoint": one.slug,
                "until": one.resting_until,
                "reason": one.rest_reason,
                "tried": is_down(one.failures_in_a_row),  # by one call, when the rest is over
            }
            for one in troubled
            if not one.paused_at
        ],
        "paused_models": [
            {"model": str(one), "reason": one.pause_reason}
            for one in run.models_by_name
            if one.paused_at
        ],
        "abandoned": abandoned.count(),
        "pause_reason": run.pause_reason,
        "cost_limit": run.cost_limit,
    }
