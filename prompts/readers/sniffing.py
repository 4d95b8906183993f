"""What a file is, told by its content: its name is only a hint (pure)."""

import re
from pathlib import PurePosixPath

from core.errors import InputError, Invalid, Unsupported

CSV, TSV, JSON, JSONL, PARQUET = "csv", "tsv", "json", "jsonl", "parquet"
SUPPORTED = "CSV, TSV, JSON, JSONL and Parquet"

_BY_SUFFIX = {
    "": "",
    ".csv": CSV,
    ".tsv": TSV,
    ".tab": TSV,
    ".json": JSON,
    ".jsonl": JSONL,
    ".ndjson": JSONL,
    ".parquet": PARQUET,
    ".pq": PARQUET,
}
# First bytes of what is often uploaded by mistake.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an office document (such as .xlsx)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document (such as .xls)"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (b"FEA1", "a Feather file"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    *((bytes([0x80, version]), "a Python pickle") for version in range(2, 6)),
)
# Some are words that a header may begin with: ORCID, MZ, BZh.
_WORDS = (b"BZh", b"ORC", b"MZ")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_HEAD = 256
_UTF16_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Of ASCII letters in UTF-16 every second byte is NUL.
_UTF16_WITHOUT_BOM = re.compile(rb"[^\x00]\x00[^\x00]\x00|\x00[^\x00]\x00[^\x00]")
_MARKUP = re.compile(r"\s*(<!doctype|<html|<\?xml|<svg|\{\\rtf)", re.IGNORECASE)


def shown_name(filename: str) -> str:
    """Return a file's name as it may be shown: no folders, no control characters, 120 at most."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one for one in name if one.isprintable())[-120:]


def sniff(data: bytes, filename: str) -> tuple[str, str]:
    """Return the format and, unless it is Parquet, the text of a file.

    Raises
    ------
    Unsupported
        A kind of file that is not taken, by its content or by its name's ending.
    Invalid
        The file is empty or not UTF-8.
    """
    suffix = PurePosixPath(shown_name(filename)).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise Unsupported(
            f"{suffix} files are not taken; upload {SUPPORTED}.", hint="Convert or rename the file."
        )
    if not data:
        raise Invalid("The file is empty.", code="empty")
    if data[:4] in (b"PAR1", b"PARE"):
        return PARQUET, ""
    _refuse_binary(data)
    text = _decode(data)
    if not text.strip():
        raise Invalid("The file has no rows.", code="no_rows")
    if _MARKUP.match(text):
        raise Unsupported(f"The file looks like HTML, XML or RTF; upload {SUPPORTED}.")
    return _text_format(text, _BY_SUFFIX[suffix]), text


def _refuse_binary(data: bytes) -> None:
    if data.startswith(_UTF16_32) or _UTF16_WITHOUT_BOM.match(data):
        raise Invalid(
            "The file's encoding is UTF-16 or UTF-32.", code="encoding", hint="Save it as UTF-8."
        )
    for magic, kind in _MAGIC:
        if data.startswith(magic) and (magic not in _WORDS or _BINARY.search(data[:_HEAD])):
            raise Unsupported(f"The file looks like {kind}; upload {SUPPORTED}.")


def _decode(data: bytes) -> str:
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"Byte {error.start + 1:,} (line {line:,}) is not UTF-8."
        raise Invalid(
            message,
            code="encoding",
            errors=[InputError("encoding", message, row=line, hint="Save the file as UTF-8.")],
        ) from error


def _text_format(text: str, named: str) -> str:
    start = text.lstrip()
    if start[0] == "[":
        # Lines of lists are no prompts, so a bracket means one JSON document.
        return JSON
    if start[0] == "{":
        if named == JSONL:
            return JSONL
        first, _, rest = start.partition("\n")
        complete = first.rstrip().endswith("}")
        return JSONL if complete and (rest.strip() or named != JSON) else JSON
    if named in (JSON, JSONL) and not _looks_like_a_table(start):
        return named
    return TSV if named == TSV else CSV


def _looks_like_a_table(text: str) -> bool:
    header, _, rest = text.partition("\n")
    return bool(rest.strip()) and any(one in header for one in ",;\t")
