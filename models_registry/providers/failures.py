"""Why a connection failed, in words that say what to do (pure)."""

import errno
import ssl
from collections.abc import Iterator, Mapping

from models_registry.providers.base import CannotConnect
from models_registry.providers.exchange import Outgoing

SECRET_HEADERS = {"authorization", "x-api-key"}
SHOWN = 300
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


def failed_connection(
    error: Exception, outgoing: Outgoing, *, says_nothing: type[Exception]
) -> CannotConnect:
    """Return the failure of a connection, with the cause where that is known.

    Codes: `refused`, `certificate`, `no_tls`, `closed`, `unreachable`. The client's own errors, of
    class `says_nothing`, are of the classes looked for as well; what led to them tells.
    """
    host, where = outgoing.host, f"{outgoing.host}:{outgoing.port}"
    for cause in _causes(error):
        if isinstance(cause, says_nothing):
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
            break
        if isinstance(cause, OSError) and cause.errno in UNREACHABLE:
            return CannotConnect(f"There is no way to {where} from here.", code="unreachable")
    else:
        if str(error):
            return CannotConnect(shown(f"The connection failed: {error}", outgoing.headers))
    # Reset, or ended without a word: as by a server that is spoken TLS to and knows none.
    also = "https://" if not outgoing.secure else "http://"
    return CannotConnect(
        f"{where} closed the connection. Its address may begin with {also}.", code="closed"
    )


def shown(text: str, headers: Mapping[str, str]) -> str:
    """Drop control characters and every secret that a request's headers carried, then shorten."""
    for name, value in headers.items():
        secret = value.removeprefix("Bearer ") if name.lower() in SECRET_HEADERS else ""
        if secret:
            text = text.replace(secret, "[key]")
    text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())[:SHOWN] or "(nothing)"


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
