"""The one door to the network: a request goes to a checked address, and a whole answer comes back.

aiohttp is spoken to directly: with hundreds of calls in flight, each layer above it took as long as
the call. Nothing else imports it, and this module is imported with the first call: it takes a
quarter of a second.
"""

import ssl
import time

import aiohttp

from models_registry.providers import base
from models_registry.providers.exchange import MOST_BYTES, Incoming, Outgoing
from models_registry.providers.failures import connection_failure, shown

CONNECT_SECONDS = 15.0
# Servers close idle connections too; a shorter life here meets fewer closed ones.
IDLE_SECONDS = 15.0


class HttpTransport:
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
                body = await _read_capped(response)
        except aiohttp.ServerTimeoutError as error:
            raise base.TimedOut("The endpoint was not reached in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error, outgoing) from error
        return Incoming(
            status=response.status,
            headers=response.headers,
            body=body,
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


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    # A compressed body was not asked for; unpacking one would spoil the cap.
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise base.BadReply("The endpoint sent a compressed body that nobody asked for.")
    chunks: list[bytes] = []
    total = 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        total += len(chunk)
        if total > MOST_BYTES:
            raise base.BadReply(f"The answer is longer than {MOST_BYTES // 1024} KiB.")
    return b"".join(chunks)


def _failure(error: Exception, outgoing: Outgoing) -> base.CannotConnect:
    known = connection_failure(
        error,
        outgoing.host,
        outgoing.port,
        secure=outgoing.secure,
        says_nothing=aiohttp.ClientError,
    )
    reason = f"The connection failed: {str(error) or type(error).__name__}"
    return known or base.CannotConnect(shown(reason, outgoing.headers))
