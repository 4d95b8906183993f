"""What a server or worker needs before it starts."""

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from config import health


def require_services() -> None:
    """Raise unless the database answers and, where there is one, Redis does too."""
    connection.ensure_connection()
    if settings.REDIS_URL and not health.reaches_broker():
        raise CommandError(
            "Redis cannot be reached. Is it running, and do REDIS_URL's host, port and password "
            "fit?"
        )
