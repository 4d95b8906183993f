"""Failures to start, told in a line or two that say what to do instead of in a traceback."""

import re

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError

MISSING_TABLE = re.compile(r"no such table|no such column|(relation|column) .* does not exist")


def explained(error: Exception) -> str:
    """Return what to do about a failure that is the configuration's; empty for any other."""
    if isinstance(error, ImproperlyConfigured):
        return f"The configuration is wrong. {error}"
    if isinstance(error, DatabaseError) and MISSING_TABLE.search(str(error)):
        return f"The database is not up to date ({_first_line(error)}). Run: manage.py migrate"
    if isinstance(error, OperationalError):
        return (
            f"The database cannot be used: {_first_line(error)}\n"
            "Is it running, and do DATABASE_URL's host, name, user and password fit?"
        )
    return ""


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
