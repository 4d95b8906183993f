"""Ask models at work the canary questions from time to time, and compare the answers."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from core.errors import Invalid
from models_registry.canaries import CHANGED_BELOW, QUESTIONS, SEEDS, chance_of_difference, plain
from models_registry.models import (
    CanaryRound,
    Completion,
    DriftNotice,
    LanguageModel,
    ModelEndpoint,
)
from models_registry.providers import PROVIDERS
from models_registry.providers.base import ChatResult, ProviderError
from models_registry.providers.calls import Calls
from models_registry.services.asides import aside, book_asides
from models_registry.services.budgets import monthly_limit, spent_in_month
from models_registry.services.claims import is_resting, request_of, take_turns
from models_registry.services.clock import Clock
from models_registry.services.diagnosis import OpenCalls
from models_registry.services.drift import is_known_origin, raise_notice
from models_registry.services.endpoints import connection_of

AT_ONCE = 4
# A round that was cut off, or met an error, is asked again after this.
AGAIN = timedelta(hours=1)
# A round is this part of a version's calls at most: smaller studies are not worth what it costs.
SHARE = 10


def models_due(*, now: datetime) -> Sequence[LanguageModel]:
    """Return the models with open work whose canary questions are due; none when that is off.

    Left out are versions that are asked for fewer completions than `SHARE` rounds have calls.
    """
    if not settings.GENERATION_CANARY_HOURS or _month_is_spent(now):
        return []
    at_work = Completion.objects.filter(
        run__state="running", state__in=[Completion.State.PENDING, Completion.State.LEASED]
    )
    due = LanguageModel.objects.filter(
        Q(canaries_due_at=None) | Q(canaries_due_at__lte=now),
        pk__in=at_work.values("language_model"),
        paused_at=None,
        endpoint__paused_at=None,
    )
    found = due.select_related("endpoint").order_by("pk")
    return [
        model
        for model in found
        if model.endpoint and not is_resting(model.endpoint, now) and _is_worth_it(model)
    ]


def _is_worth_it(model: LanguageModel) -> bool:
    last = SHARE * len(QUESTIONS) * len(SEEDS) - 1
    return Completion.objects.filter(language_model=model)[last : last + 1].exists()


def ask_canaries(
    *,
    language_model: LanguageModel,
    clock: Clock,
    rng: random.Random,
    open_calls: OpenCalls = Calls,
) -> CanaryRound | None:
    """Ask a model all canary questions with all seeds, within the limits of its endpoint.

    The first round of a version is what later ones are compared with. A difference that would come
    about by chance once in a thousand rounds raises a notice, and so does another name or
    fingerprint. Returns None when another worker asks, and when the endpoint gave no answer.
    """
    endpoint = language_model.endpoint
    if endpoint is None or not _begin(language_model, clock()):
        return None
    asked = CanaryRound.objects.create(language_model=language_model)
    results: list[tuple[str, ChatResult]] = []
    try:
        results.extend(_ask(language_model, endpoint, clock, open_calls))
    except (ProviderError, Invalid):
        return None  # what is wrong with the endpoint is found and told by the next drain
    finally:
        # Of a round that broke off, too: those answers were paid for.
        book_asides(model=language_model, results=[result for _, result in results], now=clock())
    now = clock()
    for _request, result in results:
        is_known_origin(
            language_model=language_model,
            response_model=result.response_model,
            fingerprint=result.system_fingerprint,
            now=now,
        )
    _compare(asked, results, now, rng)
    LanguageModel.objects.filter(pk=language_model.pk).update(
        canaries_due_at=now + timedelta(hours=settings.GENERATION_CANARY_HOURS)
    )
    return asked


def _begin(model: LanguageModel, now: datetime) -> bool:
    """Become the one who asks: with two beats, one round."""
    due = Q(canaries_due_at=None) | Q(canaries_due_at__lte=now)
    rows = LanguageModel.objects.filter(due, pk=model.pk)
    return rows.update(canaries_due_at=now + AGAIN) == 1


def _ask(
    model: LanguageModel, endpoint: ModelEndpoint, clock: Clock, open_calls: OpenCalls
) -> Iterator[tuple[str, ChatResult]]:
    """Yield each question with its answer, as they come. Raises `ProviderError` and `Invalid`."""
    takes_seed = "seed" in PROVIDERS[endpoint.kind].SETTINGS
    wanted = [(key, seed) for key in QUESTIONS for seed in SEEDS]
    with open_calls(connection_of(endpoint)) as calls:
        for at in range(0, len(wanted), AT_ONCE):
            some = wanted[at : at + AT_ONCE]
            jobs = take_turns(
                endpoint_id=endpoint.pk,
                jobs=[aside(model, QUESTIONS[key]) for key, _ in some],
                now=clock(),
            )
            begun = []
            for (key, seed), job in zip(some, jobs, strict=True):
                if job.turn:
                    time.sleep(max(0.0, (job.turn - clock()).total_seconds()))
                request = request_of(job)
                if takes_seed:
                    request = replace(request, settings={**request.settings, "seed": seed})
                begun.append((key, calls.submit(request)))
            for key, future in begun:
                yield key, future.result()


def _compare(
    asked: CanaryRound,
    results: Sequence[tuple[str, ChatResult]],
    now: datetime,
    rng: random.Random,
) -> None:
    answers: dict[str, list[str]] = defaultdict(list)
    for key, result in results:
        answers[key].append(plain(result.text))
    asked.answers, asked.finished_at = dict(answers), now
    rounds = asked.language_model.canary_rounds
    before = rounds.filter(baseline=True).order_by("-pk").first()
    asked.baseline = before is None
    if before is not None:
        asked.chance = chance_of_difference(before.answers, answers, rng=rng)
    asked.save()
    if asked.chance is not None and asked.chance < CHANGED_BELOW:
        raise_notice(
            language_model=asked.language_model,
            what=DriftNotice.What.ANSWERS,
            before=_("those of %(day)s") % {"day": f"{before.created_at:%Y-%m-%d}"}
            if before
            else "",
            after=_("those of %(day)s (by chance: %(chance)s)")
            % {"day": f"{now:%Y-%m-%d}", "chance": f"{asked.chance:.4f}"},
            now=now,
        )


def _month_is_spent(now: datetime) -> bool:
    limit = monthly_limit()
    return limit is not None and spent_in_month(now=now) >= limit
