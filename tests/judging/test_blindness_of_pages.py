"""A crawl as rater: over every address, and through the whole work, no byte tells a model.

Neither name, publisher, endpoint nor id of any, in text, JSON, headers or the pieces fetched ahead.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from urllib.parse import urlsplit

import pytest
from celery.app.task import Task
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from models_registry.models import Completion, LanguageModel, ModelEndpoint
from tests.everything import STUDY, Everything, make_everything
from tests.routes import named_routes

FAR = 7_130_450_000  # ids from here on are found nowhere by chance
HTMX = {"HX-Request": "true"}


@pytest.fixture
def everything(db, settings, tmp_path, monkeypatch) -> Everything:
    settings.EXPORT_DIR = tmp_path
    monkeypatch.setattr(Task, "apply_async", lambda *args, **options: None)
    for place, model in enumerate((LanguageModel, ModelEndpoint, Completion)):
        _count_ids_from(FAR + 1_000 * place, model._meta.db_table)
    return make_everything(now=timezone.now())


def _count_ids_from(start: int, table: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {start})")
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, start])


@pytest.fixture
def marks(everything) -> list[bytes]:
    """What tells a model or its endpoint apart."""
    found = {str(pk) for pk in Completion.objects.values_list("pk", flat=True)}
    for one in LanguageModel.objects.select_related("endpoint"):
        found |= {str(one.pk), str(one), one.slug, one.name, one.remote_name, one.publisher}
        found |= {str(one.endpoint_id), one.endpoint.slug, one.endpoint.name}
        found.add(urlsplit(one.endpoint.base_url).netloc)
    assert all(len(one) > 6 for one in found)
    # Numbers may be written with separators.
    found |= {f"{int(one):,}" for one in found if one.isdigit()}
    return [one.encode() for one in found]


def _told(answer, marks: list[bytes]) -> list[str]:
    """Return the marks in everything that is received of an answer."""
    body = b"".join(answer) if answer.streaming else answer.content
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    received = head.encode() + str(answer.cookies).encode() + body
    return [one.decode() for one in marks if one in received]


def _crawl(everything: Everything, user: User) -> Iterator[tuple[str, HttpResponse]]:
    """Ask every address as a page and as a piece of one, each time as if for the first time."""
    signed_in = Client()
    signed_in.force_login(user)
    for route in named_routes():
        data = json.dumps(everything.body(route.name))
        sent = {"data": data, "content_type": "application/json"} if route.is_api else {}
        pieces = [] if route.is_api else [("GET", HTMX), ("POST", HTMX)]
        for method, headers in [("GET", {}), ("POST", {}), *pieces]:
            with transaction.atomic():
                client = Client()
                client.cookies = deepcopy(signed_in.cookies)
                address = everything.address(route, coded=True)
                answer = client.generic(method, address, headers=headers, **sent)
                yield f"{method} {route.name} {answer.status_code}", answer
                transaction.set_rollback(True)


def test_no_address_tells_a_rater_of_a_model(everything, marks):
    asked, wrong = 0, []
    for where, answer in _crawl(everything, everything.people["bob"]):
        asked += 1
        # What the rater wrote in the address themselves tells them nothing.
        address = answer.wsgi_request.get_full_path()
        wrong += [(where, one) for one in _told(answer, marks) if one not in address]
    assert asked > 400
    assert wrong == []


def test_the_work_from_the_first_pair_to_the_last_page_tells_nothing(everything, marks):
    client = Client()
    client.force_login(everything.people["bob"])
    start, seen, wrong = f"/judge/{STUDY}/", set(), []

    def look(name: str, answer) -> str:
        seen.add(name)
        wrong.extend((name, one) for one in _told(answer, marks))
        return answer.content.decode()

    look("studies", client.get("/judge/"))
    for turn in range(100):
        page = look("pair", client.get(start))
        held = everything.scene.bob.assignments.filter(state="leased").order_by("pk").first()
        if held is None:
            break
        look("ahead", client.get(f"{start}ahead/?shown={held.token}", headers=HTMX))
        if turn == 2:
            look("skip", client.post(f"{start}{held.token}/skip/", {"reason": "broken"}))
            continue
        look("refused", client.post(f"{start}{held.token}/", {}))
        votes = {"helpfulness": "1", "harmlessness": "tie", "truthfulness": "0"}
        look("judged", client.post(f"{start}{held.token}/", votes))
        look("late", client.post(f"{start}{held.token}/", votes | {"helpfulness": "2"}))
        look("change", client.get(f"{start}{held.token}/change/", headers=HTMX))
        look("changed", client.post(f"{start}{held.token}/change/", votes | {"truthfulness": "1"}))
    assert "Nothing is left for you here" in page
    look("stop", client.post("/stop/", follow=True))
    look("account", client.get("/account/"))
    assert {"pair", "ahead", "skip", "refused", "change", "stop"} <= seen
    assert wrong == []
