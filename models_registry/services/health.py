"""How an endpoint does: its rests, its failures in a row, and its pauses."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from core.errors import Conflict
from models_registry.models import Completion, ModelEndpoint
from models_registry.providers.base import ChatResult, ProviderError, RateLimited
from models_registry.rate_limits import tokens_time
from models_registry.retries import (
    is_down,
    is_given_up,
    longest_outage_wait,
    rest_after,
    rest_when_limited,
)
from models_registry.services.claims import Job
from models_registry.services.endpoints import pause_endpoint

log = logging.getLogger(__name__)
Outcome = ChatResult | ProviderError


@dataclass(frozen=True, slots=True)
class Told:
    """One call, and what it told of its endpoint."""

    job: Job
    outcome: Outcome
    endpoint_answers: bool = False  # another question meanwhile: this failure is its prompt's


def note_outcomes(
    *, endpoint_id: int, told: Sequence[Told], now: datetime, rng: random.Random
) -> bool:
    """Count failures in a row, let the endpoint rest when it asks or fails, and correct its tokens.

    Says whether the endpoint is down: then its failures are no prompt's fault. One that stays down
    is tried for hours, and then paused with a notice. An endpoint that simply answers costs nothing.
    """
    if not any(one.job.endpoint_watched or _tells_more(one.outcome) for one in told):
        return False
    endpoint = ModelEndpoint.objects.get(pk=endpoint_id)
    failures = _count_failures(endpoint, told, now, rng)
    asked = [one.outcome.rest for one in told if isinstance(one.outcome, ChatResult)]
    if longest := max((rest for rest in asked if rest), default=None):
        _rest(
            endpoint,
            now + rest_when_limited(0, retry_after=longest, rng=rng),
            _("Its headers say that the limit of its calls is used up for now."),
        )
    if endpoint.tokens_per_minute:
        _correct_tokens(endpoint, told)
    return is_down(failures)


def looks_like_an_outage(*, endpoint_id: int, failed: int) -> bool:
    """Say whether so many more failures would make an endpoint count as down."""
    rows = ModelEndpoint.objects.filter(pk=endpoint_id)
    before = rows.values_list("failures_in_a_row", flat=True).first()
    return is_down((before or 0) + failed)


def may_be_an_outage(outcome: Outcome) -> bool:
    """Say whether an outcome is a failure that may be the endpoint's as well as its prompt's."""
    return (
        isinstance(outcome, ProviderError)
        and not outcome.permanent
        and not isinstance(outcome, RateLimited)
    )


def _tells_more(outcome: Outcome) -> bool:
    return isinstance(outcome, ProviderError) or outcome.rest is not None


def _count_failures(
    endpoint: ModelEndpoint, told: Sequence[Told], now: datetime, rng: random.Random
) -> int:
    """Return how many calls in a row have failed now."""
    before = endpoint.failures_in_a_row
    failures, last, limited = _read(told, before)
    if failures != before:
        resting = endpoint.resting_until is not None and endpoint.resting_until > now
        if failures and resting and not limited:
            # Calls that were under way when it began to rest tell nothing new.
            return max(failures, before)
        if failures > before:
            failures = before + 1 if rest_after(before + 1, rng=rng) else failures
        ModelEndpoint.objects.filter(pk=endpoint.pk).update(failures_in_a_row=failures)
    if limited is not None:
        asked = rest_when_limited(failures, retry_after=limited.retry_after, rng=rng)
        _rest(endpoint, now + asked, limited.message)
    elif last is not None and failures and (rest := rest_after(failures, rng=rng)):
        _rest(
            endpoint,
            now + rest,
            _("%(number)s calls in a row failed. %(message)s")
            % {"number": failures, "message": last.message},
        )
        if is_given_up(failures):
            _give_up(endpoint, failures, last, now)
    return failures


def _read(
    told: Sequence[Told], failures: int
) -> tuple[int, ProviderError | None, RateLimited | None]:
    """Return the failures in a row after these calls, the last of them, and the longest wish to wait."""
    last: ProviderError | None = None
    limited: RateLimited | None = None
    for one in told:
        if isinstance(one.outcome, ChatResult) or one.endpoint_answers:
            failures = 0
        elif not one.outcome.permanent:
            failures, last = failures + 1, one.outcome
            if isinstance(one.outcome, RateLimited):
                limited = _longer(limited, one.outcome)
    return failures, last, limited


def _give_up(endpoint: ModelEndpoint, failures: int, last: ProviderError, now: datetime) -> None:
    reason = _(
        "%(number)s calls in a row failed, over hours. Look after the endpoint and resume"
        " it: no prompt has lost an attempt by that. %(message)s"
    ) % {"number": failures, "message": last.message}
    if pause_endpoint(endpoint=endpoint, reason=reason, now=now):
        log.warning("Endpoint %s is paused. %s", endpoint, reason)


def _longer(one: RateLimited | None, other: RateLimited) -> RateLimited:
    if one is None or (other.retry_after or 0) > (one.retry_after or 0):
        return other
    return one


def _rest(endpoint: ModelEndpoint, until: datetime, reason: str) -> None:
    """Let no call begin before `until`; a rest that lasts longer already stays."""
    awake = Q(resting_until=None) | Q(resting_until__lt=until)
    if ModelEndpoint.objects.filter(awake, pk=endpoint.pk).update(
        resting_until=until, rest_reason=reason[:500]
    ):
        log.info("Endpoint %s rests until %s. %s", endpoint, until, reason)


@transaction.atomic
def end_rest(*, endpoint: ModelEndpoint, now: datetime) -> bool:
    """End the rest of an endpoint at once; say whether this call did.

    Its failures in a row stay counted: where they made it rest, one call at a time tries it, costs
    no prompt an attempt, and brings the next rest when it fails. What waits only because of the
    outage may be that call. Raises `Conflict` for one that is paused, which no rest's end mends.
    """
    resting = ModelEndpoint.objects.filter(pk=endpoint.pk, paused_at=None, resting_until__gt=now)
    ended = resting.update(resting_until=None, rest_reason="") == 1
    if ended:
        Completion.objects.of_endpoint(endpoint.pk).filter(
            state=Completion.State.PENDING,
            next_attempt_at__gt=now,
            next_attempt_at__lte=now + longest_outage_wait(),
        ).update(next_attempt_at=now)
    endpoint.refresh_from_db()
    if endpoint.paused_at:
        raise Conflict(
            _("The endpoint is paused: resume it, once it is set right."), code="endpoint_paused"
        )
    return ended


def _correct_tokens(endpoint: ModelEndpoint, told: Sequence[Told]) -> None:
    """Give back the tokens that calls were expected to take and did not, or take up the others."""
    excess = 0
    for one in told:
        if isinstance(one.outcome, ChatResult):
            result = one.outcome
            if result.prompt_tokens is not None and result.completion_tokens is not None:
                excess += result.prompt_tokens + result.completion_tokens - one.job.weight
    if excess:
        shift: timedelta = tokens_time(excess, endpoint.tokens_per_minute or 1)
        ModelEndpoint.objects.filter(pk=endpoint.pk, next_tokens_at__isnull=False).update(
            next_tokens_at=F("next_tokens_at") + shift
        )
