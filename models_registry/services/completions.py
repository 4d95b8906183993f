"""Store what calls brought, if the claim is still ours: many of them in one short transaction.

No transaction is open during a call. A batch that the database refuses is stored one by one, so
that what is wrong with one answer never costs another.
"""

import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from core.bulk import update_each
from core.canonical import digest
from core.identity import names_maker
from core.leases import lock
from models_registry.models import MOST_SPENT, Attempt, Completion, LanguageModel, ModelPrice
from models_registry.outcomes import worst_outcome
from models_registry.providers.base import (
    EMPTY,
    FILTERED,
    MODEL,
    ChatResult,
    ProviderError,
    RateLimited,
    Unstorable,
)
from models_registry.providers.names import same_model
from models_registry.retries import backoff, outage_wait
from models_registry.services.budgets import book_costs
from models_registry.services.claims import Job, Usage, with_attempts
from models_registry.services.drift import What, is_known_origin, tells_nothing_new
from models_registry.services.endpoints import pause_endpoint
from models_registry.services.health import Told, note_outcomes
from models_registry.services.language_models import (
    cost_of,
    pause_language_model,
    price_on,
    replace_setting,
)

log = logging.getLogger(__name__)
State = Completion.State
# After such a reply the conversation ends: no endpoint takes an empty turn as history.
LAST_WORDS = {FILTERED, EMPTY}
# A column of tokens holds less.
TOO_MANY_TOKENS = 2**31


@dataclass(frozen=True, slots=True)
class Finished:
    """A call that has ended, the body that was sent, and what came of it."""

    job: Job
    payload: dict[str, Any]
    outcome: ChatResult | ProviderError
    endpoint_answers: bool = False  # another question after it: a failure is this prompt's own


@dataclass(slots=True)
class Settled:
    """What became of finished calls; `another` are the conversations whose next turn is to be asked."""

    stored: int = 0
    failed: int = 0
    late: int = 0  # answers whose claim had been taken over: paid for, and not stored
    another: list[Job] = field(default_factory=list)


