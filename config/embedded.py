"""One process, no services: a Celery worker thread on the in-memory broker inside this process."""

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings

from config.celery import app

log = logging.getLogger(__name__)
SWEEP_SECONDS = 30.0
_started = threading.Event()


def start_if_configured() -> None:
    """Start the worker thread when this installation has no Redis, and the demo's endpoint."""
    if settings.DEMO:
        from config.demo import serving

        serving.start_endpoint()
    if settings.EMBEDDED:
        start()


def start() -> None:
    """Start the worker and the sweep as daemon threads; a second call does nothing.

    Nothing is lost when the process dies: work is rows, and the sweep finds what is due.
    """
    if _started.is_set():
        return
    _started.set()
    _thread("celery worker", _work)
    _thread("celery sweep", _sweep)


def _thread(name: str, target: Callable[[], None]) -> None:
    threading.Thread(target=target, name=name, daemon=True).start()


def _work() -> None:
    worker = app.WorkController(
        pool="threads",
        concurrency=2,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
    )
    worker.start()


def _sweep() -> None:
    while True:
        app.send_task("models_registry.tasks.dispatch_due")
        app.send_task("models_registry.tasks.ask_canaries")
        app.send_task("judging.tasks.expire_leases")
        app.send_task("ratings.tasks.tend_work")
        time.sleep(SWEEP_SECONDS)
