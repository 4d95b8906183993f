"""HTTP as every provider makes it: one checked connection, one capped answer, one deadline."""

import asyncio
import contextlib
import email.utils
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from core.strict_json import UnstorableText, strict_json
from models_registry.providers import base
from models_registry.providers.addresses import address_problem, is_address
from models_registry.providers.failures import connection_failure

Resolver = Callable[[str, int], Awaitable[list[str]]]
MOST_BYTES = 2 * 1024 * 1024
NAMES_LIVE_SECONDS = 60.0
CONNECT_SECONDS = 15.0
IDLE_SECONDS = (
    15.0  # servers close idle connections too; a shorter life here meets fewer closed ones
)
DURATION = r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
REFUSAL_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}
REFUSALS = re.compile(
    r"unsupported (?:parameter|value)|not supported with this model|does not support|unrecognized"
    r"|extra inputs are not permitted|unexpected keyword|unknown (?:parameter|field)",
    re.IGNORECASE,
)
SETTING_NAME = re.compile(r"['\"`]?\b([a-z]+(?:_[a-z]+)+|temperature|seed|stop|logprobs)\b['\"`]?")
CREDIT_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
DENIED = (base.Denied, "The endpoint refused the key: set a valid one.")
BUSY = (base.Unavailable, "The endpoint is not available now.")
ERRORS: Mapping[int, tuple[type[base.ProviderError], str]] = {
    401: DENIED,
    402: (base.OutOfCredit, "The account has no credit left: top it up."),
    403: DENIED,
    404: (
        base.NotThere,
        "The endpoint knows no such address or model: check the base URL (often /v1) and name.",
    ),
    408: BUSY,
    409: BUSY,
    425: BUSY,
    429: (base.RateLimited, "The endpoint asks for fewer requests."),
}
ERRORS_OF_HUNDRED: Mapping[int, tuple[type[base.ProviderError], str]] = {
    1: (base.BadReply, "The endpoint sent no final answer."),
    3: (
        base.Redirected,
        "The endpoint redirects, which is not followed: enter the final base URL.",
    ),
    4: (base.Rejected, "The endpoint rejected the request."),
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
    private when connected to (DNS rebinding) finds no second lookup to answer. It speaks to the
    transport itself: what httpx's own client adds (redirects, cookies, proxies, merged URLs) is
    unwanted here, and took half of a call's time.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        base_url: str,
        headers: Mapping[str, str],
        private_hosts: Collection[str],
        resolver: Resolver = resolve,
    ) -> None:
        self._transport = transport
        self.base_url = httpx.URL(base_url)
        self._private = {name.lower() for name in private_hosts}
        self._resolver = resolver
        self._checked_at = 0.0
        self._checked: httpx.URL | None = None
        self._urls: dict[str, httpx.URL] = {}
        self.headers = httpx.Headers(
            {
                "Host": self.base_url.netloc.decode("ascii"),
                "Accept": "*/*",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": "preferendum",
                **headers,
            }
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._transport.aclose()

    @contextlib.asynccontextmanager
    async def send(self, method: str, path: str, content: bytes) -> AsyncIterator[httpx.Response]:
        """Send a body to a path below the base URL; the response has still to be read."""
        request = httpx.Request(
            method,
            await self._url(path),
            headers=self.headers,
            content=content,
            extensions={
                "sni_hostname": self.base_url.host,
                "timeout": {"connect": CONNECT_SECONDS},
            },
        )
        response = await self._transport.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()

    async def _url(self, path: str) -> httpx.URL:
        if self._checked is None or time.monotonic() - self._checked_at > NAMES_LIVE_SECONDS:
            port = self.base_url.port or {"https": 443, "http": 80}[self.base_url.scheme]
            self._checked = self.base_url.copy_with(
                host=await self._address(self.base_url.host, port)
            )
            self._checked_at = time.monotonic()
            self._urls = {}
        if path not in self._urls:
            self._urls[path] = self._checked.copy_with(path=self.base_url.path + path)
        return self._urls[path]

    async def _address(self, host: str, port: int) -> str:
        try:
            found = [host] if is_address(host) else await self._resolver(host, port)
        except OSError as error:
            raise base.CannotConnect(
                f"The host name {host} cannot be resolved; check the base URL.", code="dns"
            ) from error
        if not found:
            raise base.CannotConnect(f"The host name {host} has no address; check the base URL.")
        if host.lower() not in self._private:
            # All of them: choosing the one good address would leave the choice to the resolver.
            for address in found:
                if problem := address_problem(address):
                    raise base.AddressRefused(
                        f"{host} leads to an address that may not be called: {problem}."
                    )
        return found[0]


def make_client(
    *,
    base_url: str,
    headers: Mapping[str, str],
    private_hosts: Collection[str],
    transport: httpx.AsyncBaseTransport | None = None,
    resolver: Resolver = resolve,
) -> CheckedClient:
    """Return a client of one endpoint that follows nothing and trusts nothing of its environment."""
    return CheckedClient(
        transport or _transport(base_url),
        base_url=base_url,
        headers=headers,
        private_hosts=private_hosts,
        resolver=resolver,
    )


def _transport(base_url: str) -> httpx.AsyncBaseTransport:
    secure = ssl.create_default_context() if base_url.startswith("https:") else True

    def session() -> aiohttp.ClientSession:
        # The drain bounds the calls; a limit here would only hide calls that wait in a queue.
        connector = aiohttp.TCPConnector(limit=0, ssl=secure, keepalive_timeout=IDLE_SECONDS)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            # The whole call has its deadline in `_within`.
            timeout=aiohttp.ClientTimeout(),
        )

    return AiohttpTransport(client=session, trust_env=False)


