"""Finds out what kind of table a file holds, from its content and never from its name."""

import mmap
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from core.errors import Invalid, TooLarge, Unsupported
from ratings.vote_files.columnar import open_arrow, open_parquet
from ratings.vote_files.delimited import open_delimited
from ratings.vote_files.objects import open_json, open_json_lines
from ratings.vote_files.packed import MAX_BYTES, unpacked
from ratings.vote_files.tables import BOM, Raw, Table

SNIFFED = 1 << 16

# How files that hold no table begin, to say what they look like instead of a parse error.
LOOKS_LIKE: Mapping[bytes, str] = MappingProxyType(
    {
        b"\x89PNG": "a PNG image",
        b"\xff\xd8\xff": "a JPEG image",
        b"GIF8": "a GIF image",
        b"%PDF": "a PDF",
        b"\xd0\xcf\x11\xe0": "an old Office document (save it as CSV)",
        b"SQLite format 3": "an SQLite database",
        b"FEA1": "Feather version 1 (save it as version 2)",
        b"\x80\x04": "a pickle, which is never opened",
        b"\x80\x05": "a pickle, which is never opened",
        b"\x7fELF": "a program",
        b"\x00\x00\xfe\xff": "UTF-32 (save it as UTF-8)",
        b"\xff\xfe\x00\x00": "UTF-32 (save it as UTF-8)",
    }
)
TAKEN = "CSV, TSV, JSON, JSONL, Parquet and Arrow are read"


def read_bytes(source: Path | BinaryIO) -> Raw:
    """Return what a file (mapped, not copied) or a stream holds.

    Raises
    ------
    TooLarge
        For more than 4 GiB.
    OSError
        For a file that cannot be opened.
    """
    data = _read(source)
    if len(data) > MAX_BYTES:
        raise TooLarge("The file is larger than 4 GiB.")
    return data


def _read(source: Path | BinaryIO) -> Raw:
    if not isinstance(source, Path):
        return source.read(MAX_BYTES + 1)
    with source.open("rb") as file:
        if not source.is_file() or not source.stat().st_size:
            return file.read(MAX_BYTES + 1)
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def open_table(data: Raw, encoding: str = "utf-8") -> Table:
    """Return the table in `data`, whatever its kind, packed or not.

    Raises
    ------
    Unsupported
        For anything that looks like no kind that is read here.
    Invalid
        For a table that is empty, broken or not in the encoding.
    """
    data = unpacked(data)
    start = data[:SNIFFED]
    if start[:4] == b"PAR1":
        return open_parquet(data)
    if start[:6] == b"ARROW1" or start[:4] == b"\xff\xff\xff\xff":
        return open_arrow(data)
    for magic, kind in LOOKS_LIKE.items():
        if start.startswith(magic):
            raise Unsupported(f"The file looks like {kind}; {TAKEN}.")
    # A mark at the beginning says UTF-16 beyond doubt; no other encoding is ever guessed.
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    if encoding != "utf-8":
        data = _as_utf8(data, encoding)
        start = data[:SNIFFED]
    if start.count(b"\x00") > len(start) // 10:
        raise Unsupported(f"The file is not text; {TAKEN}.")
    return _text_table(data, start.removeprefix(BOM).lstrip()[:1])


def _as_utf8(data: Raw, encoding: str) -> bytes:
    try:
        return data[:].decode(encoding).encode()
    except LookupError as error:
        raise Invalid(f"The encoding {encoding!r} is unknown.", code="columns") from error
    except UnicodeError as error:
        raise Invalid(f"The file is not {encoding}.", code="encoding") from error


def _text_table(data: Raw, first: bytes) -> Table:
    if not first and not data[:].removeprefix(BOM).strip():
        raise Invalid("The file is empty.", code="empty")
    _check_utf8(data)
    if first == b"[":
        return open_json(data)
    if first == b"{":
        return open_json_lines(data)
    return open_delimited(data)


def _check_utf8(data: Raw) -> None:
    """Raise `Invalid` with the place of the first byte that is not UTF-8; no copy when all is well."""
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int64).tobytes())
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        try:
            data[:].decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise Invalid(
                f"Byte {error.start + 1} (line {line}) is not UTF-8; save the file as UTF-8, "
                "or name its encoding with --encoding (latin-1, cp1252, …).",
                code="encoding",
            ) from error
