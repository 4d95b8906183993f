"""A few calls at a time, through httpx.

Its pool is gone through at every call, which costs nothing for a few, and most of the time where
hundreds are in flight: those go through aiohttp.
"""

import ssl
import time

import httpx

from core.words import gettext as _
from models_registry.providers.base import BadReply, TimedOut
from models_registry.providers.exchange import (
    CONNECT_SECONDS,
    IDLE_SECONDS,
    Body,
    Incoming,
    Outgoing,
)
from models_registry.providers.failures import failed_connection


class HttpxTransport:
    """The connections of one endpoint, opened in the event loop that first uses them.

    It speaks to httpx's transport: redirects, cookies and what the environment says are the
    business of a client above it, and unwanted here.
    """

    def __init__(self, *, secure: bool) -> None:
        self._transport = httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context() if secure else False,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=IDLE_SECONDS),
        )

    async def exchange(self, outgoing: Outgoing) -> Incoming:
        """Send a request and read its answer to the end. Raises `ProviderError`."""
        request = httpx.Request(
            outgoing.method,
            outgoing.url,
            headers=outgoing.headers,
            content=outgoing.content,
            extensions={
                "sni_hostname": outgoing.host,
                "timeout": {"connect": CONNECT_SECONDS},
            },
        )
        started = time.monotonic()
        try:
            response = await self._transport.handle_async_request(request)
            try:
                first_byte = time.monotonic()
                body = Body(response.headers.get("content-encoding", ""))
                async for chunk in response.aiter_raw():
                    body.add(chunk)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise TimedOut(_("The endpoint was not reached in time.")) from error
        except httpx.HTTPError as error:
            raise failed_connection(error, outgoing, says_nothing=httpx.HTTPError) from error
        except (httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise BadReply(_("The endpoint sent something that is not HTTP.")) from error
        return Incoming(
            status=response.status_code,
            headers=response.headers,
            body=body.whole(),
            first_byte_ms=round((first_byte - started) * 1000),
            latency_ms=round((time.monotonic() - started) * 1000),
        )

    async def aclose(self) -> None:
        await self._transport.aclose()
