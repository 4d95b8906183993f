"""Canonical JSON, and the SHA-256 of it: the same content always has the same digest."""

import hashlib
import json
from typing import Any

# Made once: making one takes as long as writing a short request.
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: Any) -> str:
    """Return `value` as JSON with sorted keys, no white space and no escapes but the needed ones.

    Raises
    ------
    ValueError
        For NaN and infinities, which JSON does not have.
    """
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()
