"""Many calls at a time, through aiohttp.

It is spoken to directly: with hundreds of calls in flight, each layer above it took as long as the
call. Nothing else imports it, and this module is imported with the first call: it takes a quarter
of a second.
"""

import ssl
import time

import aiohttp

from core.words import gettext as _
from models_registry.providers.base import TimedOut
from models_registry.providers.exchange import (
    CONNECT_SECONDS,
    IDLE_SECONDS,
    Body,
    Incoming,
    Outgoing,
)
from models_registry.providers.failures import failed_connection


class AiohttpTransport:
    """The connections of one endpoint, opened in the event loop that first uses them.

    It follows no redirect, keeps no cookie, asks again for nothing, and trusts nothing of its
    environment.
    """

    def __init__(self, *, secure: bool) -> None:
        self._ssl = ssl.create_default_context() if secure else True
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, outgoing: Outgoing) -> Incoming:
        """Send a request and read its answer to the end. Raises `ProviderError`."""
        if self._session is None:
            self._session = self._open()
        started = time.monotonic()
        try:
            async with self._session.request(
                outgoing.method,
                outgoing.url,
                headers=outgoing.headers,
                data=outgoing.content or None,
                allow_redirects=False,
                server_hostname=outgoing.host if outgoing.secure else None,
            ) as response:
                first_byte = time.monotonic()
                body = Body(response.headers.get("Content-Encoding", ""))
                while chunk := await response.content.readany():
                    body.add(chunk)
        except aiohttp.ServerTimeoutError as error:
            raise TimedOut(_("The endpoint was not reached in time.")) from error
        except (aiohttp.ClientError, OSError) as error:
            raise failed_connection(error, outgoing, says_nothing=aiohttp.ClientError) from error
        return Incoming(
            status=response.status,
            headers=response.headers,
            body=body.whole(),
            first_byte_ms=round((first_byte - started) * 1000),
            latency_ms=round((time.monotonic() - started) * 1000),
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        # The drain bounds the calls; a limit here would only hide calls that wait in a queue.
        connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl, keepalive_timeout=IDLE_SECONDS)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            # A call as a whole has its deadline in `CheckedClient.exchange`.
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        )
