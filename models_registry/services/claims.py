"""Claim due completions, hold the claims, and give them back.

The row is the job: state, lease, fence, attempts and the time of the next one live on it. A claim
raises the fence; whoever holds an older one stores nothing. Claimers of an endpoint take turns on
its row, which also holds its limits: concurrency, requests and tokens a minute, and its rests are
therefore kept exactly, however many workers there are and whatever broker rang for them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import BigAutoField, DateTimeField, F, Q, QuerySet
from django.utils.translation import gettext as _

from core.bulk import insert_each, update_each
from core.compiled import CompiledQuery, Slot
from core.leases import lock
from models_registry.models import Attempt, Completion, GenerationRun, LanguageModel, ModelEndpoint
from models_registry.providers.base import ChatRequest, Message
from models_registry.providers.sampling import longest_answer, sent_settings
from models_registry.rate_limits import AHEAD, Pace, give_turns
from models_registry.retries import MOST_ATTEMPTS, is_down
from models_registry.services.budgets import stop_what_is_spent
from prompts.models import Prompt

State = Completion.State
CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English; other scripts need more tokens
GUESSED_ANSWER_TOKENS = 400
JUST_NOW = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a conversation's calls took so far; None once one of them did not tell."""

    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    latency_ms: int | None = 0
    cost: Decimal | None = Decimal(0)
    first_byte_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed completion: its fence, its open attempt, and the conversation so far."""

    pk: int
    fence: int
    attempt_id: int
    attempts_made: int
    run_id: int | None
    model: LanguageModel
    kind: str
    messages: Sequence[dict[str, str]]
    replies: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()  # of the replies
    usage: Usage = field(default_factory=Usage)
    turn: datetime | None = None  # when the endpoint's limits let the call begin
    alone: bool = False  # its workers never came back: it may be what they died of
    endpoint_watched: bool = False  # what the call brings is booked there: failures, or tokens

    @property
    def turns(self) -> int:
        return len(self.messages) if self.kind == Prompt.Kind.OWN_CONVERSATION else 1

    @property
    def weight(self) -> int:
        """Return the tokens that the next call may take, as far as can be known before it."""
        sent = sum(len(one["content"]) for one in self.messages) + sum(map(len, self.replies))
        answer = longest_answer(self.model.settings) or GUESSED_ANSWER_TOKENS
        return (sent + len(self.model.system_prompt)) // CHARACTERS_PER_TOKEN + answer


# What every claim asks: making their SQL each time took most of a claim's processor time.
_NOW: Any = Slot("now", DateTimeField())
_ENDPOINT: Any = Slot("endpoint", BigAutoField())
_ENDPOINT_COLUMNS = [field.attname for field in ModelEndpoint._meta.concrete_fields]
_LOCKED = CompiledQuery(
    lambda: lock(ModelEndpoint.objects.filter(pk=_ENDPOINT)).values_list(*_ENDPOINT_COLUMNS)
)
_IN_FLIGHT = CompiledQuery(
    lambda: Completion.objects.of_endpoint(_ENDPOINT).in_flight(now=_NOW).values_list("pk")
)
_RUNNING = CompiledQuery(
    lambda: (
        GenerationRun.language_models.through.objects.filter(
            generationrun__state=GenerationRun.State.RUNNING,
            languagemodel__endpoint=_ENDPOINT,
            languagemodel__paused_at=None,
        )
        .values_list(
            "generationrun_id",
            "languagemodel_id",
            "generationrun__cost_limit",
            "generationrun__spent",
        )
        .order_by("generationrun_id", "languagemodel_id")
    )
)


def _due_query(models: tuple[int, ...], start: int | None, stop: int, suspect: object) -> QuerySet:
    left_by_workers = Q(state=State.LEASED, attempts_made=MOST_ATTEMPTS - 1)
    rows = Completion.objects.open_and_due(now=_NOW).filter(
        left_by_workers if suspect else ~left_by_workers,
        run=Slot("run", BigAutoField()),
        language_model__in=models,
        attempts_made__lt=MOST_ATTEMPTS,
    )
    due = lock(rows, skip_locked=True).order_by("sample", "prompt_id", "language_model_id")
    return due.values_list(
        "pk",
        "fence",
        "attempts_made",
        "language_model_id",
        "prompt__kind",
        "prompt__messages",
        "turns",
        "turn_outcomes",
        "prompt_tokens",
        "completion_tokens",
        "latency_ms",
        "cost",
        "first_byte_ms",
    )[start:stop]


_DUE = CompiledQuery(_due_query)


class KnownModels:
    """The models of one endpoint as a drain first saw them: what they pin can no longer change."""

    def __init__(self) -> None:
        self._models: dict[int, LanguageModel] = {}

    def get(self, pk: int) -> LanguageModel:
        if pk not in self._models:
            self._models[pk] = LanguageModel.objects.select_related("endpoint").get(pk=pk)
        return self._models[pk]


@transaction.atomic
def claim_batch(
    *,
    endpoint_id: int,
    limit: int,
    lease: timedelta,
    now: datetime,
    known: KnownModels | None = None,
    unchanged_since: ModelEndpoint | None = None,
    idle: bool = True,
) -> list[Job]:
    """Claim up to `limit` due completions of an endpoint, each with its attempt row and its turn.

    Runs take turns, so that a small one need not wait for a large one. Nothing is claimed from an
    endpoint that is paused, rests, or is another than `unchanged_since`; while it fails, one call
    at a time tries whether it still does. What may be killing its workers is tried a last time when
    nothing else is due, by a caller that is `idle`, and alone: it shall take nothing with it.
    """
    endpoint = next(iter(_locked_endpoint(endpoint_id)), None)
    if endpoint is None or endpoint.paused_at or is_resting(endpoint, now):
        return []
    if unchanged_since is not None and is_other(endpoint, unchanged_since):
        return []
    models_of_run = _runs_with_models(endpoint, now)
    most = 1 if is_down(endpoint.failures_in_a_row) else endpoint.max_concurrency
    free = min(limit, most - len(_IN_FLIGHT.rows(endpoint=endpoint_id, now=now)))
    if free <= 0 or not models_of_run:
        return []
    known = known or KnownModels()
    jobs = _due_jobs(models_of_run, free, now, known)
    if idle and not jobs:
        jobs = _suspect(models_of_run, now, known)
    if len(jobs) < free:
        give_up_on_killers(endpoint_id=endpoint_id, now=now)
    if endpoint.failures_in_a_row or endpoint.tokens_per_minute:
        jobs = [replace(job, endpoint_watched=True) for job in jobs]
    return _claim(_with_turns(endpoint, jobs, now), lease, now)


def _locked_endpoint(endpoint_id: int) -> list[ModelEndpoint]:
    rows = _LOCKED.rows(endpoint=endpoint_id)
    return [ModelEndpoint.from_db(connection.alias, _ENDPOINT_COLUMNS, row) for row in rows]


def is_resting(endpoint: ModelEndpoint, now: datetime) -> bool:
    return endpoint.resting_until is not None and endpoint.resting_until > now


def is_other(endpoint: ModelEndpoint, than: ModelEndpoint) -> bool:
    """Say whether a drain that connected to `than` has to connect anew."""
    return any(
        getattr(endpoint, name) != getattr(than, name)
        for name in ("base_url", "key_origin", "timeout_seconds", "max_concurrency")
    ) or bytes(endpoint.encrypted_key) != bytes(than.encrypted_key)


def _runs_with_models(endpoint: ModelEndpoint, now: datetime) -> list[tuple[int, list[int]]]:
    """Return the running runs with their models here, another one first at every call."""
    models: dict[int, list[int]] = defaultdict(list)
    budgets = {}
    for run, model, cost_limit, spent in _RUNNING.rows(endpoint=endpoint.pk):
        models[run].append(model)
        budgets[run] = (cost_limit, spent)
    for run in stop_what_is_spent(budgets=budgets, now=now):
        del models[run]
    runs = list(models.items())
    # No two claims are made in the same microsecond: as good as a counter, and nothing to keep.
    first = now.microsecond % len(runs) if runs else 0
    return runs[first:] + runs[:first]


def _due_jobs(
    models_of_run: list[tuple[int, list[int]]], free: int, now: datetime, known: KnownModels
) -> list[Job]:
    jobs: list[Job] = []
    more: list[tuple[int, list[int], int]] = []
    for at, (run, models) in enumerate(models_of_run):
        share = -(-(free - len(jobs)) // (len(models_of_run) - at))
        found = _due_of_run(run, models, slice(share), now, known)
        jobs += found
        if share and len(found) == share:
            more.append((run, models, share))
    # What some runs left of their shares goes to those that have more.
    for run, models, share in more:
        if left := free - len(jobs):
            jobs += _due_of_run(run, models, slice(share, share + left), now, known)
    return jobs


def _suspect(
    models_of_run: list[tuple[int, list[int]]], now: datetime, known: KnownModels
) -> list[Job]:
    """Return one completion whose workers never came back from all attempts but the last."""
    for run, models in models_of_run:
        if found := _due_of_run(run, models, slice(1), now, known, suspect=True):
            return [replace(job, alone=True) for job in found]
    return []


def _due_of_run(
    run: int,
    models: list[int],
    part: slice,
    now: datetime,
    known: KnownModels,
    *,
    suspect: bool = False,
) -> list[Job]:
    found = _DUE.rows(tuple(models), part.start, part.stop, suspect, run=run, now=now)
    return [
        Job(
            pk=pk,
            fence=fence + 1,
            attempt_id=0,
            attempts_made=attempts + 1,
            run_id=run,
            model=known.get(model),
            kind=kind,
            messages=messages,
            replies=tuple(turns),
            outcomes=tuple(outcomes),
            usage=Usage(*usage) if turns else Usage(),
        )
        for pk, fence, attempts, model, kind, messages, turns, outcomes, *usage in found
    ]


def _with_turns(endpoint: ModelEndpoint, jobs: list[Job], now: datetime) -> list[Job]:
    """Return those of the jobs that may begin soon, with their turns, and take the turns up."""
    pace = pace_of(endpoint)
    if not pace.limited or not jobs:
        return jobs
    turns, after = give_turns(pace, [job.weight for job in jobs], now=now)
    _keep_pace(endpoint, after)
    return [replace(job, turn=turn) for job, turn in zip(jobs, turns, strict=False)]


@transaction.atomic
def take_turns(*, endpoint_id: int, jobs: Sequence[Job], now: datetime) -> list[Job]:
    """Return claimed jobs with a new turn each: for a next call, or for one that missed its turn."""
    endpoint = lock(ModelEndpoint.objects.filter(pk=endpoint_id)).get()
    pace = pace_of(endpoint)
    if not pace.limited:
        return [replace(job, turn=None) for job in jobs]
    turns, after = give_turns(pace, [job.weight for job in jobs], now=now, ahead=None)
    _keep_pace(endpoint, after)
    return [replace(job, turn=turn) for job, turn in zip(jobs, turns, strict=True)]


def pace_of(endpoint: ModelEndpoint) -> Pace:
    return Pace(
        endpoint.requests_per_minute,
        endpoint.tokens_per_minute,
        endpoint.next_request_at,
        endpoint.next_tokens_at,
    )


def _keep_pace(endpoint: ModelEndpoint, pace: Pace) -> None:
    ModelEndpoint.objects.filter(pk=endpoint.pk).update(
        next_request_at=pace.next_request, next_tokens_at=pace.next_tokens
    )


def _claim(jobs: list[Job], lease: timedelta, now: datetime) -> list[Job]:
    leased = {"state": State.LEASED, "leased_until": now + lease}
    update_each(
        Completion,
        [
            {"pk": job.pk, "fence": job.fence, "attempts_made": job.attempts_made, **leased}
            for job in jobs
        ],
    )
    return with_attempts(jobs, now=now)


def with_attempts(jobs: Sequence[Job], *, now: datetime) -> list[Job]:
    """Return the jobs with an open attempt each: the row that says a call may be under way."""
    opened = {"created_at": now, "error": "", "error_message": ""}
    attempts = insert_each(
        Attempt,
        [
            {"completion_id": job.pk, "fence": job.fence, "turn": len(job.replies), **opened}
            for job in jobs
        ],
    )
    return [replace(job, attempt_id=attempt) for job, attempt in zip(jobs, attempts, strict=True)]


def renew_leases(*, jobs: Sequence[Job], lease: timedelta, now: datetime) -> int:
    """Extend the leases that are still ours, and say how many are."""
    by_fence: dict[int, list[int]] = defaultdict(list)
    for job in jobs:
        by_fence[job.fence].append(job.pk)
    return sum(
        Completion.objects.filter(pk__in=keys, fence=fence, state=State.LEASED).update(
            leased_until=now + lease
        )
        for fence, keys in by_fence.items()
    )


@transaction.atomic
def release(*, jobs: Sequence[Job], now: datetime) -> None:
    """Give claims back unused: they are due at once, and no attempt counts."""
    for job in jobs:
        Completion.objects.filter(pk=job.pk, fence=job.fence, state=State.LEASED).update(
            state=State.PENDING,
            attempts_made=F("attempts_made") - 1,
            leased_until=None,
            next_attempt_at=None,
        )
    Attempt.objects.filter(pk__in=[job.attempt_id for job in jobs]).update(
        finished_at=now, error="released"
    )


def request_of(job: Job) -> ChatRequest:
    """Return the next call of a completion: the conversation so far, with the model's own replies."""
    messages = [Message(one["role"], one["content"]) for one in job.messages]
    if job.kind == Prompt.Kind.OWN_CONVERSATION:
        asked, messages = messages, []
        for turn, question in enumerate(asked[: len(job.replies) + 1]):
            messages.append(question)
            if turn < len(job.replies):
                messages.append(Message("assistant", job.replies[turn]))
    return ChatRequest(
        model=job.model.remote_name,
        messages=messages,
        system_prompt=job.model.system_prompt,
        settings=sent_settings(job.model.settings, job.model.replaced_settings),
    )


