"""Drain an endpoint: claim, keep its calls in flight, store, renew, wait for retries, stop in order."""

import logging
import queue
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from core.errors import Invalid
from models_registry.models import Completion, ModelEndpoint
from models_registry.providers.base import ChatResult, MissedTurn, ProviderError
from models_registry.providers.calls import Calls, Ended, Planned
from models_registry.services.asides import PROBE, aside, book_asides
from models_registry.services.claims import (
    Job,
    KnownModels,
    begin_watch,
    claim_batch,
    end_watch,
    give_up_on_killers,
    is_other,
    next_wake,
    release,
    renew_leases,
    request_of,
    take_turns,
)
from models_registry.services.clock import Clock, database_clock
from models_registry.services.completions import Finished, Prices, settle
from models_registry.services.diagnosis import OpenCalls
from models_registry.services.endpoints import connection_of, pause_endpoint
from models_registry.services.health import looks_like_an_outage, may_be_an_outage
from models_registry.services.runs import recount_runs

log = logging.getLogger(__name__)
Result = TypeVar("Result")
# After this a drain finishes what is in flight and rings for another: endpoints take turns, and
# the broker never thinks that the task died.
CLAIMING_SECONDS = 120.0
# A retry that is due sooner is waited for; the sweep finds the later ones.
LINGER = timedelta(seconds=30)
LOOK_SECONDS = 0.5
STEP_SECONDS = 0.2
STOP_SECONDS = 20.0
# Answers that come within this time are stored together, and what they left free is claimed
# together; a kill in between costs their price once more. It is as long as storing and claiming took
# last time, within these bounds: a batch costs little more than a row.
LEAST_GATHER_SECONDS, MOST_GATHER_SECONDS = 0.01, 0.1
MOST_GATHERED = 128
RECOUNT_SECONDS = 2.0
# How long one thread may keep the interpreter while others want it. The calls' thread gives it up at
# every message, and with Python's usual 5 ms then waits for a whole statement to be made.
SWITCH_SECONDS = 0.0005
# How long an endpoint has to answer the question that tells its outage from a prompt's fault.
PROBE_SECONDS = 30.0
# Answers are worth more than a second's patience: they were paid for.
PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Drained:
    """What a drain did; `more` when it stopped although there was work left."""

    stored: int = 0
    failed: int = 0
    late: int = 0  # answers whose claim had been taken over: paid for, and not stored
    more: bool = False


@dataclass(slots=True)
class _Probe:
    """A question under way that tells whether the endpoint is down, and what waits for it."""

    key: int
    until: float
    waiting: list[Finished] = field(default_factory=list)


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
    then it calls `ring` for a next drain, which goes on while this one finishes its calls. Leases
    are renewed while calls are in flight; should this process die, they run out.
    """
    clock = clock or database_clock()
    endpoint = ModelEndpoint.objects.filter(pk=endpoint_id, paused_at=None).first()
    if endpoint is None or not _anything_to_do(endpoint, clock):
        return Drained()
    try:
        connection = connection_of(endpoint)
    except Invalid as error:
        pause_endpoint(endpoint=endpoint, reason=error.message, now=clock())
        return Drained()
    sys.setswitchinterval(SWITCH_SECONDS)
    with open_calls(connection) as calls:
        drain = _Drain(endpoint, calls, clock, rng, stopping)
        if drain.claim_and_store(until=time.monotonic() + seconds):
            ring()
        drain.land()
    return drain.drained


def _anything_to_do(endpoint: ModelEndpoint, clock: Clock) -> bool:
    give_up_on_killers(endpoint_id=endpoint.pk, now=clock())
    rows = Completion.objects.of_endpoint(endpoint.pk)
    return rows.due(now=clock()).exists() or _next_wake(endpoint, clock) is not None


def _next_wake(endpoint: ModelEndpoint, clock: Clock) -> datetime | None:
    return next_wake(endpoint_id=endpoint.pk, now=clock(), retries=LINGER, leases=_lease() / 2)


def _lease() -> timedelta:
    return timedelta(seconds=settings.GENERATION_LEASE_SECONDS)


def patiently(act: Callable[[], Result]) -> Result:
    """Do what must be written down, again if the database goes away meanwhile.

    Every write of a drain asks for the fence, so that doing it twice changes nothing.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > until or connection.in_atomic_block or not _is_away(error):
                raise
            log.warning("The database is away: %s", str(error).strip() or type(error).__name__)
            connection.close()
            time.sleep(STEP_SECONDS)