async def post_json(
    client: CheckedClient, path: str, payload: Mapping[str, Any], *, deadline: float
) -> Reply:
    """Send `payload` and return the JSON object that came back, whatever its status below 300.

    Raises the `ProviderError` that fits: all of it, connecting and reading included, ends after
    `deadline` seconds.
    """
    async with _within(deadline, client):
        return await _exchange(client, "POST", path, _body(payload))


async def get_json(client: CheckedClient, path: str, *, deadline: float) -> Reply:
    """Return the JSON object at `path`. Raises as `post_json` does."""
    async with _within(deadline, client):
        return await _exchange(client, "GET", path, b"")


def _body(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()


@contextlib.asynccontextmanager
async def _within(deadline: float, client: CheckedClient) -> AsyncIterator[None]:
    """Turn whatever a connection may raise into the `ProviderError` that fits."""
    try:
        async with asyncio.timeout(deadline):
            yield
    except TimeoutError as error:
        raise base.TimedOut(f"No complete answer within {deadline:g} s.") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, aiohttp.ClientError) as error:
        # The transport calls every lost connection a timeout.
        if isinstance(error.__cause__ or error, (TimeoutError, httpx.TimeoutException)):
            raise base.TimedOut("The endpoint was not reached in time.") from error
        known = connection_failure(error, client.base_url)
        raise known or base.CannotConnect(_clean(_reason(error), client)) from error


async def _exchange(client: CheckedClient, method: str, path: str, content: bytes) -> Reply:
    started = time.monotonic()
    async with client.send(method, path, content) as response:
        first_byte = time.monotonic()
        raw = await _read_capped(response)
    if not response.is_success:
        raise _error_of(response, raw, client)
    return Reply(
        status=response.status_code,
        body=json_object(raw, client),
        headers=response.headers,
        first_byte_ms=round((first_byte - started) * 1000),
        latency_ms=round((time.monotonic() - started) * 1000),
    )


