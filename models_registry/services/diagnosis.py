"""Ask one question, and find out what was probably meant when there is no answer."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from models_registry.providers.base import ChatRequest, ChatResult, ProviderError
from models_registry.providers.calls import Calls, Connection

OpenCalls = Callable[[Connection], Calls]
LOOK_SECONDS = 10  # for each look around, beside the question itself
SHOWN_NAMES = 8
USUAL_PATH = "/v1"
# Where an API of another kind, a web page or nothing is.
NOT_HERE = ("not_found", "bad_reply", "redirected")


@dataclass(frozen=True, slots=True)
class Probe:
    """What one question brought: an answer, or the exact error with what to do about it.

    `code` is the cause of a failed connection. `base_url` is another address at which the endpoint
    understands the question; `names` are models it says it has, likeliest first, when the one asked
    for is not among them.
    """

    result: ChatResult | None
    error: str = ""
    message: str = ""
    code: str = ""
    base_url: str = ""
    names: tuple[str, ...] = ()


def ask_once(
    *, connection: Connection, request: ChatRequest, open_calls: OpenCalls = Calls
) -> Probe:
    """Ask one question; after an error that may come from a wrong address or name, look around."""
    with open_calls(connection) as calls:
        try:
            return Probe(calls.submit(request).result())
        except ProviderError as error:
            probe = Probe(None, error=error.kind, message=error.message, code=error.code)
        if probe.error in {"not_found", "rejected"}:
            names = _other_names(calls, request.model)
            if names:
                return replace(probe, names=names)
    if probe.error in NOT_HERE:
        return replace(probe, base_url=_usual_address(connection, request, open_calls))
    return probe


def _other_names(calls: Calls, asked: str) -> tuple[str, ...]:
    """Return the models there are, unless the one asked for is one of them."""
    try:
        names = calls.names(LOOK_SECONDS).result()
    except ProviderError:
        return ()
    return () if asked in names else nearest(asked, names)


def nearest(asked: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return a few of the names, those that look like the one asked for first."""
    folded = asked.casefold()
    close = sorted(
        names,
        key=lambda one: -difflib.SequenceMatcher(None, folded, one.casefold()).ratio(),
    )
    return tuple(dict.fromkeys(close))[:SHOWN_NAMES]


def _usual_address(connection: Connection, request: ChatRequest, open_calls: OpenCalls) -> str:
    """Return the address ending in /v1 if something there understands the question."""
    parts = urlsplit(connection.base_url)
    if parts.path.endswith(USUAL_PATH):
        return ""
    origin = f"{parts.scheme}://{parts.netloc}"
    for base_url in dict.fromkeys((connection.base_url + USUAL_PATH, origin + USUAL_PATH)):
        there = replace(connection, base_url=base_url, timeout_seconds=LOOK_SECONDS)
        with open_calls(there) as calls:
            try:
                calls.submit(request).result()
            except ProviderError as error:
                if error.kind in (*NOT_HERE, "connection", "timeout", "address_refused"):
                    continue
            return base_url
    return ""
