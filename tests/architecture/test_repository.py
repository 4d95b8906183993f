"""Nothing in the repository names a machine, an index, or what must not be committed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 2_000_000
# Spelt in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["ro" + "ot", "ho" + "me/[a-z]+", "wo" + "rk"]) + r")/"
)
INDEXES = re.compile(
    "|".join(["--(extra-)?index" + r"-url[ =]\S", r"pypi\." + "org", r"pythonhosted\." + "org"])
)


def tracked() -> list[Path]:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_names_a_path_of_a_machine_or_an_index():
    found = []
    for path in tracked():
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{path.name}: {hit[0]}"
            for hit in (MACHINE_PATHS.search(text), INDEXES.search(text))
            if hit
        ]
    assert found == []


def test_no_file_is_large():
    assert [
        path.name for path in tracked() if path.exists() and path.stat().st_size > LONGEST
    ] == []
