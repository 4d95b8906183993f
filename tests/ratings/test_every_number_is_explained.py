"""Each column of numbers on the pages of boards is explained in docs/methods.md, under its own name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "templates" / "ratings").glob("*.html"))
HEAD = re.compile(r'<th scope="col"[^>]*>\s*(?:<[^>]*>)?\{% translate "([^"]+)"')
# Columns without numbers, and files to fetch.
NO_NUMBERS = {"Change", "Check", "Code", "File", "Kept until (UTC)", "Known answer", "Model", "Moved", "Of", "Pair"} | {
    "Rater", "Size", "State", "Taken (UTC)", "Warns", "What it is", "Found by", "Prompts",
}  # fmt: skip


def columns() -> list[str]:
    found = {name for page in PAGES for name in HEAD.findall(page.read_text(encoding="utf-8"))}
    return sorted(found - NO_NUMBERS)


@pytest.mark.parametrize("name", columns())
def test_every_column_of_numbers_is_in_the_methods(name):
    methods = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8").lower()
    assert re.search(rf"\b{re.escape(name.lower())}", methods)
