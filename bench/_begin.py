"""How a benchmark begins: it tells what it does when asked, and leaves nothing running when ended."""

import argparse
import signal
import subprocess
import sys
from typing import NoReturn

ENDED = 128 + signal.SIGTERM
PATIENCE_SECONDS = 10


def arguments_of(document: str | None) -> argparse.ArgumentParser:
    """Return the parser of a benchmark's arguments, which knows `--help`, for it to add its own.

    From now on an end by SIGTERM is an exception, as one by Ctrl-C is: servers, workers and databases
    that the benchmark started are ended by its `finally`.
    """
    signal.signal(signal.SIGTERM, _end)
    return argparse.ArgumentParser(
        description=document, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def end(process: subprocess.Popen) -> None:
    """End a process that the benchmark started, kindly at first."""
    process.terminate()
    try:
        process.wait(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:  # a server may wait for its clients, and they for it
        process.kill()
        process.wait()


def _end(*_: object) -> NoReturn:
    sys.exit(ENDED)
