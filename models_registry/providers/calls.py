"""Calls in flight: one event loop in a thread of its own, one client, any number of calls."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from core.words import gettext as _
from models_registry.providers import PROVIDERS, base
from models_registry.providers.http import CheckedClient, make_client
from models_registry.providers.listing import list_names

# A call begins at most so much after the turn it was given; later it must ask for another, or
# calls that were spread over time would arrive in a heap.
LATEST_START = 0.3


@dataclass(frozen=True, slots=True)
class Connection:
    """All that is needed to call an endpoint; its representation never shows the key."""

    kind: str
    base_url: str
    api_key: str = field(repr=False)
    timeout_seconds: float
    private_hosts: tuple[str, ...] = ()
    in_flight: int = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """A call to make: `key` comes back with its outcome; `turn` is its time on the monotonic clock."""

    key: int
    payload: Mapping[str, Any]
    turn: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a planned call: a `ChatResult`, or the exception that it ended with."""

    key: int
    outcome: base.ChatResult | BaseException


class Calls:
    """Lets synchronous code keep many calls in flight, and do its database work meanwhile.

    Used as a context: leaving it cancels what is still in flight and closes the connections.
    `ended` receives the outcome of every call that `begin` began.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        client_factory: Callable[..., CheckedClient] = make_client,
    ) -> None:
        provider = PROVIDERS[connection.kind]
        self.ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._provider = provider(deadline=connection.timeout_seconds)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="endpoint calls", daemon=True)
        self._client = client_factory(
            base_url=connection.base_url + "/",
            headers=provider.headers(connection.api_key),
            private_hosts=connection.private_hosts,
            in_flight=connection.in_flight,
        )
        self._tasks: set[asyncio.Task[None]] = set()

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
        """Make one call; the future ends in a `ChatResult` or a `ProviderError`."""
        return asyncio.run_coroutine_threadsafe(
            self._provider.complete(self._client, self.payload(request)), self._loop
        )

    def names(self, deadline: float) -> "Future[list[str]]":
        """Ask which models there are; the future ends in their names or a `ProviderError`."""
        return asyncio.run_coroutine_threadsafe(
            list_names(self._client, deadline=deadline), self._loop
        )

    def begin(self, calls: Iterable[Planned]) -> None:
        """Begin many calls; each ends in `ended`, one that came too late for its turn with `MissedTurn`."""
        self._loop.call_soon_threadsafe(self._begin, list(calls))

    def _begin(self, calls: list[Planned]) -> None:
        for call in calls:
            task = self._loop.create_task(self._make(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _make(self, call: Planned) -> None:
        try:
            if call.turn is not None:
                await self._wait_for(call.turn)
            outcome: base.ChatResult | BaseException = await self._provider.complete(
                self._client, call.payload
            )
        except Exception as error:  # noqa: BLE001 - handed over to the thread that knows the row
            outcome = error
        self.ended.put(Ended(call.key, outcome))

    async def _wait_for(self, turn: float) -> None:
        await asyncio.sleep(max(0.0, turn - time.monotonic()))
        if time.monotonic() > turn + LATEST_START:
            raise base.MissedTurn(_("This process was too busy to call in time."))

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
