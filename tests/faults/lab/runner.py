"""Run rounds of faults from anywhere: a process of its own opens the laboratories."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Asked:
    """One round: with `control` set, what keeps the promise is switched off.

    Without `hurry` the beat, retries and leases take the product's own times.
    """

    kind: str
    control: bool = False
    seed: int = 1
    hurry: bool = True


def run_rounds(
    rounds: Sequence[Asked], *, laboratories: int, environment: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Run rounds in some laboratories side by side; yield what each told as soon as it is over."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL has a user of its own, who has to come by
        log = Path(folder) / "log"
        with (
            log.open("w", encoding="utf-8") as to,
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.lab", folder, str(laboratories)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=to,
                text=True,
                env={**os.environ, **(environment or {})},
            ) as process,
        ):
            try:
                yield from _rounds(process, rounds, log)
            finally:
                process.terminate()


def _rounds(
    process: subprocess.Popen, rounds: Sequence[Asked], log: Path
) -> Iterator[dict[str, Any]]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(json.dumps(asdict(one)) + "\n" for one in rounds))
    process.stdin.close()
    told = 0
    for line in process.stdout:
        told += 1
        yield json.loads(line)
    if process.wait() or told < len(rounds):
        said = log.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{told} of {len(rounds)} rounds were run.\n{said[-4000:]}")
