"""Whatever stands in a body, a query, a form or an address, the server answers, and never fails.

Each call runs in a savepoint that is rolled back, so that none sees what another did.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from celery.app.task import Task
from django.db import transaction
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from tests.everything import Everything, make_everything
from tests.routes import Route, named_routes

VALUES: list[Any] = [
    None, True, -1, 1.5, 2**70, "", "x" * 70_000, "\u202e\u200b", "1\x1f", [], [[None]], {"a": {"": []}},
]  # fmt: skip
TEXTS = ["", "9" * 30, "0x", "x" * 5_000, "a\x00b", "\u202e\ud800é", "['1']"]
IN_FORMS = ["9" * 30, "a\x00b\ud800"]
BODIES = [b"\xff", b"[" * 100_000, b'{"a": 1, "a": 2}', b"{", b"", b"NaN", b'"\\ud800"', b"null"]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.fixture
def everything(db, monkeypatch) -> Everything:
    monkeypatch.setattr(Task, "apply_async", lambda *args, **options: None)
    return make_everything(now=timezone.now())


@pytest.fixture
def clients(everything) -> dict[str, Client]:
    """Clients in sessions, that answer an error of the server with its status."""
    found = {name: Client(raise_request_exception=False) for name in everything.people}
    for name, client in found.items():
        client.force_login(everything.people[name])
    return found


def ask(client: Client, method: str, address: str, **options: Any) -> tuple[int, str]:
    """Return the status and the text of an answer; the session stays, whatever was asked."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        answer = client.generic(method, address, **options)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer.status_code, content.decode(errors="replace")


def status(client: Client, method: str, address: str, **options: Any) -> int:
    return ask(client, method, address, **options)[0]


def plain(path: str) -> str:
    """Return an address with its arguments' names taken out, as the schema and the routes share it."""
    return re.sub(r"<[^>]*>|\{\w+\}", "{}", path).lstrip("/")


def test_no_body_and_no_query_of_the_api_makes_the_server_fail(everything, clients):
    schema = SchemaGenerator().get_schema(request=None, public=True)
    routes = {plain(route.pattern): route for route in named_routes() if route.is_api}
    failed = []
    n_calls = 0
    for path, operations in schema["paths"].items():
        route = routes[plain(path)]
        client = clients["bob" if "assignments" in path else "alice"]
        for method, operation in operations.items():
            for query, body in calls(schema, operation, everything.body(route.name)):
                address = everything.address(route)
                address = f"{address.partition('?')[0]}?{query}" if query else address
                n_calls += 1
                if status(client, method.upper(), address, data=body, content_type=JSON) >= 500:
                    failed.append((method, address[:200], body[:200]))
    assert failed == []
    assert n_calls > 1_000


def calls(
    schema: dict[str, Any], operation: dict[str, Any], usual: dict[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Yield queries and bodies: each field and each parameter with each value."""
    for one in operation.get("parameters", []):
        if one["in"] == "query":
            yield from ((f"{one['name']}={quoted(text)}", b"") for text in TEXTS)
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    if body is None:
        return
    named = schema["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], body)
    yield from (("", raw) for raw in BODIES)
    for value in VALUES:
        yield "", json.dumps(value).encode()
        for field in named.get("properties", {}):
            yield "", json.dumps({**usual, field: value}).encode()


def quoted(text: str) -> str:
    return quote(text.encode(errors="surrogatepass"))


class Fields(HTMLParser):
    """The names of a page's fields, and where its forms go."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: dict[str, None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"input", "select", "textarea", "button"} and (name := dict(attrs).get("name")):
            self.names[name] = None


def test_no_field_of_a_page_makes_the_server_fail(everything, clients):
    failed = []
    n_calls = 0
    for route in named_routes():
        if route.is_api or not begins_here(route):
            continue
        address = everything.address(route)
        for client in (clients["alice"], clients["bob"]):
            code, page = ask(client, "GET", address)
            if code == 200:
                calls_made = list(forms(address, page))
                n_calls += len(calls_made)
                failed += [
                    (route.name, asked, sent)
                    for method, asked, sent in calls_made
                    if status(client, method, asked, data=sent, content_type=FORM) >= 500
                ]
                break
    assert failed == []
    assert n_calls > 150


def forms(address: str, page: str) -> Iterator[tuple[str, str, str]]:
    """Yield each field of a page, sent with each text, and a query that pages through a list."""
    for text in IN_FORMS:
        more = "&" if "?" in address else "?"
        yield "GET", f"{address}{more}page={quoted(text)}", ""
        for name in Fields(page).names:
            yield "POST", address, f"{quote(name)}={quoted(text)}"


def begins_here(route: Route) -> bool:
    return not route.pattern.startswith(("static", "account/", "api/"))


def test_no_number_in_an_address_makes_the_server_fail(everything, clients):
    for route in named_routes():
        for name in {"pk", "number"} & set(route.arguments):
            for number in (0, 2**31, 2**63, 2**70, 10**40):
                address = everything.address(route, **{name: number})
                for method in ("GET", "POST", "DELETE"):
                    assert status(clients["alice"], method, address) < 500, (method, address)
