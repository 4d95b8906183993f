"""What goes out over the network and what comes back, and who carries it (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to an address that was checked: `url` holds it, `host` is the name that it stands for."""

    method: str
    url: str
    host: str
    port: int
    headers: Mapping[str, str]
    content: bytes = b""

    @property
    def secure(self) -> bool:
        return self.url.startswith("https:")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole answer; the names of its headers may be asked for in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    first_byte_ms: int = 0
    latency_ms: int = 0


class Transport(Protocol):
    """Carries requests; a test puts a function in its place."""

    async def exchange(self, outgoing: Outgoing) -> Incoming:
        """Send a request and read its answer to the end. Raises `ProviderError`."""

    async def aclose(self) -> None:
        """Close what is open."""
