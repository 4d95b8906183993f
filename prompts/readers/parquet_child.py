"""Reads Parquet from stdin and writes JSON lines to stdout, in a process with limits of its own.

A hostile file of a few hundred bytes can ask for gigabytes: it then fails here, not in the server.
Run as a script by `prompts.readers.parquet`; exits 0, or 3 with {"error", …} as last line.
"""

import json
import sys
from typing import Any, NoReturn

MEMORY = 1024 * 1024 * 1024
SECONDS = 30
EXIT_REFUSED = 3


def limit_resources(max_output: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's time limit still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_output + 65536, max_output + 65536))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def refuse(code: str, **details: int | str) -> NoReturn:
    print(json.dumps({"error": code, **details}), flush=True)  # noqa: T201 - the protocol
    sys.exit(EXIT_REFUSED)


def simple(kind: Any, types: Any, depth: int = 0) -> bool:
    """Say whether a column's values become JSON as they are."""
    if types.is_dictionary(kind):
        return simple(kind.value_type, types, depth)
    if types.is_list(kind) or types.is_large_list(kind):
        return depth < 2 and simple(kind.value_type, types, depth + 1)  # noqa: PLR2004 - lists of messages
    if types.is_struct(kind):
        return depth < 2 and all(simple(one.type, types, depth + 1) for one in kind)  # noqa: PLR2004
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_integer,
        types.is_boolean,
        types.is_null,
    )
    return any(test(kind) for test in tests)


def convert(max_output: int, max_rows: int, max_columns: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    file = pq.ParquetFile(pa.BufferReader(sys.stdin.buffer.read()))
    schema = file.schema_arrow
    if len(schema) > max_columns:
        refuse("columns", number=len(schema), most=max_columns)
    if file.metadata.num_rows > max_rows:
        refuse("rows", number=file.metadata.num_rows, most=max_rows)
    names = [one.name for one in schema if simple(one.type, pa.types)]
    if len(set(schema.names)) < len(schema.names):
        refuse("header")
    others = {one.name: str(one.type)[:80] for one in schema if one.name not in names}
    out = sys.stdout
    out.write(json.dumps({"columns": names, "others": others}) + "\n")
    decoded = written = 0
    for batch in file.iter_batches(batch_size=256, columns=names, use_threads=False):
        decoded += batch.nbytes
        if decoded > max_output:
            refuse("decoded", most=max_output)
        for row in batch.to_pylist():
            line = json.dumps(row, ensure_ascii=False)
            written += len(line)
            if written > max_output:
                refuse("decoded", most=max_output)
            out.write(line + "\n")


def main() -> None:
    max_output, max_rows, max_columns = map(int, sys.argv[1:4])
    limit_resources(4 * max_output)  # a character takes up to four bytes
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    try:
        convert(max_output, max_rows, max_columns)
    except MemoryError:
        refuse("memory")
    except (
        OSError,
        ValueError,
        ArithmeticError,
        TypeError,
        LookupError,
        NotImplementedError,
    ) as error:
        # pyarrow's errors are subclasses of these.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        refuse("broken", problem=first[:300])


if __name__ == "__main__":
    main()