def next_wake(
    *, endpoint_id: int, now: datetime, retries: timedelta, leases: timedelta
) -> datetime | None:
    """Return when there will be something to claim, if that is soon; else None.

    That is the next retry, the end of a rest with work waiting for it, or the next end of a lease.
    A living worker renews its leases long before half of them is over; one that ends within
    `leases` therefore belongs to a worker that is gone.
    """
    rows = Completion.objects.of_endpoint(endpoint_id).filter(
        run__state="running",
        language_model__endpoint__paused_at=None,
        language_model__paused_at=None,
    )
    # One that came due since the last look counts as well.
    retry = rows.filter(
        state=State.PENDING,
        next_attempt_at__gt=now - JUST_NOW,
        next_attempt_at__lte=now + retries,
    ).order_by("next_attempt_at")
    lease = rows.filter(state=State.LEASED, leased_until__lt=now + leases).order_by("leased_until")
    found: list[datetime | None] = [
        retry.values_list("next_attempt_at", flat=True).first(),
        lease.values_list("leased_until", flat=True).first(),
    ]
    opens = _opens_at(endpoint_id, now)
    if opens and opens <= now + retries and rows.due(now=now).exists():
        found.append(opens)
    wake = min((moment for moment in found if moment), default=None)
    # Before it opens, nothing else is worth waking up for.
    return max(wake, opens) if wake and opens else wake


