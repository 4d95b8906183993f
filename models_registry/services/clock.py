"""The database's clock, so that leases hold among workers whose own clocks disagree."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

Clock = Callable[[], datetime]


def database_clock() -> Clock:
    """Return a clock set once by the database's and driven by the monotonic one.

    A jump of this machine's time then moves no lease. SQLite has no clock of its own: its file is
    on this machine.
    """
    started = time.monotonic()
    at_start = timezone.now()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            at_start = cursor.fetchone()[0]
    return lambda: at_start + timedelta(seconds=time.monotonic() - started)