async def post_for_events(
    client: CheckedClient, path: str, payload: Mapping[str, Any], *, deadline: float
) -> Events:
    """Send `payload` and return the JSON objects of the event stream that came back.

    The stream is read to its end before anything is made of it: what breaks off is no answer.
    Raises as `post_json` does.
    """
    started = time.monotonic()
    async with _within(deadline, client), client.send("POST", path, _body(payload)) as response:
        first_byte: float | None = None
        chunks: list[bytes] = []
        async for chunk in _capped(response):
            first_byte = first_byte or time.monotonic()
            chunks.append(chunk)
        raw = b"".join(chunks)
        if not response.is_success:
            raise _error_of(response, raw, client)
    if "text/event-stream" not in response.headers.get("content-type", ""):
        json_object(raw, client)  # tells a web page and an error body from other garbage
        raise base.BadReply("The endpoint was asked for a stream and sent something else.")
    return Events(
        status=response.status_code,
        events=_events(raw, client),
        headers=response.headers,
        first_byte_ms=round(((first_byte or time.monotonic()) - started) * 1000),
        latency_ms=round((time.monotonic() - started) * 1000),
    )


def _events(raw: bytes, client: CheckedClient) -> list[dict[str, Any]]:
    """Return the data of each event; `[DONE]` is told as {"done": True}."""
    events = []
    for line in raw.replace(b"\r\n", b"\n").split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        events.append({"done": True} if data == b"[DONE]" else json_object(data, client))
    return events


async def _read_capped(response: httpx.Response) -> bytes:
    return b"".join([chunk async for chunk in _capped(response)])


async def _capped(response: httpx.Response) -> AsyncIterator[bytes]:
    # A compressed body was not asked for; unpacking one would spoil the cap.
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise base.BadReply("The endpoint sent a compressed body that nobody asked for.")
    total = 0
    async for chunk in response.aiter_raw():
        total += len(chunk)
        if total > MOST_BYTES:
            raise base.BadReply(f"The answer is longer than {MOST_BYTES // 1024} KiB.")
        yield chunk


def json_object(raw: bytes, client: CheckedClient) -> dict[str, Any]:
    try:
        body = strict_json(raw)
    except UnstorableText as error:
        raise base.Unstorable(f"The answer cannot be stored: {error}.") from error
    except ValueError as error:
        hint = " It looks like a web page: is this the base URL of an API?"
        page = raw.lstrip()[:1] == b"<"
        raise base.BadReply(
            f"The answer is not JSON: {_clean(str(error), client)}.{hint if page else ''}"
        ) from error
    if not isinstance(body, dict):
        raise base.BadReply(f"The answer is a JSON {type(body).__name__}, not an object.")
    if isinstance(body.get("error"), (dict, str)) and body["error"]:
        raise base.BadReply(f"The endpoint answered with an error: {_told(raw, client)}")
    return body


def _error_of(response: httpx.Response, raw: bytes, client: CheckedClient) -> base.ProviderError:
    status, code = response.status_code, error_code(raw)
    kind, sentence = _error_class(status, code)
    return kind(
        f"{sentence} (HTTP {status}) It said: {_told(raw, client)}",
        status=status,
        code=code,
        retry_after=retry_after(response.headers) or asked_rest(response.headers),
        parameter=refused_parameter(raw) if status in {400, 422} else "",
    )


def _error_class(status: int, code: str) -> tuple[type[base.ProviderError], str]:
    if code in CREDIT_CODES:
        return ERRORS[402]
    return ERRORS.get(status) or ERRORS_OF_HUNDRED[status // 100]


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
    rests = []
    for kind in ("requests", "tokens"):
        for left, reset in (
            (f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"),
            (f"anthropic-ratelimit-{kind}-remaining", f"anthropic-ratelimit-{kind}-reset"),
        ):
            if headers.get(left, "").strip() == "0":
                rests.append(_until(headers.get(reset, "").strip(), headers))
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
    return _clean(text, client)


def _clean(text: str, client: CheckedClient) -> str:
    """Drop control characters and every secret the request carried, then shorten."""
    for name in ("authorization", "x-api-key"):
        secret = client.headers.get(name, "").removeprefix("Bearer ")
        if secret:
            text = text.replace(secret, "[key]")
    text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())[:300] or "(nothing)"


def _reason(error: Exception) -> str:
    return f"The connection failed: {str(error) or type(error).__name__}"


def short_text(value: Any, longest: int = 200) -> str:
    """Return a text of the answer cut to its column, and the empty string for anything else."""
    return value[:longest] if isinstance(value, str) else ""


def token_count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 2**31 else None
