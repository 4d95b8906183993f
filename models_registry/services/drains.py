"""Drain an endpoint: claim, keep its calls in flight, store, renew, wait for retries, stop in order."""

import logging
import queue
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from core.errors import Invalid
from models_registry.models import Completion, ModelEndpoint
from models_registry.providers.base import ChatResult, ProviderError
from models_registry.providers.calls import Calls
from models_registry.services.clock import Clock, database_clock
from models_registry.services.completions import (
    Job,
    begin_watch,
    claim_batch,
    end_watch,
    next_wake,
    record_failure,
    release,
    renew_leases,
    request_of,
    store_reply,
)
from models_registry.services.diagnosis import OpenCalls
from models_registry.services.endpoints import connection_of, pause_endpoint

log = logging.getLogger(__name__)
# After this a drain finishes what is in flight and rings for another: endpoints take turns, and
# the broker never thinks that the task died.
CLAIMING_SECONDS = 120.0
# A retry that is due sooner is waited for; the sweep finds the later ones.
LINGER = timedelta(seconds=30)
LOOK_SECONDS = 0.5
STEP_SECONDS = 0.2
STOP_SECONDS = 20.0


@dataclass(slots=True)
class Drained:
    """What a drain did; `more` when it stopped although there was work left."""

    stored: int = 0
    failed: int = 0
    late: int = 0  # answers whose claim had been taken over: paid for, and not stored
    more: bool = False


class Unexpected(ProviderError):
    """A fault of this program during a call: counted as an attempt, so that it ends."""

    kind = "internal"


def produce_completions(
    *,
    endpoint_id: int,
    rng: random.Random,
    clock: Clock | None = None,
    stopping: Callable[[], bool] = lambda: False,
    ring: Callable[[], object] = lambda: None,
    open_calls: OpenCalls = Calls,
    seconds: float = CLAIMING_SECONDS,
) -> Drained:
    """Ask for an endpoint's due completions, as many at once as it allows, until none is left.

    Returns early when there is nothing to do, when the endpoint is paused, when `stopping` says so
    (what is in flight may finish for 20 s, the rest is released), and after `seconds` of claiming:
    then it calls `ring` for a next drain, which goes on while this one finishes its calls. Leases are renewed while calls are in flight; should this process die, they run out.
    """
    clock = clock or database_clock()
    endpoint = ModelEndpoint.objects.filter(pk=endpoint_id, paused_at=None).first()
    if endpoint is None or not _anything_to_do(endpoint, clock):
        return Drained()
    try:
        connection = connection_of(endpoint)
    except Invalid as error:
        pause_endpoint(endpoint_id=endpoint_id, reason=error.message, now=clock())
        return Drained()
    with open_calls(connection) as calls:
        drain = _Drain(endpoint, calls, clock, rng, stopping)
        if drain.claim_and_store(until=time.monotonic() + seconds):
            ring()
        drain.land()
    return drain.drained


def _anything_to_do(endpoint: ModelEndpoint, clock: Clock) -> bool:
    now = clock()
    rows = Completion.objects.of_endpoint(endpoint.pk)
    return rows.due(now=now).exists() or _next_wake(endpoint, clock) is not None


def _next_wake(endpoint: ModelEndpoint, clock: Clock) -> Any:
    return next_wake(endpoint_id=endpoint.pk, now=clock(), retries=LINGER, leases=_lease() / 2)


def _lease() -> timedelta:
    return timedelta(seconds=settings.GENERATION_LEASE_SECONDS)


