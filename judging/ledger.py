"""Merkle roots, and the chain over them (pure).

Leaves and inner nodes are hashed with different first bytes, so that none can stand for the other
(RFC 6962, section 2.1).
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any

from core.canonical import canonical_json

Ranges = Sequence[Sequence[int]]


def leaf(content: Any) -> bytes:
    """Return the hash of one row, given as plain JSON values."""
    return hashlib.sha256(b"\x00" + canonical_json(content).encode()).digest()


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Return the root over the leaves in their order, as 64 hexadecimal digits; of none, of nothing."""
    level = list(leaves)
    if not level:
        return hashlib.sha256().hexdigest()
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        # An odd one out goes up as it is.
        level = [
            hashlib.sha256(b"\x01" + b"".join(pair)).digest() if len(pair) > 1 else pair[0]
            for pair in pairs
        ]
    return level[0].hex()


def chained(before: str, *, number: int, root: str) -> str:
    """Return the chain's next link: it depends on all roots so far."""
    return hashlib.sha256(f"{before} {number} {root}".encode()).hexdigest()


def sealed(chain: str, *, secret: str) -> str:
    """Return the HMAC of a link under a secret."""
    return hmac.digest(secret.encode(), f"audit {chain}".encode(), "sha256").hex()


def ranges_of(ids: Iterable[int]) -> list[list[int]]:
    """Return sorted ids as [first, last] of each run without a gap."""
    found: list[list[int]] = []
    for one in ids:
        if found and one == found[-1][1] + 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return found


def is_within(one: int, ranges: Ranges) -> bool:
    return any(first <= one <= last for first, last in ranges)