def _opens_at(endpoint_id: int, now: datetime) -> datetime | None:
    """Return when the endpoint's rest is over and its limits give turns; None: it is open."""
    endpoint = ModelEndpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        return None
    begins = pace_of(endpoint).begins_at
    moments = [endpoint.resting_until, begins and begins - AHEAD]
    return max((moment for moment in moments if moment and moment > now), default=None)


def begin_watch(*, endpoint_id: int, now: datetime, until: datetime) -> bool:
    """Become the one who waits for an endpoint's next retry; False when another does already."""
    free = Q(watched_until=None) | Q(watched_until__lt=now)
    watched = ModelEndpoint.objects.filter(free, pk=endpoint_id).update(watched_until=until)
    return watched == 1


def end_watch(*, endpoint_id: int, until: datetime) -> None:
    ModelEndpoint.objects.filter(pk=endpoint_id, watched_until=until).update(watched_until=None)


def give_up_on_killers(*, endpoint_id: int, now: datetime) -> int:
    """Fail what its workers never came back from: asking once more might kill the next one."""
    values: dict[str, Any] = {
        "state": State.FAILED,
        "leased_until": None,
        "last_error": "abandoned",
        "last_error_message": _("The worker ended during each of %(number)s attempts.")
        % {"number": MOST_ATTEMPTS},
    }
    killers = Completion.objects.of_endpoint(endpoint_id).filter(
        state=State.LEASED, leased_until__lt=now, attempts_made__gte=MOST_ATTEMPTS
    )
    return Completion.objects.filter(pk__in=killers.values("pk")).update(**values)
