"""What the API and the documentation say of the protocol is what the parser does."""

import json
import re
from pathlib import Path

import pytest

from core.errors import Invalid
from judging.protocol import PROTOCOL_SCHEMA, parse_protocol

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
CRITERION = {"key": "clarity", "label": "Clarity", "question": "Which is clearer?"}
WRITTEN = parse_protocol({"criteria": [CRITERION]}, complete=False).as_dict()
DEFAULTS = parse_protocol({}, complete=False).as_dict()
COMPLETE = {"pool": {"slug": "questions", "version": 1}, "models": ["a@1", "b@1"]}
FREE_KEYS = {"weights", "labels"}


def leaves(schema: dict, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], dict]:
    """Return every field that holds a value, by its path; `criteria.0` stands for each criterion."""
    found = {}
    for name, one in schema["properties"].items():
        inner = one["items"] if name == "criteria" else one
        here = (*path, name, "0") if name == "criteria" else (*path, name)
        found |= leaves(inner, here) if "properties" in inner else {here: one}
    return found


LEAVES = leaves(PROTOCOL_SCHEMA)


def names(plain: dict, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the paths of the fields a parsed protocol has."""
    found = set()
    for name, one in plain.items():
        inner, here = (one[0], (*path, name, "0")) if name == "criteria" else (one, (*path, name))
        deeper = isinstance(inner, dict) and name not in FREE_KEYS
        found |= names(inner, here) if deeper else {here}
    return found


def protocol_with(path: tuple[str, ...], value: object) -> dict:
    """Return a protocol in which one field has this value."""
    raw: dict = {"criteria": [dict(CRITERION)], "models": ["a@1", "b@1"]}
    target: dict = raw
    for name in path[:-1]:
        target = target[0] if name == "0" else target.setdefault(name, {})
    if path[0] == "pool":
        target |= {"slug": "questions", "version": 1}
    target[path[-1]] = value
    return raw


def refusals(path: tuple[str, ...], value: object) -> list[str]:
    try:
        parse_protocol(protocol_with(path, value), complete=False)
    except Invalid as error:
        return [one.column or "" for one in error.errors]
    return []


def test_describes_exactly_the_fields_that_exist():
    pool = {("pool", name) for name in ("slug", "version", "digest")}
    assert set(LEAVES) == names(WRITTEN | {"pool": {}}) | pool


def test_tells_the_defaults_that_are_filled_in():
    for path, one in LEAVES.items():
        value: object = WRITTEN
        for name in path:
            value = value[0] if name == "0" else (value or {}).get(name)
        if "default" in one and path != ("primary_criterion",):
            assert one["default"] == value, path
    assert LEAVES["primary_criterion",]["default"] == DEFAULTS["primary_criterion"]


@pytest.mark.parametrize("path", [path for path in LEAVES if "minimum" in LEAVES[path]])
def test_takes_numbers_up_to_the_bounds_it_tells_and_not_beyond(path):
    least, most = LEAVES[path]["minimum"], LEAVES[path]["maximum"]
    step = 1 if LEAVES[path]["type"] == "integer" else 0.001
    assert [refusals(path, value) for value in (least, most)] == [[], []]
    for value in (least - step, most + step, str(most), True, [most]):
        assert refusals(path, value) == [".".join(path)], value
    assert bool(refusals(path, None)) is not LEAVES[path].get("nullable", False)


@pytest.mark.parametrize("path", [path for path in LEAVES if "enum" in LEAVES[path]])
def test_takes_the_choices_it_tells_and_no_others(path):
    assert LEAVES[path]["enum"]
    for value in LEAVES[path]["enum"]:
        assert ".".join(path) not in refusals(path, value)
    for value in (f"{LEAVES[path]['enum'][0]} ", "", 1, None):
        assert refusals(path, value) == [".".join(path)]


@pytest.mark.parametrize(
    "path",
    [path for path in LEAVES if LEAVES[path]["type"] == "string" and "enum" not in LEAVES[path]],
)
def test_takes_texts_up_to_the_length_it_tells(path):
    longest = LEAVES[path]["maxLength"]
    assert ".".join(path) not in refusals(path, "a" * longest) or path in {
        ("design", "baseline"),  # names one of the models
        ("primary_criterion",),  # names one of the criteria
    }
    assert ".".join(path) in refusals(path, "a" * (longest + 1))


def test_takes_as_many_of_each_list_as_it_tells():
    assert LEAVES["models",]["maxItems"] == 200
    many = [f"m-{number}@1" for number in range(201)]
    assert refusals(("models",), many[:200]) == []
    assert refusals(("models",), many) == ["models"]
    most = PROTOCOL_SCHEMA["properties"]["criteria"]["maxItems"]
    asked = [CRITERION | {"key": f"k{number}"} for number in range(most + 1)]
    assert parse_protocol({"criteria": asked[:most]}, complete=False)
    with pytest.raises(Invalid):
        parse_protocol({"criteria": asked}, complete=False)


@pytest.mark.parametrize("example", re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL))
def test_the_documents_examples_are_complete_protocols(example):
    assert parse_protocol(json.loads(example)).as_dict()


def documented() -> dict[str, str]:
    """Return the default of every field in the document's tables, by its name there."""
    rows = re.findall(r"^\| (`[^|]*`) \| ([^|]*) \| [^|]+ \|$", DOCUMENT, re.MULTILINE)
    return {name: default for names, default in rows for name in re.findall(r"`([^`]+)`", names)}


def test_the_document_names_every_field():
    told = documented()
    for path in LEAVES:
        name = path[-1] if path[0] == "criteria" else ".".join(path)
        assert name in told, name


def test_the_document_tells_the_defaults():
    told = documented()
    plain = DEFAULTS | {"criterion": WRITTEN["criteria"][0]}
    checked = 0
    for path in names(DEFAULTS):
        top = path[0] == "criteria"
        name = path[-1] if top else ".".join(path)
        written = re.fullmatch(r"`(.*)`", told[name])
        if written is None:
            continue
        value: object = plain["criterion"] if top else plain
        for one in path[2:] if top else path:
            value = value[one]
        assert json.loads(written[1]) == value, name
        checked += 1
    assert checked > 20
