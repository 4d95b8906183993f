"""Columns of names to codes: quickly for Arrow and pandas columns and long lists, else one by one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONG = 10_000  # from here on Arrow's dictionary encoding is worth importing it


def encode(labels: Sequence[Any]) -> tuple[list[Any], NDArray[np.int32]]:
    """Return the distinct labels, in the order in which they are met, and codes (n,) into them."""
    if len(labels) >= LONG:
        encoded = _encoded(labels)
        if encoded is not None:
            return encoded
    position: dict[Any, int] = {}
    codes = [position.setdefault(label, len(position)) for label in labels]
    return list(position), np.array(codes, dtype=np.int32)


def _encoded(labels: Sequence[Any]) -> tuple[list[Any], NDArray[np.int32]] | None:
    """Return what Arrow makes of the labels; None for what is not all texts."""
    import pyarrow as pa

    try:
        column: Any = pa.array(labels) if not hasattr(labels, "dictionary_encode") else labels
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return None
        column = column.dictionary_encode()
    if column.null_count:
        return None
    names = column.dictionary.to_pylist()
    codes = column.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return names, codes
