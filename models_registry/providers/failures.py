"""Why a connection failed, in words that say what to do (pure)."""

import errno
import re
import ssl
from collections.abc import Iterator, Mapping

from models_registry.providers.base import CannotConnect
from models_registry.providers.exchange import Outgoing

SECRET_HEADERS = {"authorization", "x-api-key"}
SHOWN = 300
# Where servers of one's own usually listen, and how each is started.
USUAL_PORTS = {
    4000: "LiteLLM, started with litellm --config FILE",
    8000: "vLLM, started with vllm serve MODEL",
    8080: "llama.cpp, started with llama-server -m FILE",
    11434: "Ollama, started with ollama serve",
}
# The clients' own words, where no cause of the operating system came with them.
CLOSED = re.compile(r"disconnected|^(?:Read|Write)Error$", re.IGNORECASE)
NO_HTTP = re.compile(
    r"illegal|invalid|bad status line|bad http|expected http|400, message", re.IGNORECASE
)
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


def failed_connection(
    error: Exception, outgoing: Outgoing, *, says_nothing: type[Exception]
) -> CannotConnect:
    """Return the failure of a connection, with the cause where that is known.

    Codes: `refused`, `certificate`, `no_tls`, `closed`, `unreachable`, `no_http`. The client's own
    errors, of class `says_nothing`, are of the classes looked for as well; what led to them tells.
    """
    where = f"{outgoing.host}:{outgoing.port}"
    causes = (cause for cause in _causes(error) if not isinstance(cause, says_nothing))
    known = (_known(cause, where, outgoing) for cause in causes)
    found = next((one for one in known if one), None)
    return found or _told_by_the_client(str(error), where, outgoing)


def _known(cause: BaseException, where: str, outgoing: Outgoing) -> CannotConnect | None:
    """Return the failure that a cause stands for, None where it says nothing."""
    told = code = ""
    if isinstance(cause, ConnectionRefusedError):
        told = f"Nothing listens at {where}: the server is not running, or the port is another."
        told, code = told + _usual_server(outgoing.port), "refused"
    elif isinstance(cause, ssl.SSLCertVerificationError):
        told = f"The TLS certificate of {outgoing.host} is not trusted: {cause.verify_message}."
        code = "certificate"
    elif isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
        told = f"{where} does not speak TLS: its address probably begins with http://."
        code = "no_tls"
    elif isinstance(cause, ConnectionResetError):
        return _closed(where, outgoing)
    elif isinstance(cause, OSError) and cause.errno in UNREACHABLE:
        told, code = f"There is no way to {where} from here.", "unreachable"
    return CannotConnect(told, code=code) if told else None


def _told_by_the_client(told: str, where: str, outgoing: Outgoing) -> CannotConnect:
    # Ended without a word: as by a server that is spoken TLS to and knows none.
    if not told or CLOSED.search(told):
        return _closed(where, outgoing)
    if NO_HTTP.search(told):
        return CannotConnect(
            f"What answers at {where} does not speak HTTP: another service has this port"
            f"{_or_tls(outgoing)}.",
            code="no_http",
        )
    return CannotConnect(shown(f"The connection failed: {told}", outgoing.headers))


def _closed(where: str, outgoing: Outgoing) -> CannotConnect:
    told = f"{where} closed the connection: another service may have this port"
    return CannotConnect(f"{told}{_or_tls(outgoing)}.", code="closed")


def _or_tls(outgoing: Outgoing) -> str:
    return f", or its address begins with {'http' if outgoing.secure else 'https'}://"


def _usual_server(port: int) -> str:
    usual = USUAL_PORTS.get(port)
    return f" Usually it is that of {usual}." if usual else ""


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
