"""Why a connection failed, in words that say what to do (pure)."""

import errno
import ssl
from collections.abc import Iterator

import aiohttp
import httpx

from models_registry.providers.base import CannotConnect

UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


def connection_failure(error: Exception, base_url: httpx.URL) -> CannotConnect | None:
    """Return the failure of a connection whose cause is known, else None; its code names the cause.

    Codes: `refused`, `certificate`, `no_tls`, `closed`, `unreachable`.
    """
    host, scheme = base_url.host, base_url.scheme
    where = f"{host}:{base_url.port or {'https': 443, 'http': 80}[scheme]}"
    for cause in _causes(error):
        # aiohttp's own errors are of these classes as well, and say nothing: theirs is the cause.
        if isinstance(cause, aiohttp.ClientError):
            continue
        if isinstance(cause, ConnectionRefusedError):
            return CannotConnect(
                f"Nothing listens at {where}: the server is not running, or the port is another.",
                code="refused",
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CannotConnect(
                f"The TLS certificate of {host} is not trusted: {cause.verify_message}.",
                code="certificate",
            )
        if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
            return CannotConnect(
                f"{where} does not speak TLS: its address probably begins with http://.",
                code="no_tls",
            )
        if isinstance(cause, ConnectionResetError):
            also = " Its address may begin with https://." if scheme == "http" else ""
            return CannotConnect(f"{where} closed the connection.{also}", code="closed")
        if isinstance(cause, OSError) and cause.errno in UNREACHABLE:
            return CannotConnect(f"There is no way to {where} from here.", code="unreachable")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything that led to it, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        led_to = [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        waiting += [other for other in led_to if other is not None]
