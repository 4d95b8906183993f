"""Parquet, decoded by a child process whose memory, time and output are limited (pure)."""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.errors import Invalid, TooLarge, Unsupported
from core.words import gettext as _
from core.words import gettext_noop
from prompts.records import MAX_COLUMNS, MAX_DECODED_BYTES, MAX_ROWS

_CHILD = Path(__file__).with_name("parquet_child.py")
_WALL_SECONDS = 60
# What the child says by a code and numbers.
_TOO_LARGE = {
    "columns": gettext_noop("It has %(number)s columns; at most %(most)s are taken."),
    "rows": gettext_noop("It has %(number)s rows; at most %(most)s are taken."),
    "decoded": gettext_noop("It decodes to more than %(most)s bytes."),
    "memory": gettext_noop("It asks for more memory than is allowed."),
}
_BROKEN = {"header": gettext_noop("Two columns have the same name."), "broken": "%(problem)s"}
# What the child needs to start; nothing of the server's environment, secrets least of all.
_PASSED_ON = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "LANG")


def read_parquet(data: bytes) -> tuple[list[str], dict[str, str], Iterator[tuple[int, Any]]]:
    """Return the readable columns, the types of the others, and the rows counted from 1.

    Raises
    ------
    TooLarge
        Past the limits of columns, rows, decoded bytes or memory.
    Unsupported
        The file is encrypted.
    Invalid
        The file is broken, or its decoding did not end in time.
    """
    if data[:4] == b"PARE":
        raise Unsupported(_("The Parquet file is encrypted; upload it decrypted."))
    if len(data) < 12 or data[-4:] != b"PAR1":  # noqa: PLR2004 - two magic numbers and a length
        raise Invalid(_("The Parquet file is cut off: its end is missing."), code="parquet")
    # Files, not pipes: nobody waits for the other, and the output's size is limited by the system.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output:
        source.write(data)
        source.seek(0)
        status = _run(source, output)
        output.seek(0)
        lines = io.BytesIO(output.read())
    if status:
        raise _refusal(lines)
    head = json.loads(lines.readline())
    rows = ((row, json.loads(line)) for row, line in enumerate(lines, start=1))
    return head["columns"], head["others"], rows


def _run(source: IO[bytes], output: IO[bytes]) -> int:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
    limits = [str(one) for one in (MAX_DECODED_BYTES, MAX_ROWS, MAX_COLUMNS)]
    try:
        return subprocess.run(  # noqa: S603 - our own script and interpreter
            [sys.executable, "-I", str(_CHILD), *limits],
            stdin=source,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=_WALL_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return -1


def _problem(told: dict[str, Any]) -> str:
    """Return in words what the child refused."""
    words = {key: f"{value:,}" if isinstance(value, int) else value for key, value in told.items()}
    return _((_TOO_LARGE | _BROKEN)[told["error"]]) % words


def _refusal(output: IO[bytes]) -> Invalid:
    try:
        told = json.loads(output.read().splitlines()[-1])
        code, problem = told["error"], _problem(told)
    except (IndexError, ValueError, LookupError, TypeError):
        message = _("The Parquet file could not be decoded within the limits of memory and time.")
        return Invalid(message, code="parquet_limits")
    if code in _TOO_LARGE:
        return TooLarge(_("The Parquet file is too large. %(problem)s") % {"problem": problem})
    return Invalid(
        _("The Parquet file cannot be read: %(problem)s") % {"problem": problem}, code="parquet"
    )
