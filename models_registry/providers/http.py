"""HTTP as every provider makes it: one checked connection, one capped answer, one deadline."""

import asyncio
import contextlib
import email.utils
import json
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from core.strict_json import UnstorableText, strict_json
from core.words import gettext as _
from core.words import gettext_noop
from models_registry.providers import base
from models_registry.providers.addresses import address_problem, is_address
from models_registry.providers.exchange import Incoming, Outgoing, Transport
from models_registry.providers.failures import shown

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
Resolver = Callable[[str, int], Awaitable[list[str]]]
NAMES_LIVE_SECONDS = 60.0
NOBODY_THERE = ("refused", "unreachable")  # codes of `failed_connection`: nothing was sent
MANY = 32  # calls in flight above which httpx is the slower client
DURATION = r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
# Far beyond what any model reads or writes at once; a count that is larger tells nothing.
MOST_TOKENS_OF_A_CALL = 100_000_000
# What tells how many calls are left, and when there will be more.
LIMIT_HEADERS = tuple(
    pair
    for kind in ("requests", "tokens")
    for pair in (
        (f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"),
        (f"anthropic-ratelimit-{kind}-remaining", f"anthropic-ratelimit-{kind}-reset"),
    )
)
REFUSAL_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}
REFUSALS = re.compile(
    r"unsupported (?:parameter|value)|not supported with this model|does not support|unrecognized"
    r"|extra inputs are not permitted|unexpected keyword|unknown (?:parameter|field)",
    re.IGNORECASE,
)
NO_SUCH_KEY = b'"no_db_connection"'  # LiteLLM without a database, which knows its master key only
NO_SUCH_MODEL = re.compile(
    rb"invalid model name|unknown model"
    rb"|\bmodel\b(?:(?!\. )[^\"]){0,100}(?:not found|does not exist)",
    re.IGNORECASE,
)
SETTING_NAME = re.compile(r"['\"`]?\b([a-z]+(?:_[a-z]+)+|temperature|seed|stop|logprobs)\b['\"`]?")
CREDIT_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
SIGN_IN = "sign_in"  # the code of what wants people to sign in where an API is expected
SIGN_IN_PAGE = re.compile(r"\b(?:log-?in|sign-?in|sso|saml2?|oauth2?)\b", re.IGNORECASE)
BEHIND_SIGN_IN = (
    base.Denied,
    gettext_noop(
        "Something in the endpoint's place wants a sign-in: enter an address of the API itself."
    ),
)
DENIED = (base.Denied, gettext_noop("The endpoint refused the key: set a valid one."))
NOT_THERE = (
    base.NotThere,
    gettext_noop(
        "The endpoint knows no such address or model: check the base URL (often /v1) and name."
    ),
)
BUSY = (base.Unavailable, gettext_noop("The endpoint is not available now."))
ERRORS: Mapping[int, tuple[type[base.ProviderError], str]] = {
    401: DENIED,
    402: (base.OutOfCredit, gettext_noop("The account has no credit left: top it up.")),
    403: DENIED,
    404: NOT_THERE,
    405: NOT_THERE,  # something is there, and takes no questions
    408: BUSY,
    409: BUSY,
    425: BUSY,
    429: (base.RateLimited, gettext_noop("The endpoint asks for fewer requests.")),
}
ERRORS_OF_HUNDRED: Mapping[int, tuple[type[base.ProviderError], str]] = {
    1: (base.BadReply, gettext_noop("The endpoint sent no final answer.")),
    3: (
        base.Redirected,
        gettext_noop("The endpoint redirects, which is not followed: enter the final base URL."),
    ),
    4: (base.Rejected, gettext_noop("The endpoint rejected the request.")),
    5: BUSY,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's JSON object, and what the connection told about it."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]
    first_byte_ms: int
    latency_ms: int


@dataclass(frozen=True, slots=True)
class Events:
    """A stream's events, and what the connection told about it."""

    status: int
    events: list[dict[str, Any]]
    headers: Mapping[str, str]
    first_byte_ms: int
    latency_ms: int


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, in the resolver's order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedClient:
    """One endpoint's client: resolves once, checks the address, and connects to exactly that address.

    Host header and TLS name stay those of the host. A name that is public when checked and
    private when connected to (DNS rebinding) finds no second lookup to answer.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        base_url: str,
        headers: Mapping[str, str],
        private_hosts: Collection[str],
        resolver: Resolver = resolve,
    ) -> None:
        parts = urlsplit(base_url)
        self._transport = transport
        self._scheme, self._path = parts.scheme, parts.path
        self._host = parts.hostname or ""
        self._port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        self._private = {name.lower() for name in private_hosts}
        self._resolver = resolver
        self._checked_at = 0.0
        self._origins: list[str] = []  # scheme, checked address and port; the next to call first
        self.headers = {
            "Host": parts.netloc,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "preferendum",
            **headers,
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def exchange(
        self, method: str, path: str, content: bytes = b"", *, deadline: float
    ) -> Incoming:
        """Send a body to a path below the base URL, and return the answer, whatever its status.

        Raises the `ProviderError` that fits: all of it, resolving, connecting and reading
        included, ends after `deadline` seconds.
        """
        try:
            async with asyncio.timeout(deadline):
                if not self._origins or time.monotonic() - self._checked_at > NAMES_LIVE_SECONDS:
                    await self._check()
                return await self._exchange(method, path, content)
        except TimeoutError as error:
            raise base.TimedOut(
                _("No complete answer within %(deadline)s s.") % {"deadline": f"{deadline:g}"}
            ) from error

    async def _exchange(self, method: str, path: str, content: bytes) -> Incoming:
        """Call the first of the host's addresses at which somebody listens; it stays the first.

        Of the two that localhost has, a server often listens at one. Nothing was sent to the other.
        """
        origins = self._origins
        for at, origin in enumerate(origins):
            outgoing = Outgoing(
                method=method,
                url=f"{origin}{self._path}{path}",
                host=self._host,
                port=self._port,
                headers=self.headers,
                content=content,
            )
            try:
                answer = await self._transport.exchange(outgoing)
            except base.CannotConnect as error:
                if error.code not in NOBODY_THERE or at == len(origins) - 1:
                    raise
            else:
                if at:
                    self._origins = [origin, *(one for one in origins if one != origin)]
                return answer
        raise AssertionError("a checked host has an address")

    async def _check(self) -> None:
        found = await self._addresses(self._host, self._port)
        literals = [f"[{one}]" if ":" in one else one for one in found]
        self._origins = [f"{self._scheme}://{one}:{self._port}" for one in literals]
        self._checked_at = time.monotonic()

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = [host] if is_address(host) else await self._resolver(host, port)
        except OSError as error:
            raise base.CannotConnect(
                _("The host name %(host)s cannot be resolved; check the base URL.")
                % {"host": host},
                code="dns",
            ) from error
        if not found:
            raise base.CannotConnect(
                _("The host name %(host)s has no address; check the base URL.") % {"host": host}
            )
        if host.lower() not in self._private:
            # All of them: choosing the one good address would leave the choice to the resolver.
            for address in found:
                if problem := address_problem(address):
                    raise base.AddressRefused(
                        _("%(host)s leads to an address that may not be called: %(problem)s.")
                        % {"host": host, "problem": problem}
                    )
        return found


def make_client(
    *,
    base_url: str,
    headers: Mapping[str, str],
    private_hosts: Collection[str],
    in_flight: int = 1,
    transport: Transport | None = None,
    resolver: Resolver = resolve,
) -> CheckedClient:
    """Return a client of one endpoint that follows nothing and trusts nothing of its environment.

    `in_flight` is the most calls it will have under way at once.
    """
    return CheckedClient(
        transport or _transport(secure=base_url.startswith("https:"), in_flight=in_flight),
        base_url=base_url,
        headers=headers,
        private_hosts=private_hosts,
        resolver=resolver,
    )


def _transport(*, secure: bool, in_flight: int) -> Transport:
    # Imported with the first call: each takes a quarter of a second.
    if in_flight > MANY:
        from models_registry.providers.aiohttp_transport import AiohttpTransport

        return AiohttpTransport(secure=secure)
    from models_registry.providers.httpx_transport import HttpxTransport

    return HttpxTransport(secure=secure)


async def post_json(
    client: CheckedClient, path: str, payload: Mapping[str, Any], *, deadline: float
) -> Reply:
    """Send `payload` and return the JSON object that came back. Raises `ProviderError`."""
    return _reply(await client.exchange("POST", path, _body(payload), deadline=deadline), client)


async def get_json(client: CheckedClient, path: str, *, deadline: float) -> Reply:
    """Return the JSON object at `path`. Raises as `post_json` does."""
    return _reply(await client.exchange("GET", path, deadline=deadline), client)


def _body(payload: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(payload).encode()


def _reply(answer: Incoming, client: CheckedClient) -> Reply:
    if not _is_success(answer):
        raise _error_of(answer, client)
    return Reply(
        status=answer.status,
        body=json_object(answer.body, client),
        headers=answer.headers,
        first_byte_ms=answer.first_byte_ms,
        latency_ms=answer.latency_ms,
    )


async def post_for_events(
    client: CheckedClient, path: str, payload: Mapping[str, Any], *, deadline: float
) -> Events:
    """Send `payload` and return the JSON objects of the event stream that came back.

    The stream was read to its end before anything is made of it: what breaks off is no answer.
    Raises as `post_json` does.
    """
    answer = await client.exchange("POST", path, _body(payload), deadline=deadline)
    if not _is_success(answer):
        raise _error_of(answer, client)
    if "text/event-stream" not in answer.headers.get("content-type", ""):
        json_object(answer.body, client)  # tells a web page and an error body from other garbage
        raise base.BadReply(_("The endpoint was asked for a stream and sent something else."))
    return Events(
        status=answer.status,
        events=_events(answer.body, client),
        headers=answer.headers,
        first_byte_ms=answer.first_byte_ms,
        latency_ms=answer.latency_ms,
    )


def _is_success(answer: Incoming) -> bool:
    return answer.status // 100 == 2  # noqa: PLR2004 - HTTP's class of success


def _events(raw: bytes, client: CheckedClient) -> list[dict[str, Any]]:
    """Return the data of each event; `[DONE]` is told as {"done": True}."""
    events = []
    for line in raw.replace(b"\r\n", b"\n").split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        events.append({"done": True} if data == b"[DONE]" else json_object(data, client))
    return events


def json_object(raw: bytes, client: CheckedClient) -> dict[str, Any]:
    try:
        body = strict_json(raw)
    except UnstorableText as error:
        raise base.Unstorable(
            _("The answer cannot be stored: %(error)s.") % {"error": error}
        ) from error
    except ValueError as error:
        told = _("The answer is not JSON: %(problem)s.") % {
            "problem": shown(str(error), client.headers)
        }
        if raw.lstrip()[:1] == b"<":
            told += " " + _("It looks like a web page: is this the base URL of an API?")
        raise base.BadReply(told) from error
    if not isinstance(body, dict):
        raise base.BadReply(
            _("The answer is a JSON %(kind)s, not an object.") % {"kind": type(body).__name__}
        )
    if isinstance(body.get("error"), (dict, str)) and body["error"]:
        raise base.BadReply(
            _("The endpoint answered with an error: %(told)s") % {"told": _told(raw, client)}
        )
    return body


def _error_of(answer: Incoming, client: CheckedClient) -> base.ProviderError:
    status, raw = answer.status, answer.body
    code = SIGN_IN if _wants_sign_in(answer) else error_code(raw)
    kind, meaning = _error_class(_meant_status(answer), code)
    meaning = _(meaning)
    if to := answer.headers.get("location", ""):
        meaning += " " + _("It leads to %(address)s.") % {"address": shown(to, client.headers)}
    said = _("(HTTP %(status)s) It said: %(told)s")
    return kind(
        f"{meaning} {said % {'status': status, 'told': _told(raw, client)}}",
        status=status,
        code=code,
        retry_after=retry_after(answer.headers) or asked_rest(answer.headers),
        parameter=refused_parameter(raw) if status in {400, 422} else "",
    )


def _meant_status(answer: Incoming) -> int:
    """Return the status that an error means: proxies answer 400 to wrong keys and models as well."""
    if answer.status != 400:  # noqa: PLR2004 - HTTP's bad request
        return answer.status
    head = answer.body[:4096]
    if NO_SUCH_KEY in head:
        return 401
    return 404 if NO_SUCH_MODEL.search(head) else 400


def _wants_sign_in(answer: Incoming) -> bool:
    """Say whether a proxy, or a page for people, stands before the endpoint."""
    if answer.status in {401, 403}:
        return answer.body.lstrip()[:1] == b"<"
    leads_to = answer.headers.get("location", "") if answer.status // 100 == 3 else ""  # noqa: PLR2004 - a redirect
    return answer.status == 407 or bool(SIGN_IN_PAGE.search(leads_to))  # noqa: PLR2004 - a proxy's 401


def _error_class(status: int, code: str) -> tuple[type[base.ProviderError], str]:
    if code == SIGN_IN:
        return BEHIND_SIGN_IN
    if code in CREDIT_CODES:
        return ERRORS[402]
    return ERRORS.get(status) or ERRORS_OF_HUNDRED.get(status // 100, ERRORS_OF_HUNDRED[1])


def error_code(raw: bytes) -> str:
    """Return the code inside an error body of the usual shapes, or the empty string."""
    with contextlib.suppress(ValueError):
        error = strict_json(raw)
        error = error.get("error", error) if isinstance(error, dict) else {}
        code = error.get("code") or error.get("type") if isinstance(error, dict) else ""
        return code if isinstance(code, str) else ""
    return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a Retry-After header asks for; a date counts from the answer's own."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
        sent = email.utils.parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - sent).total_seconds())
    except (TypeError, ValueError):
        return None


def asked_rest(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until a used-up limit of the endpoint's is refilled, None if none is.

    Read are OpenAI's `x-ratelimit-remaining-requests` and `-reset-requests` (such as 6m0s, 20ms, or
    plain seconds), the same for tokens, and Anthropic's `anthropic-ratelimit-requests-remaining`
    and `-reset` (a moment).
    """
    rests = [
        _until(headers.get(reset, "").strip(), headers)
        for left, reset in LIMIT_HEADERS
        if headers.get(left, "").strip() == "0"
    ]
    return max((rest for rest in rests if rest is not None), default=None)


def _until(reset: str, headers: Mapping[str, str]) -> float | None:
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", reset):
        return float(reset)
    if reset and (parts := re.fullmatch(DURATION, reset)):
        hours, minutes, seconds, thousandths = (float(part or 0) for part in parts.groups())
        return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
    try:
        moment = datetime.fromisoformat(reset)
        sent = email.utils.parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (moment - sent).total_seconds())
    except (TypeError, ValueError):
        return None