class Prices:
    """The prices of models by day, each read once; made anew by every drain."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, date], ModelPrice | None] = {}

    def on(self, model: LanguageModel, day: date) -> ModelPrice | None:
        if (model.pk, day) not in self._known:
            self._known[model.pk, day] = price_on(language_model_id=model.pk, day=day)
        return self._known[model.pk, day]


def settle(
    *, finished: Sequence[Finished], prices: Prices, now: datetime, rng: random.Random
) -> Settled:
    """Store answers and failures, each only if its claim is still ours, and open next turns.

    An error that would meet every call pauses the endpoint, or only the model, once and with its
    reason, and costs the completion no attempt; neither does an endpoint's wish for fewer requests,
    nor an outage of it. What failed while the endpoint answered something else costs its own attempt.
    """
    try:
        return _settle(finished, prices, now, rng)
    except (DataError, IntegrityError) as error:
        if len(finished) == 1:
            return _settle([_unstorable(finished[0], error)], prices, now, rng)
    total = Settled()
    for one in finished:
        settled = settle(finished=[one], prices=prices, now=now, rng=rng)
        total.stored += settled.stored
        total.failed += settled.failed
        total.late += settled.late
        total.another += settled.another
    return total


def _unstorable(one: Finished, error: Exception) -> Finished:
    log.warning("Completion %s: the database refused the answer: %s", one.job.pk, error)
    told = Unstorable(_("The database refused the answer; see the log."))
    return replace(one, outcome=told, payload={})


@transaction.atomic
def _settle(
    finished: Sequence[Finished], prices: Prices, now: datetime, rng: random.Random
) -> Settled:
    batch = _Batch(prices=prices, now=now, rng=rng)
    _lock_models(finished)
    for one in finished:
        if isinstance(one.outcome, ChatResult):
            batch.add_reply(one.job, one.outcome, one.payload)
    # Before the completions, as claims lock the endpoint first.
    down = note_outcomes(
        endpoint_id=finished[0].job.model.endpoint_id or 0,
        told=[Told(one.job, one.outcome, one.endpoint_answers) for one in finished],
        now=now,
        rng=rng,
    )
    failed = [one for one in finished if isinstance(one.outcome, ProviderError)]
    fences = _lock_ours(failed) if failed else {}
    for one in failed:
        batch.add_failure(one, ours=fences.get(one.job.pk) == one.job.fence, down=down)
    batch.write()
    return batch.settled


def _lock_models(finished: Sequence[Finished]) -> None:
    """Lock the models that these calls may change, before any completion, as decisions on them do."""
    if concerned := {one.job.model.pk for one in finished if _concerns_model(one)}:
        models = lock(LanguageModel.objects.filter(pk__in=concerned))
        list(models.order_by("pk").values_list("pk"))


def _concerns_model(one: Finished) -> bool:
    told = one.outcome
    if isinstance(told, ProviderError):
        return told.pauses == MODEL or bool(told.parameter)
    origin = {What.RESPONSE_MODEL: told.response_model, What.FINGERPRINT: told.system_fingerprint}
    return not tells_nothing_new(one.job.model, origin)


def _lock_ours(finished: Sequence[Finished]) -> dict[int, int]:
    rows = Completion.objects.filter(pk__in=[one.job.pk for one in finished], state=State.LEASED)
    return dict(lock(rows).order_by("pk").values_list("pk", "fence"))


class _Batch:
    """The rows that a batch of finished calls changes, gathered by kind of change."""

    def __init__(self, *, prices: Prices, now: datetime, rng: random.Random) -> None:
        self.settled = Settled()
        self._prices = prices
        self._now = now
        self._rng = rng
        self._replies: list[tuple[Job, ChatResult]] = []
        self._answers: list[dict[str, Any]] = []
        self._turns: list[dict[str, Any]] = []
        self._failures: list[dict[str, Any]] = []
        self._another: list[Job] = []
        self._closed: list[dict[str, Any]] = []
        self._costs: dict[int | None, Decimal] = defaultdict(Decimal)

    def write(self) -> None:
        ours = {*self._write_if_ours(self._answers), *self._write_if_ours(self._turns)}
        update_each(Completion, self._failures)
        self._note_replies(ours)
        update_each(Attempt, self._closed)
        if another := [job for job in self._another if job.pk in ours]:
            self.settled.another = with_attempts(another, now=self._now)
        book_costs(costs=self._costs, now=self._now)

    @staticmethod
    def _write_if_ours(rows: list[dict[str, Any]]) -> list[int]:
        """Write what calls brought whose claims are still ours; a late answer changes nothing."""
        # In the order of their keys, so that two batches never wait for each other in a circle.
        rows.sort(key=itemgetter("pk"))
        return update_each(Completion, rows, unchanged=["fence"], where={"state": State.LEASED})

    def _note_replies(self, ours: set[int]) -> None:
        for job, result in self._replies:
            late = job.pk not in ours
            self._close(job, "late" if late else "", "", result.http_status)
            self.settled.late += late
        written = [row for row in self._answers if row["pk"] in ours]
        self.settled.stored += len(written)
        if strangers := {row["pk"] for row in written if row["state"] == State.QUARANTINED}:
            for job, result in self._replies:
                if job.pk in strangers:
                    self._pause_stranger(job, result)

    def _close(self, job: Job, error: str, message: str, status: int | None) -> None:
        self._closed.append(
            {
                "pk": job.attempt_id,
                "finished_at": self._now,
                "error": error,
                "error_message": message,
                "http_status": status,
            }
        )

    def add_reply(self, job: Job, result: ChatResult, payload: dict[str, Any]) -> None:
        self._replies.append((job, result))
        job = replace(
            job,
            usage=self._usage(job, result),
            replies=(*job.replies, result.text),
            outcomes=(*job.outcomes, result.outcome),
        )
        if len(job.replies) < job.turns and result.outcome not in LAST_WORDS:
            self._turns.append(_turn_columns(job))
            self._another.append(job)
            return
        columns = _answer_columns(job, result, payload, self._now)
        self._answers.append(columns)
        if columns["state"] == State.SUCCEEDED and not is_known_origin(
            language_model=job.model,
            response_model=result.response_model,
            fingerprint=result.system_fingerprint,
            now=self._now,
        ):
            columns["state"] = State.QUARANTINED

    def _usage(self, job: Job, result: ChatResult) -> Usage:
        """Return the sums over the conversation's calls, and book this one."""
        cost = cost_of(
            price=self._prices.on(job.model, self._now.date()),
            prompt_tokens=result.prompt_tokens,
            completion_tokens=result.completion_tokens,
        )
        if cost:
            self._costs[job.run_id] += cost
        before = job.usage
        return Usage(
            _tokens(before.prompt_tokens, result.prompt_tokens),
            _tokens(before.completion_tokens, result.completion_tokens),
            _sum(before.latency_ms, result.latency_ms),
            _cost(before.cost, cost),
            before.first_byte_ms if job.replies else result.first_byte_ms,
        )

    def add_failure(self, one: Finished, *, ours: bool, down: bool) -> None:
        job, error = one.job, one.outcome
        assert isinstance(error, ProviderError)  # the others are replies
        self._close(job, error.kind, error.message, error.status)
        if not ours:
            return
        columns: dict[str, Any] = {
            "pk": job.pk,
            "state": State.PENDING,
            "attempts_made": job.attempts_made,
            "next_attempt_at": None,
            "leased_until": None,
            "last_error": error.kind,
            "last_error_message": error.message,
        }
        wait = backoff(
            attempts_made=job.attempts_made,
            permanent=error.permanent,
            retry_after=error.retry_after,
            rng=self._rng,
        )
        if self._is_no_fault_of_the_prompt(job, error, one.payload):
            columns["attempts_made"] -= 1
        elif down and not error.permanent and not one.endpoint_answers:
            columns["attempts_made"] -= 1
            columns["next_attempt_at"] = self._now + outage_wait(rng=self._rng)
        elif wait is None:
            columns["state"] = State.FAILED
            self.settled.failed += 1
        else:
            columns["next_attempt_at"] = self._now + wait
        self._failures.append(columns)

    def _is_no_fault_of_the_prompt(
        self, job: Job, error: ProviderError, payload: dict[str, Any]
    ) -> bool:
        if error.pauses:
            self._pause(job, error)
            return True
        if error.parameter in payload:
            return replace_setting(language_model=job.model, sent_name=error.parameter)
        return isinstance(error, RateLimited)

    def _pause(self, job: Job, error: ProviderError) -> None:
        model = job.model
        if error.pauses == MODEL:
            if pause_language_model(language_model=model, reason=error.message, now=self._now):
                log.warning("Model %s is paused. %s", model, error.message)
            return
        reason = f"{model}: {error.message}"
        assert model.endpoint is not None  # it was called
        if pause_endpoint(endpoint=model.endpoint, reason=reason, now=self._now):
            log.warning("Endpoint %s is paused. %s", model.endpoint, reason)

    def _pause_stranger(self, job: Job, result: ChatResult) -> None:
        reason = _(
            "The endpoint was asked for %(name)r and answered as %(other)r. Its"
            " answers are in quarantine: accept the name if it is the same model, or correct the"
            " model's name at the endpoint."
        ) % {"name": job.model.remote_name, "other": result.response_model}
        if pause_language_model(language_model=job.model, reason=reason, now=self._now):
            log.warning("Model %s is paused. %s", job.model, reason)


