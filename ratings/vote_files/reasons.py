"""Why rows of a table are left out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.vote_files.tables import Labels, SkippedRow, ascii_safe

LONGEST_SHOWN = 60


class Reasons:
    """Why each row is left out: the first reason found stands."""

    def __init__(self, n: int) -> None:
        self.none = np.ones(n, dtype=bool)
        self.texts: dict[int, str] = {}

    def add(self, bad: NDArray[np.bool_], reason: Any) -> None:
        """Give the rows that are `bad` the text that `reason` makes of each one's place."""
        for at in np.flatnonzero(bad & self.none).tolist():
            self.texts[at] = reason(at)
        self.none &= ~bad

    def skipped(self, rows: NDArray[np.int64], grouping: Labels | None) -> list[SkippedRow]:
        groups = (*grouping.names, None) if grouping else (None,)
        codes = grouping.codes if grouping else np.full(len(rows), -1)
        return [
            SkippedRow(int(rows[at]), text, groups[codes[at]]) for at, text in self.texts.items()
        ]


def quoted(text: str) -> str:
    """Return a text of the file as a message shows it."""
    shown = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."
    return repr(ascii_safe(shown))
