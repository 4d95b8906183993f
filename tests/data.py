"""The shared test data: real prompts, answers and votes, read in place and never copied."""

import os
from pathlib import Path

import pytest

ROOT = Path(
    os.environ.get("PREFERENDUM_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data"
)


def shared_data(name: str) -> Path:
    """Return the path of a shared file, or skip the test with a clear line where it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"shared test data absent: {name} (set PREFERENDUM_SHARED_DATA to its folder)")
    return path