def refused_parameter(raw: bytes) -> str:
    """Return the setting that an error body says the model does not take, or the empty string."""
    with contextlib.suppress(ValueError):
        error = strict_json(raw)
        error = error.get("error", error) if isinstance(error, dict) else {}
        if not isinstance(error, dict):
            return ""
        message, code, named = (str(error.get(key) or "") for key in ("message", "code", "param"))
        if code not in REFUSAL_CODES and not REFUSALS.search(message):
            return ""
        found = SETTING_NAME.search(message)
        return named or (found[1] if found else "")
    return ""


def _told(raw: bytes, client: CheckedClient) -> str:
    """Return the message inside an error body, or its beginning, fit to be shown and stored."""
    text = raw[:4096].decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        body = strict_json(raw)
        error = body.get("error", body) if isinstance(body, dict) else body
        message = error.get("message") if isinstance(error, dict) else error
        text = message if isinstance(message, str) and message else text
    return shown(text, client.headers)


def short_text(value: Any, longest: int = 200) -> str:
    """Return a text of the answer cut to its column, and the empty string for anything else."""
    return value[:longest] if isinstance(value, str) else ""


def token_count(value: Any) -> int | None:
    """Return a count of tokens, or None for what no call can have taken."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < MOST_TOKENS_OF_A_CALL else None
