"""Ask one question, and find out what was probably meant when there is no answer."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from models_registry.providers import PROVIDERS
from models_registry.providers.base import ChatRequest, ChatResult, ProviderError
from models_registry.providers.calls import Calls, Connection
from models_registry.providers.http import SIGN_IN
from models_registry.providers.pasted import vendor_of_key
from models_registry.providers.sampling import replacement_for, sent_settings

OpenCalls = Callable[[Connection], Calls]
LOOK_SECONDS = 10  # for each look around, beside the question itself
SHOWN_NAMES = 8
USUAL_PATH = "/v1"
LOOK_TOKENS = 16
TLS_WANTED = "HTTPS"  # as nginx and Go say it to who speaks plain HTTP
# Where an API of another kind, a web page or nothing is.
NOT_HERE = ("not_found", "bad_reply", "redirected")
NOBODY = (*NOT_HERE, "connection", "timeout", "address_refused")
# What a server says that is spoken to in plain HTTP and wants TLS, or the other way round.
OTHER_SCHEME = ("no_tls", "closed", "no_http")


@dataclass(frozen=True, slots=True)
class Probe:
    """What one question brought: an answer, or the exact error with what to do about it.

    `code` is the cause of a failed connection. `base_url` is another address at which the endpoint
    understands the question, and `kind` another language in which it does; `names` are models it says
    it has, likeliest first, when the one asked for is not among them. `key_of` is whose key was
    refused, where it is another vendor's; `replaced` the settings that were sent under another name,
    or not at all, for there to be an answer; `answered_as` the other model that gave it.
    """

    result: ChatResult | None
    error: str = ""
    message: str = ""
    code: str = ""
    base_url: str = ""
    kind: str = ""
    names: tuple[str, ...] = ()
    key_of: str = ""
    replaced: Mapping[str, str] = field(default_factory=dict)
    answered_as: str = ""


def ask_once(
    *, connection: Connection, request: ChatRequest, open_calls: OpenCalls = Calls
) -> Probe:
    """Ask one question; after an error that may come from a wrong address or name, look around."""
    with open_calls(connection) as calls:
        probe = _asked(calls, request)
        if probe.error in {"not_found", "rejected"}:
            names = _other_names(calls, request.model)
            if names:
                return replace(probe, names=names)
    if probe.code in OTHER_SCHEME or TLS_WANTED in probe.message:
        return replace(probe, base_url=_other_scheme(connection, request, open_calls))
    if probe.error in NOT_HERE and (found := _usual_address(connection, request, open_calls)):
        return replace(probe, base_url=found)
    if probe.error == "denied":
        host = urlsplit(connection.base_url).hostname or ""
        probe = replace(probe, key_of=vendor_of_key(connection.api_key, host=host))
    if probe.error in (*NOT_HERE, "denied") and probe.code != SIGN_IN:
        return replace(probe, kind=_other_kind(connection, request, open_calls))
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
        if _asked_at(there, request, open_calls).error not in NOBODY:
            return base_url
    return ""


def _other_scheme(connection: Connection, request: ChatRequest, open_calls: OpenCalls) -> str:
    """Return the address with the other scheme if something there speaks it.

    It is another origin, to which the key does not belong: it is asked without one. Plain HTTP is
    only tried with hosts that may be called so.
    """
    parts = urlsplit(connection.base_url)
    scheme = "http" if parts.scheme == "https" else "https"
    if scheme == "http" and parts.hostname not in connection.private_hosts:
        return ""
    base_url = parts._replace(scheme=scheme).geturl()
    there = replace(connection, base_url=base_url, api_key="", timeout_seconds=LOOK_SECONDS)
    found = _asked_at(there, request, open_calls)
    speaks = found.error != "connection" or found.code == "certificate"
    return base_url if speaks and TLS_WANTED not in found.message else ""


def _other_kind(connection: Connection, request: ChatRequest, open_calls: OpenCalls) -> str:
    """Return the kind of endpoint that this one is, if it is another; its settings are left out."""
    plain = replace(request, settings={"max_tokens": LOOK_TOKENS})
    for kind in PROVIDERS:
        there = replace(connection, kind=kind, timeout_seconds=LOOK_SECONDS)
        if kind != connection.kind and not _asked_at(there, plain, open_calls).error:
            return kind
    return ""


def _asked_at(connection: Connection, request: ChatRequest, open_calls: OpenCalls) -> Probe:
    with open_calls(connection) as calls:
        return _asked(calls, request)


def _asked(
    calls: Calls, request: ChatRequest, replaced: Mapping[str, str] = MappingProxyType({})
) -> Probe:
    """Ask, and ask again without a setting that is refused, as a run does."""
    sent = replace(request, settings=sent_settings(request.settings, replaced))
    try:
        return Probe(calls.submit(sent).result(), replaced=replaced)
    except ProviderError as error:
        if other := replacement_for(error.parameter, request.settings, replaced):
            return _asked(calls, request, {**replaced, **other})
        return Probe(None, error=error.kind, message=error.message, code=error.code)
