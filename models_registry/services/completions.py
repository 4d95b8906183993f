"""Claim due completions, ask for them with many calls in flight, and store what is still ours.

The row is the job: state, lease, fence, attempts and the time of the next one live on it. A claim
raises the fence; whoever holds an older one stores nothing. All writes are single conditional
UPDATEs in short transactions, and no transaction is open during a call.
"""

import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from core.canonical import digest
from core.identity import names_maker
from core.leases import lock
from models_registry.models import Attempt, Completion, LanguageModel, ModelEndpoint
from models_registry.providers.base import (
    EMPTY,
    FILTERED,
    MODEL,
    ChatRequest,
    ChatResult,
    Message,
    ProviderError,
)
from models_registry.retries import MOST_ATTEMPTS, backoff
from models_registry.services.endpoints import pause_endpoint
from models_registry.services.language_models import cost_of, pause_language_model, price_on
from prompts.models import Prompt

log = logging.getLogger(__name__)
State = Completion.State
# After such a reply the conversation ends: no endpoint takes an empty turn as history.
LAST_WORDS = {FILTERED, EMPTY}


@dataclass(slots=True)
class Job:
    """A claimed completion: its fence, the attempt that is open, and the replies so far."""

    completion: Completion
    fence: int
    attempt_id: int
    replies: list[str] = field(default_factory=list)

    @property
    def pk(self) -> int:
        return int(self.completion.pk)

    @property
    def turns(self) -> int:
        prompt = self.completion.prompt
        own = prompt.kind == Prompt.Kind.OWN_CONVERSATION
        return len(prompt.messages) if own else 1


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a reply: whether the claim was still ours, and the next turn to ask."""

    ours: bool
    another: Job | None = None


@transaction.atomic
def claim_batch(*, endpoint_id: int, limit: int, lease: timedelta, now: datetime) -> list[Job]:
    """Claim up to `limit` due completions of an endpoint, each with its attempt row.

    The endpoint's row lock makes claimers take turns, so that no more than its `max_concurrency`
    are in flight, however many workers there are. Nothing is claimed from a paused endpoint.
    """
    endpoint = lock(ModelEndpoint.objects.filter(pk=endpoint_id)).first()
    if endpoint is None or endpoint.paused_at:
        return []
    rows = Completion.objects.of_endpoint(endpoint_id)
    _give_up_on_killers(now=now, endpoint_id=endpoint_id)
    free = min(limit, endpoint.max_concurrency - rows.in_flight(now=now).count())
    if free <= 0:
        return []
    # Narrow rows first: of tens of thousands that are due, only the few claimed are read whole.
    models = list(endpoint.language_models.filter(paused_at=None).values_list("pk", flat=True))
    due = Completion.objects.due(now=now).filter(language_model__in=models).order_by("pk")
    keys = list(lock(due, skip_locked=True).values_list("pk", flat=True)[:free])
    whole = Completion.objects.select_related("language_model__endpoint", "prompt")
    claimed = list(whole.filter(pk__in=keys).order_by("pk"))
    Completion.objects.filter(pk__in=keys).update(
        state=State.LEASED,
        fence=F("fence") + 1,
        attempts_made=F("attempts_made") + 1,
        leased_until=now + lease,
    )
    for one in claimed:
        one.fence += 1
        one.attempts_made += 1
    attempts = Attempt.objects.bulk_create(
        Attempt(completion=one, fence=one.fence, turn=len(one.turns)) for one in claimed
    )
    return [
        Job(one, one.fence, attempt.pk, list(one.turns))
        for one, attempt in zip(claimed, attempts, strict=True)
    ]


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


def request_of(job: Job) -> ChatRequest:
    """Return the next call of a completion: the conversation so far, with the model's own replies."""
    model, prompt = job.completion.language_model, job.completion.prompt
    messages = [Message(one["role"], one["content"]) for one in prompt.messages]
    if prompt.kind == Prompt.Kind.OWN_CONVERSATION:
        asked, messages = messages, []
        for turn, question in enumerate(asked[: len(job.replies) + 1]):
            messages.append(question)
            if turn < len(job.replies):
                messages.append(Message("assistant", job.replies[turn]))
    return ChatRequest(
        model=model.remote_name,
        messages=messages,
        system_prompt=model.system_prompt,
        settings=model.settings,
    )


@transaction.atomic
def store_reply(*, job: Job, result: ChatResult, payload: dict[str, Any], now: datetime) -> Stored:
    """Store one reply if the claim is still ours, and open the attempt of the next turn, if any.

    A late reply, whose claim was taken over, changes nothing but its own attempt row.
    """
    replies = [*job.replies, result.text]
    finished = len(replies) == job.turns or result.outcome in LAST_WORDS
    values = _usage(job.completion, result, now) | {"turns": replies}
    if finished:
        values |= _answer(job, result, replies, payload, now)
    ours = _update_ours(job, **values)
    _close(job, now, error="" if ours else "late", http_status=result.http_status)
    if not ours or finished:
        return Stored(ours)
    for name, value in values.items():
        setattr(job.completion, name, value)
    attempt = Attempt.objects.create(completion=job.completion, fence=job.fence, turn=len(replies))
    return Stored(ours, Job(job.completion, job.fence, attempt.pk, replies))


