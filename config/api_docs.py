"""The API's documentation as pages of this site: every operation, its fields, and a form to try it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import needs
from config.api_schema import schema

METHODS = ("get", "post", "put", "patch", "delete")
PREFIX = "/api/v1/"
DEEPEST = 4  # of fields within fields that are listed
JSON, FORM = "application/json", "multipart/form-data"
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of a body or an answer: `name` is its path, such as `criteria[].rows[].rank`."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True)
class Parameter:
    name: str
    where: str  # path or query
    kind: str
    required: bool
    default: str
    choices: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Answer:
    statuses: str
    media_types: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    key: str
    group: str
    method: str
    path: str
    words: str
    parameters: tuple[Parameter, ...] = ()
    body_type: str = ""
    body_fields: tuple[Field, ...] = ()
    example: str = ""
    answers: tuple[Answer, ...] = ()


@require_GET
@needs("read")
def index(request: HttpRequest) -> HttpResponse:
    """List every operation by what it is about."""
    groups: dict[str, list[Operation]] = {}
    for one in operations().values():
        groups.setdefault(one.group, []).append(one)
    return render(request, "api/index.html", {"groups": groups})


@require_GET
@needs("read")
def operation(request: HttpRequest, key: str) -> HttpResponse:
    """Show one operation with its fields, and a form that sends it."""
    found = operations().get(key)
    if found is None:
        raise Http404
    example = request.build_absolute_uri(found.path)
    return render(request, "api/operation.html", {"one": found, "address": example})


@cache
def operations() -> dict[str, Operation]:
    """Return every operation by its key, in the order of the schema."""
    whole = schema()
    known = whole["components"]["schemas"]
    found = [
        _operation(path, method, item[method], known)
        for path, item in whole["paths"].items()
        for method in METHODS
        if method in item
    ]
    return {one.key: one for one in found}


def _operation(path: str, method: str, told: Schema, known: Schema) -> Operation:
    media_type, body = _body(told)
    return Operation(
        key=told["operationId"],
        group=path.removeprefix(PREFIX).split("/")[0],
        method=method.upper(),
        path=path,
        words=told.get("description", ""),
        parameters=tuple(_parameter(one) for one in told.get("parameters", ())),
        body_type=media_type,
        body_fields=tuple(_fields(body, known)),
        example=json.dumps(_example(body, known), indent=2, ensure_ascii=False)
        if media_type == JSON
        else "",
        answers=tuple(_answers(told["responses"], known)),
    )


def _body(told: Schema) -> tuple[str, Schema]:
    """Return the media type that the form sends, and the body's schema; "" without a body."""
    content = told.get("requestBody", {}).get("content", {})
    for media_type in (JSON, FORM):
        if media_type in content:
            return media_type, content[media_type].get("schema", {})
    return "", {}


def _parameter(told: Schema) -> Parameter:
    schema = told.get("schema", {})
    return Parameter(
        name=told["name"],
        where=told["in"],
        kind=schema.get("type", "string"),
        required=told.get("required", False),
        default=_plain(schema.get("default", "")),
        choices=tuple(_plain(one) for one in schema.get("enum", ())),
        words=told.get("description", ""),
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _answers(told: Schema, known: Schema) -> Iterator[Answer]:
    """Yield the answers; statuses that mean the same content are one."""
    alike: dict[str, list[str]] = {}
    for status, answer in sorted(told.items()):
        alike.setdefault(json.dumps(answer.get("content", {})), []).append(status)
    for statuses in alike.values():
        answer = told[statuses[0]]
        fields = tuple(_answer_fields(answer, known))
        yield Answer(", ".join(statuses), tuple(answer.get("content", ())), fields)


def _answer_fields(answer: Schema, known: Schema) -> Iterator[Field]:
    content = answer.get("content", {})
    if JSON in content:
        yield from _fields(content[JSON].get("schema", {}), known)


def _resolved(schema: Schema, known: Schema) -> Schema:
    """Follow references, also those that only add a description to one."""
    parts = schema.get("allOf") or schema.get("oneOf")
    if parts:
        return {**_resolved(parts[0], known), **{k: v for k, v in schema.items() if k != "allOf"}}
    if "$ref" in schema:
        return _resolved(known[schema["$ref"].rsplit("/", 1)[1]], known)
    return schema


def _fields(schema: Schema, known: Schema, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    """Yield the fields of a schema, those within others after them."""
    found = _resolved(schema, known)
    if found.get("type") == "array":
        yield from _fields(found["items"], known, f"{prefix}[]", depth)
        return
    needed = found.get("required", ())
    for name, inner in found.get("properties", {}).items():
        one = _resolved(inner, known)
        path = f"{prefix}.{name}".lstrip(".")
        yield Field(path, _kind(one, known), name in needed, one.get("description", ""))
        if depth < DEEPEST:
            yield from _fields(one, known, path, depth + 1)


def _kind(schema: Schema, known: Schema) -> str:
    kind = schema.get("type", "any")
    if kind == "array":
        kind = _("list of %(items)s") % {"items": _kind(_resolved(schema["items"], known), known)}
    if "enum" in schema:
        kind = " | ".join(_plain(one) for one in schema["enum"])
    return _("%(kind)s, may be null") % {"kind": kind} if schema.get("nullable") else str(kind)


def _example(schema: Schema, known: Schema) -> Any:
    """Return a body to start from: what is required, and nothing that has a default."""
    found = _resolved(schema, known)
    if "enum" in found:
        return found["enum"][0]
    kind = found.get("type")
    if kind == "array":
        return [_example(found["items"], known)]
    if kind == "object":
        needed = found.get("required", ())
        wanted = {k: v for k, v in found.get("properties", {}).items() if k in needed}
        return {name: _example(inner, known) for name, inner in wanted.items()}
    return {"integer": 1, "number": 1.0, "boolean": True}.get(str(kind), "…")
