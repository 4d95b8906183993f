"""Why a connection failed, in words that say what to do (pure)."""

import errno
import re
import ssl
from collections.abc import Iterator, Mapping

from core.words import gettext as _
from core.words import gettext_noop
from models_registry.providers.base import CannotConnect
from models_registry.providers.exchange import Outgoing

SECRET_HEADERS = {"authorization", "x-api-key"}
SHOWN = 300
# Where servers of one's own usually listen, and how each is started.
USUAL_PORTS = {
    4000: gettext_noop("LiteLLM, started with litellm --config FILE"),
    8000: gettext_noop("vLLM, started with vllm serve MODEL"),
    8080: gettext_noop("llama.cpp, started with llama-server -m FILE"),
    11434: gettext_noop("Ollama, started with ollama serve"),
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
        told = _(
            "Nothing listens at %(where)s: the server is not running, or the port is another."
        ) % {"where": where}
        told, code = told + _usual_server(outgoing.port), "refused"
    elif isinstance(cause, ssl.SSLCertVerificationError):
        told = _("The TLS certificate of %(host)s is not trusted: %(problem)s.") % {
            "host": outgoing.host,
            "problem": cause.verify_message,
        }
        code = "certificate"
    elif isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
        told = _("%(where)s does not speak TLS: its address probably begins with http://.") % {
            "where": where
        }
        code = "no_tls"
    elif isinstance(cause, ConnectionResetError):
        return _closed(where, outgoing)
    elif isinstance(cause, OSError) and cause.errno in UNREACHABLE:
        told, code = _("There is no way to %(where)s from here.") % {"where": where}, "unreachable"
    return CannotConnect(told, code=code) if told else None


def _told_by_the_client(told: str, where: str, outgoing: Outgoing) -> CannotConnect:
    # Ended without a word: as by a server that is spoken TLS to and knows none.
    if not told or CLOSED.search(told):
        return _closed(where, outgoing)
    if NO_HTTP.search(told):
        return CannotConnect(
            _(
                "What answers at %(where)s does not speak HTTP: another service has this port, or"
                " its address begins with %(scheme)s://."
            )
            % {"where": where, "scheme": _other_scheme(outgoing)},
            code="no_http",
        )
    return CannotConnect(
        shown(_("The connection failed: %(told)s") % {"told": told}, outgoing.headers)
    )


def _closed(where: str, outgoing: Outgoing) -> CannotConnect:
    told = _(
        "%(where)s closed the connection: another service may have this port, or its address begins"
        " with %(scheme)s://."
    )
    scheme = _other_scheme(outgoing)
    return CannotConnect(told % {"where": where, "scheme": scheme}, code="closed")


def _other_scheme(outgoing: Outgoing) -> str:
    return "http" if outgoing.secure else "https"


def _usual_server(port: int) -> str:
    usual = USUAL_PORTS.get(port)
    return " " + _("Usually it is that of %(server)s.") % {"server": _(usual)} if usual else ""


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
