"""Which of the layouts a table with this header has, and what to say of one that has none."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from core.errors import Invalid
from ratings.vote_files.headers import Header, some
from ratings.vote_files.layouts import (
    FIRST,
    FLAGGED,
    NUMBERS,
    ONE_TWO,
    ORDERED,
    OWN,
    PAIRS,
    PROMPTS,
    RATERS,
    TOLD,
    Layout,
)
from ratings.vote_files.tables import ascii_safe
from ratings.vote_files.words import ALL_WORDS, folded

NEEDED = ("a", "b", "winner")
ALSO_NAMED = ("rater", "prompt")


def choose_layouts(
    header: Header,
    named: Mapping[str, str] | None,
    rater: str | None,
    prompt: str | None = None,
) -> tuple[Layout, ...]:
    """Return the layouts that a table with this header can have, the likeliest first.

    Raises
    ------
    Invalid
        When no layout fits, or a needed name stands twice in the header; with the code "columns"
        when a column that the caller named is not there.
    """
    if named:
        return (_checked(header, _from_names(named), rater, prompt),)
    layouts = tuple(_checked(header, one, rater, prompt) for one in _recognised(header))
    if not layouts:
        raise Invalid(_unrecognised(header), code="layout")
    return layouts


def _checked(header: Header, layout: Layout, rater: str | None, prompt: str | None) -> Layout:
    if layout.name != NAMED_COLUMNS:
        raters, prompts = (("rater",), ("prompt_id",)) if layout.also else (RATERS, PROMPTS)
        layout = replace(
            layout,
            rater=header.first_of(raters, but=layout.columns),
            prompt=header.first_of(prompts, but=layout.columns),
        )
    layout = replace(layout, rater=rater or layout.rater, prompt=prompt or layout.prompt)
    for column in filter(None, (*layout.columns, layout.rater, layout.prompt)):
        header.require(column)
    return layout


NAMED_COLUMNS = "named"


def _from_names(named: Mapping[str, str]) -> Layout:
    missing = [name for name in NEEDED if name not in named]
    unknown = sorted(set(named) - {*NEEDED, *ALSO_NAMED})
    if missing or unknown:
        wrong = f"{missing[0]} is missing" if missing else f"{unknown[0]!r} is unknown"
        raise Invalid(
            f"Columns are named as a=…,b=…,winner=…,rater=…,prompt=…; {wrong}.", code="columns"
        )
    return Layout(
        NAMED_COLUMNS,
        named["a"],
        named["b"],
        (named["winner"],),
        words=ALL_WORDS,
        numbers=NUMBERS.get(folded(named["winner"]), ONE_TWO),
        rater=named.get("rater"),
        prompt=named.get("prompt"),
    )


def _recognised(header: Header) -> Iterator[Layout]:
    """Yield every layout whose columns are all there."""
    if {*OWN.columns, *OWN.also} <= set(header.names):
        yield OWN
        return
    for pair in PAIRS:
        for kind, columns in TOLD:
            spelt = header.find_all((pair.first, pair.second, *columns))
            if spelt:
                yield Layout(
                    "one-hot" if kind == FLAGGED else pair.name,
                    first=spelt[0],
                    second=spelt[1],
                    outcome=spelt[2:],
                    words=pair.words,
                    kind=kind,
                    numbers=NUMBERS.get(columns[0], pair.numbers),
                    shown_first=pair.shown_first,
                )
    for columns in ORDERED:
        spelt = header.find_all(columns)
        if spelt:
            yield Layout("chosen", spelt[0], spelt[1], outcome=(), words={}, kind=FIRST)


# ---- what to say of a header without a layout ----------------------------------------------------

TEXTS = (
    ("chosen", "rejected"),
    ("chosen_response", "rejected_response"),
    ("response_a", "response_b"),
    ("response_1", "response_2"),
    ("output_1", "output_2"),
    ("human_ref_a", "human_ref_b"),
    ("answer_a", "answer_b"),
)
SINGLE = ("model", "model_id", "model_name", "generator", "refers_to_model")
OPTION = "--columns a=…,b=…,winner=…"


def _unrecognised(header: Header) -> str:
    there = f"No layout of votes is recognised in the columns {some(header.names)}; "
    for pair in PAIRS:
        spelt = header.find_all((pair.first, pair.second))
        if spelt:
            one, other = map(ascii_safe, spelt)
            return (
                f"{there}{one} and {other} name two models, and no column is known to hold the "
                f"outcome: name it with --columns a={one},b={other},winner=…."
            )
    if any(header.find_all(texts) for texts in TEXTS):
        return (
            f"{there}there are two texts in a row, and no column is known to name their models, "
            f"which are what is ranked: where columns do, name them with {OPTION}."
        )
    if header.first_of(SINGLE):
        return (
            f"{there}a row is about one model, and a vote is between two: make a row of each pair, "
            f"or name the columns with {OPTION}."
        )
    return f"{there}name them with {OPTION}."