class _Drain:
    """One drain's state: the jobs in flight, and the futures that have finished."""

    def __init__(
        self,
        endpoint: ModelEndpoint,
        calls: Calls,
        clock: Clock,
        rng: random.Random,
        stopping: Callable[[], bool],
    ) -> None:
        self.drained = Drained()
        self._endpoint = endpoint
        self._calls = calls
        self._clock = clock
        self._rng = rng
        self._stopping = stopping
        self._flying: dict[int, tuple[Job, dict[str, Any]]] = {}
        self._finished: queue.SimpleQueue[tuple[int, Future[ChatResult]]] = queue.SimpleQueue()
        self._lease = _lease()
        self._renew_at = time.monotonic() + self._renewal
        self._look_at = 0.0
        self._changed = False

    @property
    def _renewal(self) -> float:
        return self._lease.total_seconds() / 3

    def claim_and_store(self, *, until: float) -> bool:
        """Work until `until` or until nothing is left; say whether a next drain should go on."""
        while self._claiming(until):
            self._top_up()
            if self._flying:
                self._turn()
            elif not self._wait_for_more(until):
                return False
        self.drained.more = not self._stopping()
        return self.drained.more

    def _claiming(self, until: float) -> bool:
        return not (self._changed or self._stopping() or time.monotonic() >= until)

    def land(self) -> None:
        """Finish what is in flight; when the process stops, only for a while."""
        patience = time.monotonic() + STOP_SECONDS
        while self._flying and not (self._stopping() and time.monotonic() > patience):
            self._turn()
        release(jobs=[job for job, _ in self._flying.values()], now=self._clock())

    def _turn(self) -> None:
        self._settle()
        if time.monotonic() >= self._renew_at:
            jobs = [job for job, _ in self._flying.values()]
            renew_leases(jobs=jobs, lease=self._lease, now=self._clock())
            self._renew_at = time.monotonic() + self._renewal

    def _top_up(self) -> None:
        most = min(self._endpoint.max_concurrency, settings.GENERATION_CALLS_PER_TASK)
        room = most - len(self._flying)
        if room <= 0 or time.monotonic() < self._look_at:
            return
        jobs = claim_batch(
            endpoint_id=self._endpoint.pk, limit=room, lease=self._lease, now=self._clock()
        )
        if len(jobs) < room:
            self._look_at = time.monotonic() + LOOK_SECONDS
        if any(self._is_other(job) for job in jobs):
            # The URL, key or limits were changed: the next drain connects anew.
            release(jobs=jobs, now=self._clock())
            self._changed = True
            return
        for job in jobs:
            self._begin(job)

    def _is_other(self, job: Job) -> bool:
        now = job.completion.language_model.endpoint
        return (
            now is None
            or any(
                getattr(now, name) != getattr(self._endpoint, name)
                for name in ("base_url", "key_origin", "timeout_seconds", "max_concurrency")
            )
            or bytes(now.encrypted_key) != bytes(self._endpoint.encrypted_key)
        )

    def _begin(self, job: Job) -> None:
        request = request_of(job)
        self._flying[job.pk] = (job, self._calls.payload(request))
        future = self._calls.submit(request)
        future.add_done_callback(lambda done: self._finished.put((job.pk, done)))

    def _settle(self) -> None:
        """Store what has finished, all of it; wait a little when nothing has."""
        try:
            pk, future = self._finished.get(timeout=STEP_SECONDS)
            while True:
                self._store(*self._flying.pop(pk), future)
                pk, future = self._finished.get_nowait()
        except queue.Empty:
            return

    def _store(self, job: Job, payload: dict[str, Any], future: "Future[ChatResult]") -> None:
        error = future.exception()
        if error is not None:
            self._fail(job, error)
            return
        stored = store_reply(job=job, result=future.result(), payload=payload, now=self._clock())
        self.drained.late += not stored.ours
        self.drained.stored += stored.ours and stored.another is None
        if stored.another:
            self._begin(stored.another)

    def _fail(self, job: Job, error: BaseException) -> None:
        if not isinstance(error, ProviderError):
            log.error("Completion %s: %s", job.pk, type(error).__name__, exc_info=error)
            error = Unexpected(f"A fault of this program: {type(error).__name__}; see the log.")
        if error.retry_after:
            self._look_at = time.monotonic() + min(error.retry_after, LINGER.total_seconds())
        failed = record_failure(job=job, error=error, now=self._clock(), rng=self._rng)
        self.drained.failed += failed

    def _wait_for_more(self, until: float) -> bool:
        """Wait for a retry or an abandoned lease that is due soon; False when there is none.

        One drain an endpoint waits, so that waiting never takes up all of a worker's slots.
        """
        wake = _next_wake(self._endpoint, self._clock)
        if wake is None:
            return False
        watched = wake + timedelta(seconds=1)
        if not begin_watch(endpoint_id=self._endpoint.pk, now=self._clock(), until=watched):
            return False
        while self._clock() <= wake and self._claiming(until):
            time.sleep(STEP_SECONDS)
        end_watch(endpoint_id=self._endpoint.pk, until=watched)
        self._look_at = 0.0
        return True
