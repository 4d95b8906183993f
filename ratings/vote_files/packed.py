"""Files that are packed: the one table within, up to a size, and nothing is ever written."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, Any

import pyarrow as pa

from core.errors import Invalid, TooLarge, Unsupported
from ratings.vote_files.tables import Raw, ascii_safe

MAX_BYTES = 4 << 30
# What the libraries raise for data that break off or lie about themselves.
BROKEN = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError, MemoryError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException),
)


def unpacked(data: Raw) -> Raw:
    """Return what a packed file holds, and any other file as it is.

    Raises
    ------
    Invalid
        For a file that breaks off.
    Unsupported
        For an archive of several files, and for a spreadsheet.
    TooLarge
        For more than 4 GiB of content.
    """
    for magic, (name, opened) in KINDS.items():
        if data[: len(magic)] == magic:
            try:
                with opened(io.BytesIO(data[:])) as stream:
                    content = stream.read(MAX_BYTES + 1)
            except BROKEN as error:
                reason = ascii_safe(str(error).rstrip(".")) or type(error).__name__
                raise Invalid(
                    f"The {name} file cannot be unpacked: {reason}.", code="packed"
                ) from error
            if len(content) > MAX_BYTES:
                raise TooLarge("The file holds more than 4 GiB.")
            return bytes(content)
    return data


def _open_zip(file: IO[bytes]) -> IO[bytes]:
    archive = zipfile.ZipFile(file)
    names = [one.filename for one in archive.infolist() if not one.is_dir()]
    if "[Content_Types].xml" in names:
        raise Unsupported("The file looks like a spreadsheet; save it as CSV.")
    tables = [name for name in names if not name.startswith("__MACOSX/")]
    if len(tables) != 1:
        raise Unsupported(
            f"The ZIP archive holds {len(tables)} files; unpack the one with the votes."
        )
    return archive.open(tables[0])


KINDS: Mapping[bytes, tuple[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
        b"BZh": ("bzip2", bz2.BZ2File),
        b"\xfd7zXZ": ("xz", lzma.LZMAFile),
        b"\x28\xb5\x2f\xfd": ("zstd", lambda file: pa.CompressedInputStream(file, "zstd")),
        b"PK\x03\x04": ("ZIP", _open_zip),
    }
)
