"""The words in which files say an outcome, and the one spelling in which words are compared."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from ratings.scoring.types import FIRST_WON, SECOND_WON, TIE

BOTH_BAD = 3  # kept apart from a tie until the caller says what it is
Words = Mapping[str, int]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_JOINT = re.compile(r"[\s_.\-]+")
_BLANK = re.compile(r"[\s_\-]+")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{0,40})?", re.ASCII)


def folded(name: str) -> str:
    """Return a column's name without what spellings differ in: `Model A`, `modelA` are `model_a`."""
    return _JOINT.sub("_", _HUMP.sub("_", name.strip())).strip("_").casefold()


def plain(word: str) -> str:
    """Return a word without case, padding and kind of blank, and a number in its shortest form."""
    bare = word.strip()
    if _NUMBER.fullmatch(bare):
        return f"{float(bare) + 0.0:.15g}"
    return _BLANK.sub("_", bare.casefold())


def number(word: str) -> float | None:
    """Return the number that a plain word is, if it is one."""
    return float(word) if _NUMBER.fullmatch(word) else None


# Words that name no side.
UNDECIDED: Words = MappingProxyType(
    {
        "tie": TIE,
        "tied": TIE,
        "draw": TIE,
        "equal": TIE,
        "both_equal": TIE,
        "both_good": TIE,
        "tie_(bothgood)": TIE,
        "tie_(both_good)": TIE,
        "tie_(inconsistent)": TIE,  # MT-bench: the judge changed its mind with the order
        "tie_(bothbad)": BOTH_BAD,
        "tie_(both_bad)": BOTH_BAD,
        "both_bad": BOTH_BAD,
        "bothbad": BOTH_BAD,
    }
)
NOUNS = ("model", "response", "answer", "assistant", "output", "system", "generator")
# FastChat's judges answer [[A]], Arena-Hard's A>B; how strongly is not counted here.
VERDICTS: Words = MappingProxyType(
    {"[[a]]": FIRST_WON, "[[b]]": SECOND_WON, "[[c]]": TIE}
    | {"a>b": FIRST_WON, "a>>b": FIRST_WON, "b>a": SECOND_WON, "b>>a": SECOND_WON}
    | {"a=b": TIE, "b=a": TIE}
)


def _sides(first: str, second: str) -> dict[str, int]:
    """Return the words that name a side by its mark, alone unless that is a number."""
    words: dict[str, int] = {}
    for mark, side in ((first, FIRST_WON), (second, SECOND_WON)):
        words |= {f"{noun}_{mark}": side for noun in NOUNS}
        words |= {} if mark.isdigit() else {mark: side}
    return words


LETTERS: Words = MappingProxyType({**_sides("a", "b"), **VERDICTS, **UNDECIDED})
CROSSES: Words = MappingProxyType({**_sides("x", "y"), **UNDECIDED})
SIDES: Words = MappingProxyType({**_sides("left", "right"), **UNDECIDED})
HOME: Words = MappingProxyType({**_sides("home", "away"), **UNDECIDED})
NUMBERED: Words = MappingProxyType({**_sides("1", "2"), **UNDECIDED})
# Of columns that the caller names, and so says which is first.
ALL_WORDS: Words = MappingProxyType(
    {**LETTERS, **CROSSES, **SIDES, **HOME, **NUMBERED, **_sides("first", "second")}
)
FLAGS: Mapping[str, bool] = MappingProxyType({"0": False, "false": False, "1": True, "true": True})