def _between(least: float, value: float, most: float) -> float:
    return max(least, min(value, most))


def _is_away(error: Exception) -> bool:
    """Say whether waiting may help; SQLite reports faulty statements with the same class."""
    return connection.vendor != "sqlite" or "locked" in str(error)


class _Drain:
    """One drain's state: the jobs in flight, and what has come back of them."""

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
        self._probe: _Probe | None = None
        self._probed: dict[int, Job] = {}  # by the key of the probe, also those that came too late
        self._known = KnownModels()
        self._prices = Prices()
        self._lease = _lease()
        self._renew_at = time.monotonic() + self._renewal
        self._look_at = 0.0
        self._gathered_at = time.monotonic()
        self._gather_seconds = LEAST_GATHER_SECONDS
        self._changed = False
        self._runs: set[int] = set()
        self._recount_at = time.monotonic() + RECOUNT_SECONDS

    @property
    def _renewal(self) -> float:
        return self._lease.total_seconds() / 6

    def claim_and_store(self, *, until: float) -> bool:
        """Work until `until` or until nothing is left; say whether a next drain should go on."""
        while self._claiming(until):
            looked = self._top_up()
            self._gather_seconds = _between(
                LEAST_GATHER_SECONDS, time.monotonic() - self._gathered_at, MOST_GATHER_SECONDS
            )
            if self._flying:
                self._turn()
            elif not looked:
                time.sleep(max(0.0, min(STEP_SECONDS, self._look_at - time.monotonic())))
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
        left = [job for job, _ in self._flying.values()]
        patiently(lambda: release(jobs=left, now=self._clock()))
        self._recount()

    def _turn(self) -> None:
        if ended := self._gather():
            self._settle(ended)
        if self._probe and time.monotonic() > self._probe.until:
            self._end_probe(answered=False)
        if time.monotonic() >= self._renew_at:
            jobs = [job for job, _ in self._flying.values()]
            patiently(lambda: renew_leases(jobs=jobs, lease=self._lease, now=self._clock()))
            self._renew_at = time.monotonic() + self._renewal
        if time.monotonic() >= self._recount_at:
            self._recount()

    def _recount(self) -> None:
        """Count the runs worked on, for those who look: rarely enough to cost a few percent."""
        started = time.monotonic()
        patiently(lambda: recount_runs(runs=self._runs, now=self._clock()))
        took = time.monotonic() - started
        self._recount_at = time.monotonic() + max(RECOUNT_SECONDS, 30 * took)

    def _top_up(self) -> bool:
        """Claim what there is room for; say whether it was time to look."""
        most = min(self._endpoint.max_concurrency, settings.GENERATION_CALLS_PER_TASK)
        room = 0 if self._flies_alone() else most - len(self._flying)
        if room <= 0 or time.monotonic() < self._look_at:
            return False
        jobs = patiently(
            lambda: claim_batch(
                endpoint_id=self._endpoint.pk,
                limit=room,
                lease=self._lease,
                now=self._clock(),
                known=self._known,
                unchanged_since=self._endpoint,
                idle=not self._flying,
            )
        )
        if len(jobs) < room:
            self._look_at = time.monotonic() + LOOK_SECONDS
            # The URL, key or limits may have been changed: the next drain connects anew.
            now = ModelEndpoint.objects.filter(pk=self._endpoint.pk).first()
            self._changed = now is None or is_other(now, self._endpoint)
        self._begin(jobs)
        return True

    def _flies_alone(self) -> bool:
        return any(job.alone for job, _ in self._flying.values())

    def _begin(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        now, monotonic = self._clock(), time.monotonic()
        planned = []
        for job in jobs:
            payload = self._calls.payload(request_of(job))
            self._flying[job.pk] = (job, payload)
            turn = None if job.turn is None else monotonic + (job.turn - now).total_seconds()
            planned.append(Planned(job.pk, payload, turn))
            if job.run_id:
                self._runs.add(job.run_id)
        self._calls.begin(planned)

    def _gather(self) -> list[Ended]:
        """Return what has come back, waiting a little for the first, and less for others."""
        ended: list[Ended] = []
        try:
            ended.append(self._calls.ended.get(timeout=STEP_SECONDS))
            until = time.monotonic() + self._gather_seconds
            while len(ended) < min(MOST_GATHERED, self._worth_waiting_for()):
                ended.append(self._calls.ended.get(timeout=max(0.0, until - time.monotonic())))
        except queue.Empty:
            pass
        self._gathered_at = time.monotonic()
        return ended

    def _worth_waiting_for(self) -> int:
        """Return for how many of the calls in flight to wait.

        Half, so that the other half is under way while these are stored; all where storing takes so
        long that larger batches are worth more.
        """
        busy = self._gather_seconds >= MOST_GATHER_SECONDS
        return len(self._flying) if busy else -(-len(self._flying) // 2)

    def _settle(self, ended: Sequence[Ended]) -> None:
        finished, missed = [], []
        for one in ended:
            if one.key not in self._flying:
                self._note_probe(one)
                continue
            job, payload = self._flying.pop(one.key)
            if isinstance(one.outcome, MissedTurn):
                missed.append(job)
            else:
                finished.append(Finished(job, payload, self._outcome(job, one.outcome)))
        if missed:
            self._begin_in_turn(missed)
        if finished := self._not_in_doubt(finished):
            self._store(finished)

    def _store(self, finished: Sequence[Finished]) -> None:
        settled = patiently(
            lambda: settle(finished=finished, prices=self._prices, now=self._clock(), rng=self._rng)
        )
        self.drained.stored += settled.stored
        self.drained.failed += settled.failed
        self.drained.late += settled.late
        if settled.another:
            self._begin_in_turn(settled.another)

    def _not_in_doubt(self, finished: list[Finished]) -> list[Finished]:
        """Return what can be stored now; failures that look like an outage wait for a probe.

        Prompts that make an endpoint fail look like an outage once nothing else is left to ask.
        """
        failed = [one for one in finished if may_be_an_outage(one.outcome)]
        if not failed:
            return finished
        if self._probe is None:
            answered = len(finished) > len(failed)
            if answered or not looks_like_an_outage(
                endpoint_id=self._endpoint.pk, failed=len(failed)
            ):
                return finished
            self._begin_probe(failed[0].job)
        assert self._probe is not None  # it was just begun
        self._probe.waiting += failed
        for one in failed:  # held, so that their leases are renewed
            self._flying[one.job.pk] = (one.job, one.payload)
        return [one for one in finished if not may_be_an_outage(one.outcome)]

    def _begin_probe(self, job: Job) -> None:
        question = aside(job.model, PROBE)
        (question,) = patiently(
            lambda: take_turns(endpoint_id=self._endpoint.pk, jobs=[question], now=self._clock())
        )
        monotonic, turn = time.monotonic(), None
        if question.turn is not None:
            turn = monotonic + (question.turn - self._clock()).total_seconds()
        key = -1 - len(self._probed)
        self._probed[key] = job
        self._probe = _Probe(key, (turn or monotonic) + PROBE_SECONDS)
        payload = self._calls.payload(request_of(question))
        self._calls.begin([Planned(key, payload, turn)])

    def _note_probe(self, ended: Ended) -> None:
        """Take what came of a probe; one that came too late is only paid for."""
        job, result = self._probed[ended.key], ended.outcome
        answered = isinstance(result, ChatResult)
        if isinstance(result, ChatResult):
            patiently(
                lambda: book_asides(
                    model=job.model, results=[result], run_id=job.run_id, now=self._clock()
                )
            )
        if self._probe and self._probe.key == ended.key:
            self._end_probe(answered=answered)

    def _end_probe(self, *, answered: bool) -> None:
        assert self._probe is not None  # the callers have looked
        waiting, self._probe = self._probe.waiting, None
        for one in waiting:
            self._flying.pop(one.job.pk, None)
        self._store([replace(one, endpoint_answers=answered) for one in waiting])

    def _begin_in_turn(self, jobs: Sequence[Job]) -> None:
        """Begin calls of claimed jobs, at new turns where the endpoint has limits."""
        self._begin(
            patiently(
                lambda: take_turns(endpoint_id=self._endpoint.pk, jobs=jobs, now=self._clock())
            )
        )

    def _outcome(self, job: Job, outcome: ChatResult | BaseException) -> ChatResult | ProviderError:
        if isinstance(outcome, (ChatResult, ProviderError)):
            return outcome
        log.error("Completion %s: %s", job.pk, type(outcome).__name__, exc_info=outcome)
        return Unexpected(
            _("A fault of this program: %(name)s; see the log.") % {"name": type(outcome).__name__}
        )

    def _wait_for_more(self, until: float) -> bool:
        """Wait for a retry, a rest's end or an abandoned lease that is due soon; False without one.

        One drain an endpoint waits, so that waiting never takes up all of a worker's slots.
        """
        wake = patiently(lambda: _next_wake(self._endpoint, self._clock))
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
