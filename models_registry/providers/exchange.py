"""What goes out over the network and what comes back, and who carries it (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.words import gettext as _
from models_registry.providers.base import BadReply

MOST_BYTES = 2 * 1024 * 1024
CONNECT_SECONDS = 15.0
# Servers close idle connections too; a shorter life here meets fewer closed ones.
IDLE_SECONDS = 15.0


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


class Body:
    """An answer's body as it arrives. Raises `BadReply` for one that is compressed or too long."""

    def __init__(self, encoding: str) -> None:
        # A compressed body was not asked for; unpacking one would spoil the cap.
        if encoding.lower() not in {"", "identity"}:
            raise BadReply(_("The endpoint sent a compressed body that nobody asked for."))
        self._chunks: list[bytes] = []
        self._total = 0

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._total += len(chunk)
        if self._total > MOST_BYTES:
            raise BadReply(
                _("The answer is longer than %(most)s KiB.") % {"most": MOST_BYTES // 1024}
            )

    def whole(self) -> bytes:
        return b"".join(self._chunks)


class Transport(Protocol):
    """Carries requests; a test puts a function in its place."""

    async def exchange(self, outgoing: Outgoing) -> Incoming:
        """Send a request and read its answer to the end. Raises `ProviderError`."""

    async def aclose(self) -> None:
        """Close what is open."""
