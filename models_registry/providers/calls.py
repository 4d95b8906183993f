"""Calls in flight: one event loop in a thread of its own, one client, any number of calls."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from models_registry.providers import PROVIDERS, base
from models_registry.providers.http import make_client
from models_registry.providers.listing import list_names


@dataclass(frozen=True, slots=True)
class Connection:
    """All that is needed to call an endpoint; its representation never shows the key."""

    kind: str
    base_url: str
    api_key: str = field(repr=False)
    timeout_seconds: float
    max_connections: int
    private_hosts: tuple[str, ...] = ()


class Calls:
    """Lets synchronous code keep many calls in flight, and do its database work meanwhile.

    Used as a context: leaving it cancels what is still in flight and closes the connections.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        client_factory: Callable[..., httpx.AsyncClient] = make_client,
    ) -> None:
        provider = PROVIDERS[connection.kind]
        self._provider = provider(deadline=connection.timeout_seconds)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="endpoint calls", daemon=True)
        self._client = client_factory(
            base_url=connection.base_url + "/",
            headers=provider.headers(connection.api_key),
            private_hosts=connection.private_hosts,
            max_connections=connection.max_connections,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def payload(self, request: base.ChatRequest) -> dict[str, Any]:
        return self._provider.payload(request)

    def submit(self, request: base.ChatRequest) -> "Future[base.ChatResult]":
        """Begin a call; the future ends in a `ChatResult` or a `ProviderError`."""
        return asyncio.run_coroutine_threadsafe(
            self._provider.complete(self._client, request), self._loop
        )

    def names(self, deadline: float) -> "Future[list[str]]":
        """Ask which models there are; the future ends in their names or a `ProviderError`."""
        return asyncio.run_coroutine_threadsafe(
            list_names(self._client, deadline=deadline), self._loop
        )

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _close(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()
        await self._loop.shutdown_default_executor()
