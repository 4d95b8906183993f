"""What a file is, told by its content: its name is only a hint (pure)."""

import re
from pathlib import PurePosixPath

from core.errors import InputError, Invalid, Unsupported
from core.words import gettext as _
from core.words import gettext_noop, listed

CSV, TSV, JSON, JSONL, PARQUET = "csv", "tsv", "json", "jsonl", "parquet"

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
    (b"PK\x03\x04", gettext_noop("a ZIP archive or an office document (such as .xlsx)")),
    (b"\x1f\x8b", gettext_noop("a gzip archive")),
    (b"BZh", gettext_noop("a bzip2 archive")),
    (b"\xfd7zXZ\x00", gettext_noop("an xz archive")),
    (b"\x28\xb5\x2f\xfd", gettext_noop("a zstd archive")),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("a 7z archive")),
    (b"Rar!", gettext_noop("a RAR archive")),
    (b"\xd0\xcf\x11\xe0", gettext_noop("an old office document (such as .xls)")),
    (b"%PDF", gettext_noop("a PDF document")),
    (b"\x89PNG", gettext_noop("a PNG image")),
    (b"\xff\xd8\xff", gettext_noop("a JPEG image")),
    (b"GIF8", gettext_noop("a GIF image")),
    (b"ARROW1", gettext_noop("an Arrow file")),
    (b"\xff\xff\xff\xff", gettext_noop("an Arrow stream")),
    (b"FEA1", gettext_noop("a Feather file")),
    (b"ORC", gettext_noop("an ORC file")),
    (b"Obj\x01", gettext_noop("an Avro file")),
    (b"\x93NUMPY", gettext_noop("a NumPy array")),
    (b"SQLite format 3\x00", gettext_noop("a SQLite database")),
    (b"\x7fELF", gettext_noop("a program")),
    (b"MZ", gettext_noop("a program")),
    (b"\x89HDF", gettext_noop("an HDF5 file")),
    *((bytes([0x80, version]), gettext_noop("a Python pickle")) for version in range(2, 6)),
)
# Some are words that a header may begin with: ORCID, MZ, BZh.
_WORDS = (b"BZh", b"ORC", b"MZ")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_HEAD = 256
_UTF16_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Of ASCII letters in UTF-16 every second byte is NUL.
_UTF16_WITHOUT_BOM = re.compile(rb"[^\x00]\x00[^\x00]\x00|\x00[^\x00]\x00[^\x00]")
_MARKUP = re.compile(r"\s*(<!doctype|<html|<\?xml|<svg|\{\\rtf)", re.IGNORECASE)


def taken() -> str:
    """Return the kinds of files that are taken, as a sentence lists them."""
    return listed(["CSV", "TSV", "JSON", "JSONL", "Parquet"])


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
            _("%(suffix)s files are not taken; upload %(taken)s.")
            % {"suffix": suffix, "taken": taken()},
            hint=_("Convert or rename the file."),
        )
    if not data:
        raise Invalid(_("The file is empty."), code="empty")
    if data[:4] in (b"PAR1", b"PARE"):
        return PARQUET, ""
    _refuse_binary(data)
    text = _decode(data)
    if not text.strip():
        raise Invalid(_("The file has no rows."), code="no_rows")
    if _MARKUP.match(text):
        raise Unsupported(
            _("The file looks like HTML, XML or RTF; upload %(taken)s.") % {"taken": taken()}
        )
    return _text_format(text, _BY_SUFFIX[suffix]), text


def _refuse_binary(data: bytes) -> None:
    if data.startswith(_UTF16_32) or _UTF16_WITHOUT_BOM.match(data):
        raise Invalid(
            _("The file's encoding is UTF-16 or UTF-32."),
            code="encoding",
            hint=_("Save it as UTF-8."),
        )
    for magic, kind in _MAGIC:
        if data.startswith(magic) and (magic not in _WORDS or _BINARY.search(data[:_HEAD])):
            raise Unsupported(
                _("The file looks like %(kind)s; upload %(taken)s.")
                % {"kind": _(kind), "taken": taken()}
            )


def _decode(data: bytes) -> str:
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = _("Byte %(number)s (line %(line)s) is not UTF-8.") % {
            "number": f"{error.start + 1:,}",
            "line": f"{line:,}",
        }
        raise Invalid(
            message,
            code="encoding",
            errors=[InputError("encoding", message, row=line, hint=_("Save the file as UTF-8."))],
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
