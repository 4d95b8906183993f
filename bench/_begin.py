"""How a benchmark begins: it tells what it does when asked, and leaves nothing running when ended."""

import argparse
import signal
import sys
from typing import NoReturn

ENDED = 128 + signal.SIGTERM


def arguments_of(document: str | None) -> argparse.ArgumentParser:
    """Return the parser of a benchmark's arguments, which knows `--help`, for it to add its own.

    From now on an end by SIGTERM is an exception, as one by Ctrl-C is: servers, workers and databases
    that the benchmark started are ended by its `finally`.
    """
    signal.signal(signal.SIGTERM, _end)
    return argparse.ArgumentParser(
        description=document, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def _end(*_: object) -> NoReturn:
    sys.exit(ENDED)
