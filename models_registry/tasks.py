"""Two doorbells: which endpoints have work, and work on one of them. The work itself is rows."""

import logging
import mmap
import random
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.db import transaction

from models_registry.services import canaries, drains, runs
from models_registry.services.clock import database_clock

log = logging.getLogger(__name__)
# One byte shared with the pool's processes, which are forked from this one: only the main process
# hears that the worker shall stop.
_stopping = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def note_shutdown(**_kwargs: Any) -> None:
    _stopping[0] = 1


@worker_ready.connect
def ring_at_start(**_kwargs: Any) -> None:
    """Find at once what an earlier worker left: beat's first ring comes half a minute later."""
    dispatch_due.delay()


def ring() -> None:
    """Have the workers look for due work once this request's rows are committed."""
    # A broker that is away fails no request: the sweep rings again.
    transaction.on_commit(dispatch_due.delay, robust=True)


@shared_task
def dispatch_due() -> None:
    """Ring for every endpoint with due work; rung at starts, after changes and every 30 s."""
    now = database_clock()()
    runs.close_cancelled(now=now)
    for endpoint_id in runs.endpoints_with_due_work(now=now):
        drain_endpoint.delay(endpoint_id)


@shared_task
def drain_endpoint(endpoint_id: int) -> None:
    """Drain one endpoint; twice at the same time is harmless."""
    drains.produce_completions(
        endpoint_id=endpoint_id,
        rng=random.Random(),  # noqa: S311 - it spreads retries and keeps no secret
        stopping=lambda: _stopping[0] == 1,
        ring=lambda: drain_endpoint.delay(endpoint_id),
    )


@shared_task
def ask_canaries() -> None:
    """Ask those models at work their canary questions whose time has come."""
    clock = database_clock()
    for model in canaries.models_due(now=clock()):
        canaries.ask_canaries(
            language_model=model,
            clock=clock,
            rng=random.Random(),  # noqa: S311 - it shuffles answers and keeps no secret
        )
