"""Columns of names to codes: quickly for Arrow and pandas columns and long lists, else one by one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONG = 10_000  # from here on Arrow's dictionary encoding is worth importing it
MANY = 400_000  # from here on in two threads


def encode(labels: Sequence[Any]) -> tuple[list[Any], NDArray[np.int32]]:
    """Return the distinct labels, in the order in which they are met, and codes (n,) into them."""
    if len(labels) >= LONG:
        encoded = _encoded(labels)
        if encoded is not None:
            return encoded
    if hasattr(labels, "to_pylist"):
        labels = labels.to_pylist()  # Arrow's own values are not equal to Python's
    position: dict[Any, int] = {}
    codes = [position.setdefault(label, len(position)) for label in labels]
    return list(position), np.array(codes, dtype=np.int32)


def _encoded(labels: Sequence[Any]) -> tuple[list[Any], NDArray[np.int32]] | None:
    """Return what Arrow makes of the labels; None for what is not all texts."""
    import pyarrow as pa

    from ratings.scoring.kernels import side_by_side

    try:
        column: Any = pa.array(labels) if not hasattr(labels, "dictionary_encode") else labels
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return None
        half = len(column) // 2 if len(column) > MANY else len(column)
        return _joined(side_by_side(_coded, [column[:half], column[half:]]))
    return _coded(column)


Coded = tuple[list[Any], NDArray[np.int32]]


def _coded(column: Any) -> Coded | None:
    import pyarrow as pa

    if column.null_count:
        return None
    if not pa.types.is_dictionary(column.type):
        quick = _hashed(column)
        if quick is not None:
            return quick
    found = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = found.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return found.dictionary.to_pylist(), codes


def _hashed(column: Any) -> Coded | None:
    """Return the codes of a column of few distinct texts by the compiled loop, where it is loaded."""
    import pyarrow as pa

    from ratings.scoring.kernels import engine

    _, where, texts = column.buffers()
    if texts is None:
        return None
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    offsets = np.frombuffer(where, dtype=kind)[column.offset : column.offset + len(column) + 1]
    found = engine().texts(offsets, np.frombuffer(texts, dtype=np.uint8))
    if found is None:
        return None
    codes, firsts = found
    position = {name: at for at, name in enumerate(column.take(pa.array(firsts)).to_pylist())}
    rest = column.slice(len(codes)).to_pylist()
    ending = [position.setdefault(name, len(position)) for name in rest]
    return list(position), np.concatenate([codes, np.array(ending, dtype=np.int32)])


def _joined(parts: Sequence[Coded | None]) -> Coded | None:
    """Return two halves of a column as one, the names in the order in which they are met."""
    one, other = parts
    if one is None or other is None or not len(other[1]):
        return None if other is None else one
    position = {name: code for code, name in enumerate(dict.fromkeys([*one[0], *other[0]]))}
    moved = np.array([position[name] for name in other[0]], dtype=np.int32)
    return list(position), np.concatenate([one[1], moved.take(other[1])])
