"""What is switched off in a worker on purpose, for a fault or to see that its absence is found out.

None of it is part of the product. Each patch is named in a round and applied in the worker before
it begins; controls are those that must lead to a broken promise.
"""

import os
import socket
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

PATCHES: dict[str, Callable[[], None]] = {}
POISON = "poison pill"
PROVIDER_HOST = "provider.test"
LONG_LEASE_SECONDS = 12
SKEW = timedelta(hours=1)
DNS_IS_DOWN = "PREFERENDUM_LAB_DNS_IS_DOWN"  # names a file: while it is there, no name resolves


def apply(names: Sequence[str]) -> None:
    for name in names:
        PATCHES[name]()


def patch(make: Callable[[], None]) -> Callable[[], None]:
    PATCHES[make.__name__] = make
    return make


# ---- quicker, so that a round takes seconds ------------------------------------------------------


@patch
def quick_beat() -> None:
    from config.celery import app

    app.conf.beat_schedule["dispatch due completions"]["schedule"] = 1.0
    app.conf.beat_max_loop_interval = 1


@patch
def quick_retries() -> None:
    from models_registry import retries

    retries.FIRST_SECONDS = 0.2
    retries.FIRST_REST_SECONDS = 0.3
    retries.LONGEST_REST_SECONDS = 1.0


@patch
def short_lease() -> None:
    from django.conf import settings

    settings.GENERATION_LEASE_SECONDS = 2


@patch
def long_lease() -> None:
    from django.conf import settings

    settings.GENERATION_LEASE_SECONDS = LONG_LEASE_SECONDS


@patch
def three_attempts() -> None:
    _most_attempts(3)


@patch
def short_visibility() -> None:
    """Let Redis take every message for lost that is not done within a second."""
    from config.celery import app

    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "visibility_timeout": 1,
        "unacked_restore_interval": 1,
    }


# ---- faults inside a worker ------------------------------------------------------------------------


@patch
def poison() -> None:
    """Die of an answer, as a process does that an answer made use up all memory."""
    from models_registry.services import drains

    settle = drains.settle

    def deadly(*, finished, **others):
        if any(POISON in getattr(one.outcome, "text", "") for one in finished):
            os._exit(9)
        return settle(finished=finished, **others)

    drains.settle = deadly


@patch
def names() -> None:
    """Resolve the provider's name to loopback, or not at all while a certain file is there."""
    real = socket.getaddrinfo

    def resolve(host, port, *others, **options):
        if host != PROVIDER_HOST:
            return real(host, port, *others, **options)
        if Path(os.environ[DNS_IS_DOWN]).exists():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real("127.0.0.1", port, *others, **options)

    socket.getaddrinfo = resolve


@patch
def ahead() -> None:
    _shift_clock(SKEW)


@patch
def behind() -> None:
    _shift_clock(-SKEW)


def _shift_clock(by: timedelta) -> None:
    real_now, real_time = timezone.now, time.time
    timezone.now = lambda: real_now() + by
    time.time = lambda: real_time() + by.total_seconds()


# ---- controls: promises that must be seen broken ---------------------------------------------------


@patch
def leases_never_end() -> None:
    """Take what a dead worker held for work in progress, for ever."""
    _open_and_due(lambda now: Q(pk=None))


@patch
def leases_end_at_once() -> None:
    """Take what another worker is at for work that nobody does."""
    _open_and_due(lambda now: Q(state="leased"))


def _open_and_due(abandoned: Callable[[object], Q]) -> None:
    from models_registry.querysets import OPEN, CompletionQuerySet

    def open_and_due(self, *, now):
        waiting = Q(state="pending") & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
        return self.filter(waiting | abandoned(now), state__in=OPEN)

    CompletionQuerySet.open_and_due = open_and_due


@patch
def no_reconciler() -> None:
    """Never look at the rows unasked: neither at a start nor by the beat."""
    from celery.signals import worker_ready

    from config.celery import app
    from models_registry import tasks

    worker_ready.disconnect(tasks.ring_at_start)
    del app.conf.beat_schedule["dispatch due completions"]


@patch
def ends_when_refused() -> None:
    """Take a broker's refusal for a fault of this program."""
    from config.celery import app

    app.conf.broker_channel_error_retry = False


@patch
def endless_patience() -> None:
    """Wait for the broker however long: a worker does so anyway, others must not."""


@patch
def no_patience() -> None:
    """Give up at once when the database is away."""
    from models_registry.services import drains

    drains.patiently = lambda act: act()


@patch
def no_pause() -> None:
    """Go on asking with a key that was refused."""
    from models_registry.services import completions

    completions.pause_endpoint = lambda **_: False


@patch
def no_cap() -> None:
    """Ask again however often the worker has died of it."""
    _most_attempts(30_000)


@patch
def no_second_attempt() -> None:
    _most_attempts(1)


@patch
def costly_outages() -> None:
    """Let an outage cost each prompt its attempt, and give it no other."""
    from models_registry.services import health

    health.is_down = lambda _failures: False
    no_second_attempt()


@patch
def own_clock() -> None:
    """Believe this machine's clock rather than the database's."""
    from models_registry import tasks
    from models_registry.services import drains

    for module in (tasks, drains):
        module.database_clock = lambda: timezone.now


@patch
def any_certificate() -> None:
    """Trust whoever answers."""
    import ssl

    make = ssl.create_default_context

    def trusting(*arguments, **options):
        context = make(*arguments, **options)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    ssl.create_default_context = trusting


def _most_attempts(number: int) -> None:
    from models_registry import retries
    from models_registry.services import claims

    retries.MOST_ATTEMPTS = claims.MOST_ATTEMPTS = number
