"""Whether this process lives, and whether it can do its work; no versions, no settings."""

from collections.abc import Callable

from celery.exceptions import OperationalError as BrokerError
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from kombu.exceptions import KombuError

from config.celery import app

SECONDS = 2


@login_not_required
@require_GET
def alive(request: HttpRequest) -> HttpResponse:
    """Answer while the process does."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database is migrated and the broker is reached, else 503."""
    checks: dict[str, Callable[[], bool]] = {"database": _migrated, "broker": reaches_broker}
    found = {name: check() for name, check in checks.items()}
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def _migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def reaches_broker() -> bool:
    """Whether tasks can be sent, found out within a few seconds."""
    try:
        with app.connection_for_write(connect_timeout=SECONDS) as broker:
            broker.ensure_connection(max_retries=1, timeout=SECONDS)
    except (OSError, BrokerError, KombuError):
        return False
    return True
