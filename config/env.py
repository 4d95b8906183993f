"""Typed readers of environment variables, each failing loudly on a wrong value."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
ALIKE = {"postgres": {"postgres", "postgresql"}, "redis": {"redis", "rediss", "unix"}}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def env_int(name: str, default: int, *, at_least: int = 0) -> int:
    value = os.environ.get(name)
    if value is None or not value.strip():
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.") from error
    if number < at_least:
        raise ImproperlyConfigured(f"{name} is {number}; the least allowed is {at_least}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_secret(name: str) -> str:
    """Return the secret in NAME, or in the file named by NAME_FILE; empty when neither is set."""
    value, path = env_str(name), env_str(f"{name}_FILE")
    if value and path:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if not path:
        return value
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is not a text in UTF-8.") from error
    if not secret:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
    return secret


def env_choice(name: str, default: str, choices: Sequence[str]) -> str:
    value = env_str(name, default).upper() or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; write one of {', '.join(choices)}.")
    return value


def require_scheme(name: str, example: str) -> str:
    """Return the secret URL in NAME, or an empty text; what it looks like, the example says.

    A wrong one is not repeated in the message: it may hold a password.
    """
    url = env_secret(name)
    scheme = example.partition(":")[0]
    if url and url.partition("://")[0] not in ALIKE[scheme]:
        raise ImproperlyConfigured(f"{name} does not begin with {scheme}://; write {example}.")
    return url