@transaction.atomic
def record_failure(*, job: Job, error: ProviderError, now: datetime, rng: random.Random) -> bool:
    """Put the completion back with a time for the next attempt, or fail it; say whether it failed.

    An error that would meet every call pauses the endpoint, or only the model, once and with its
    reason, and costs this completion no attempt.
    """
    wait = backoff(
        attempts_made=job.completion.attempts_made,
        permanent=error.permanent,
        retry_after=error.retry_after,
        rng=rng,
    )
    values: dict[str, Any] = {
        "state": State.PENDING,
        "next_attempt_at": now + (wait or timedelta()),
    }
    if error.pauses:
        values["attempts_made"] = F("attempts_made") - 1
        _pause(job, error, now)
    elif wait is None:
        values = {"state": State.FAILED}
    ours = _update_ours(
        job,
        **values,
        leased_until=None,
        last_error=error.kind,
        last_error_message=error.message,
    )
    _close(job, now, error=error.kind, error_message=error.message, http_status=error.status)
    return ours and values["state"] == State.FAILED


@transaction.atomic
def release(*, jobs: Sequence[Job], now: datetime) -> None:
    """Give claims back unused: they are due at once, and no attempt counts."""
    for job in jobs:
        _update_ours(
            job,
            state=State.PENDING,
            attempts_made=F("attempts_made") - 1,
            leased_until=None,
            next_attempt_at=None,
        )
        _close(job, now, error="released")


def next_wake(
    *, endpoint_id: int, now: datetime, retries: timedelta, leases: timedelta
) -> datetime | None:
    """Return when the next retry is due or the next lease ends, if that is soon; else None.

    A living worker renews its leases long before half of them is over; one that ends within
    `leases` therefore belongs to a worker that is gone.
    """
    rows = Completion.objects.of_endpoint(endpoint_id).filter(
        run__state="running",
        language_model__endpoint__paused_at=None,
        language_model__paused_at=None,
    )
    retry = rows.filter(
        state=State.PENDING, next_attempt_at__gt=now, next_attempt_at__lte=now + retries
    ).order_by("next_attempt_at")
    lease = rows.filter(state=State.LEASED, leased_until__lt=now + leases).order_by("leased_until")
    found = [
        retry.values_list("next_attempt_at", flat=True).first(),
        lease.values_list("leased_until", flat=True).first(),
    ]
    return min((moment for moment in found if moment), default=None)


def begin_watch(*, endpoint_id: int, now: datetime, until: datetime) -> bool:
    """Become the one who waits for an endpoint's next retry; False when another does already."""
    free = Q(watched_until=None) | Q(watched_until__lt=now)
    watched = ModelEndpoint.objects.filter(free, pk=endpoint_id).update(watched_until=until)
    return watched == 1


def end_watch(*, endpoint_id: int, until: datetime) -> None:
    ModelEndpoint.objects.filter(pk=endpoint_id, watched_until=until).update(watched_until=None)


def _give_up_on_killers(*, endpoint_id: int, now: datetime) -> None:
    """Fail what its workers never came back from: asking once more might kill the next one."""
    Completion.objects.filter(
        pk__in=Completion.objects.of_endpoint(endpoint_id)
        .filter(state=State.LEASED, leased_until__lt=now, attempts_made__gte=MOST_ATTEMPTS)
        .values("pk")
    ).update(
        state=State.FAILED,
        leased_until=None,
        last_error="abandoned",
        last_error_message=f"The worker ended during each of {MOST_ATTEMPTS} attempts.",
    )


def own_names(model: LanguageModel) -> list[str]:
    """Return the names that would give this model away although no list of makers knows them."""
    return [name for name in (model.name, model.publisher) if name]


def _update_ours(job: Job, **values: Any) -> bool:
    ours = Completion.objects.filter(pk=job.pk, fence=job.fence, state=State.LEASED)
    return ours.update(**values) == 1


def _close(job: Job, now: datetime, **values: Any) -> None:
    Attempt.objects.filter(pk=job.attempt_id).update(finished_at=now, **values)


def _pause(job: Job, error: ProviderError, now: datetime) -> None:
    model = job.completion.language_model
    if error.pauses == MODEL:
        if pause_language_model(language_model=model, reason=error.message, now=now):
            log.warning("Model %s is paused. %s", model, error.message)
        return
    reason = f"{model}: {error.message}"
    if pause_endpoint(endpoint_id=model.endpoint_id or 0, reason=reason, now=now):
        log.warning("Endpoint %s is paused. %s", model.endpoint, reason)


def _usage(completion: Completion, result: ChatResult, now: datetime) -> dict[str, Any]:
    """Return the sums over the conversation's calls; unknown once one of them is unknown."""
    first = not completion.turns
    price = price_on(language_model_id=completion.language_model_id, day=now.date())
    this = {
        "prompt_tokens": result.prompt_tokens,
        "completion_tokens": result.completion_tokens,
        "latency_ms": result.latency_ms,
        "cost": cost_of(
            price=price,
            prompt_tokens=result.prompt_tokens,
            completion_tokens=result.completion_tokens,
        ),
    }
    if first:
        return this | {"first_byte_ms": result.first_byte_ms}
    before = {name: getattr(completion, name) for name in this}
    return {
        name: None if value is None or before[name] is None else before[name] + value
        for name, value in this.items()
    }


def _answer(
    job: Job, result: ChatResult, replies: list[str], payload: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Return the columns of a finished completion; turns that were never asked are empty."""
    return {
        "state": State.SUCCEEDED,
        "leased_until": None,
        "next_attempt_at": None,
        "last_error": "",
        "last_error_message": "",
        "text": result.text,
        "turns": replies + [""] * (job.turns - len(replies)),
        "outcome": result.outcome,
        "names_maker": names_maker("\n\n".join(replies), own_names(job.completion.language_model)),
        "finish_reason": result.finish_reason,
        "refusal": result.refusal,
        "request": payload,
        "request_digest": digest(payload),
        "response_model": result.response_model,
        "system_fingerprint": result.system_fingerprint,
        "provider_request_id": result.request_id,
        "completed_at": now,
    }