def _sum(before: Any, this: Any) -> Any:
    return None if before is None or this is None else before + this


def _tokens(before: int | None, this: int | None) -> int | None:
    tokens: int | None = _sum(before, this)
    return tokens if tokens is not None and tokens < TOO_MANY_TOKENS else None


def _cost(before: Decimal | None, this: Decimal | None) -> Decimal | None:
    cost: Decimal | None = _sum(before, this)
    return None if cost is None else min(cost, MOST_SPENT)


def _turn_columns(job: Job) -> dict[str, Any]:
    return {
        "pk": job.pk,
        "fence": job.fence,
        "turns": list(job.replies),
        "turn_outcomes": list(job.outcomes),
        "prompt_tokens": job.usage.prompt_tokens,
        "completion_tokens": job.usage.completion_tokens,
        "latency_ms": job.usage.latency_ms,
        "cost": job.usage.cost,
        "first_byte_ms": job.usage.first_byte_ms,
    }


def _answer_columns(
    job: Job, result: ChatResult, payload: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Return the columns of a finished completion; turns that were never asked are empty."""
    model = job.model
    known = same_model(model.remote_name, result.response_model, model.accepted_names)
    return _turn_columns(job) | {
        "state": State.SUCCEEDED if known else State.QUARANTINED,
        "leased_until": None,
        "next_attempt_at": None,
        "last_error": "",
        "last_error_message": "",
        "text": result.text,
        "turns": [*job.replies, *[""] * (job.turns - len(job.replies))],
        "outcome": worst_outcome(job.outcomes),
        "names_maker": names_maker("\n\n".join(job.replies), own_names(model)),
        "finish_reason": result.finish_reason,
        "refusal": result.refusal,
        "request": payload,
        "request_digest": digest(payload),
        "response_model": result.response_model,
        "system_fingerprint": result.system_fingerprint,
        "provider_request_id": result.request_id,
        "completed_at": now,
    }


def own_names(model: LanguageModel) -> list[str]:
    """Return the names that would give this model away although no list of makers knows them."""
    return [name for name in (model.name, model.publisher) if name]
