"""Every page and the usual errors in a language made on the spot, in which ⟦each text⟧ says that it is one.

What shows letters outside the brackets cannot be translated: unless people wrote it, or it is a name or a code.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from accounts.models import RaterProfile, User
from core import words
from judging.protocol import DEFAULT_CRITERIA
from models_registry.presets import PRESETS
from tests.architecture.rights import RIGHTS
from tests.architecture.test_words import SAME
from tests.everything import NOT_PAGES, PEOPLE, Everything, make_everything
from tests.routes import Route, named_routes

# The reference of the API and the manual are English.
LEFT_OUT = NOT_PAGES - {"api-schema"} | {"api-docs", "api-operation", "manual"}
# What people wrote stands in these, or in what says `dir="auto"`; code and keys are no words.
DATA = {"bdi", "code", "pre", "kbd", "samp", "textarea", "script", "style", "title"}
VOID = {
    "area",
    "base",
    "br",
    "col",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "wbr",
    "path",
    "line",
    "rect",
    "circle",
}
SHOWN = {"aria-label", "aria-description", "title", "placeholder", "alt"}
FILES = {
    "a.exe": b"MZ\0\0",
    "a.xlsx": b"PK\x03\x04",
    "empty.csv": b"",
    "a.csv": b"name,other\n1,2\n",
    "b.csv": b'prompt\n"never closed\n',
    "utf16.csv": "prompt\nHi".encode("utf-16"),
    "latin1.csv": b"prompt\n\xe4\n",
    "a.json": b'[{"prompt": "Hi"},]',
    "b.json": b'{"a": 1}',
    "a.jsonl": b'{"prompt": ""}\n{"prompt": 1}\n{"messages": [{"role": "x", "content": "y"}]}\n[]',
    "a.parquet": b"PAR1 nothing PAR1",
    "references.jsonl": b'{"question_id": 1, "choices": []}',
}
# Names of fields, values and settings that errors speak of.
CODES = ("prompt", "other", "name", "messages")
WORD = re.compile(r"[^\W\d_][\w.'-]{2,}")


@pytest.fixture
def brackets(monkeypatch):
    """Translate every text by putting it between brackets."""

    def one(text: str) -> str:
        return f"⟦{text}⟧" if text else ""

    def many(singular: str, plural: str, number: int) -> str:
        return one(singular if number == 1 else plural)

    real = translation._trans
    real.gettext("")  # so that the functions are there to be replaced
    monkeypatch.setattr(real, "gettext", one)
    monkeypatch.setattr(real, "ngettext", many)
    monkeypatch.setattr(real, "pgettext", lambda _context, text: one(text), raising=False)
    monkeypatch.setattr(real, "npgettext", lambda _context, *texts: many(*texts), raising=False)
    # What is kept by language is not to be found in English.
    monkeypatch.setattr(words._in_use, "language", lambda: "brackets")


class Shown(HTMLParser):
    """Collects what a page shows, without what people wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[bool] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.texts += [told[name] or "" for name in SHOWN if name in told]
        if tag == "input" and told.get("type") in {"submit", "button"}:
            self.texts.append(told.get("value") or "")
        if tag not in VOID:
            self.inside.append(tag in DATA or told.get("dir") == "auto")

    def handle_endtag(self, tag):
        if tag not in VOID and self.inside:
            self.inside.pop()

    def handle_data(self, data):
        if not any(self.inside):
            self.texts.append(data)


def unmarked(texts: list[str], known: set[str]) -> list[str]:
    """Return the words that stand outside all brackets and are not known to be data."""
    bare = " ".join(texts)
    while (left := re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)) != bare:
        bare = left
    return [one for word in WORD.findall(bare) if (one := word.strip(".-'")) not in known]


def shown(html: str) -> list[str]:
    page = Shown()
    page.feed(html)
    return page.texts


def words_of(*values: object) -> set[str]:
    return {one.strip(".-'") for one in WORD.findall(" ".join(map(str, values)))}


def data_of(everything: Everything) -> set[str]:
    """Return the words that this site's people, studies, models and files are called by."""
    scene, criteria = everything.scene, everything.scene.version.protocol["criteria"]
    raters = RaterProfile.objects.values_list("pseudonym", flat=True)
    people = User.objects.values_list("username", flat=True)
    models = [(one, one.name, one.publisher, one.endpoint.name) for one in scene.models]
    presets = [one.name for one in PRESETS]
    asked = [(one["label"], one["key"]) for one in criteria]
    names = ("draft", "draft-pool", "study", "mine", "for the class", "Quality", "Which better")
    files = (scene.pool_version.pool, "JSONL", "study-judgments.csv", "prompt")
    return SAME | words_of(
        *names, *files, *raters, *people, *models, *presets, *asked, "model-3", *everything.codes
    )


def pages_of(rights: set[str]) -> Iterator[Route]:
    for route in named_routes():
        right = RIGHTS[route.name].get("GET")
        if right in rights and not route.is_api and route.name not in LEFT_OUT:
            yield route


@pytest.fixture
def everything(db, settings, tmp_path) -> Everything:
    settings.EXPORT_DIR = tmp_path
    return make_everything(now=timezone.now())


def signed_in(everything: Everything, person: str) -> Client:
    client = Client()
    if person:
        client.force_login(everything.people[person])
    return client


@pytest.mark.once
def test_pages_say_nothing_that_cannot_be_translated(everything, brackets):
    known, looked_at, wrong = data_of(everything), 0, []
    questions = known | words_of(*map(asdict, DEFAULT_CRITERIA))
    for person, rights in PEOPLE.items():
        client = signed_in(everything, person)
        for route in pages_of(rights):
            page = client.get(everything.address(route, coded=person == "dave"))
            texts = shown(page.content.decode())
            looked_at += any("⟦" in one for one in texts)
            found = unmarked(texts, questions if route.name.startswith("judge") else known)
            wrong += [f"{person} {route.name}: {' '.join(found)}"] if found else []
    assert not wrong, "\n".join(wrong)
    assert looked_at > 60


def file(name: str, content: bytes) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(name, content)}


def mistakes() -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield who sends what, and where to, that is wrong."""
    for name, content in FILES.items():
        yield "alice", "/pools/upload/", {"name": "A pool", **file(name, content)}
    yield "", "/sign-in/", {"login": "bob", "password": "wrong"}
    yield "", "/nowhere/", {}
    yield "bob", "/pools/", {}
    yield "bob", "/consent/", {}
    yield "alice", "/people/", {"username": "a b", "role": "researcher"}
    yield "alice", "/raters/invitations/", {"max_uses": 0, "days": 0, "others": "english!"}
    yield "alice", "/models/new/", {"name": "M", "base_url": "ftp://x", "kind": "openai_chat"}
    yield "alice", "/studies/new/", {"name": "A study", "slug": "study"}
    yield "alice", "/studies/draft/set-up/criteria/", {"form-TOTAL_FORMS": 1}
    yield "alice", "/studies/study/close/", {"confirm": "no"}


def requests() -> Iterator[tuple[str, str, object]]:
    """Yield who sends what to the API, and where to, that is wrong."""
    protocol = {
        "pool": {"slug": "a", "version": 0},
        "models": ["x", 1],
        "criteria": [{"key": "A!", "scale": "none"}],
        "weights": {"b": 2},
        "judgments_per_comparison": 0,
        "unknown": True,
    }
    yield "alice", "studies/", {"slug": "new", "name": "", "protocol": protocol}
    yield "alice", "studies/", "not JSON"
    yield "alice", "studies/?page=x&sort=y", {}
    yield "alice", "nowhere", {}
    yield "alice", "endpoints/", {"slug": "e", "name": "E", "kind": "x", "base_url": "http://[::1"}
    yield "alice", "model-trials/", {"remote_name": "m", "base_url": "http://10.0.0.1/v1"}
    yield "alice", "model-trials/", {"remote_name": "m"}
    yield "alice", "models/", {"slug": "m", "name": "M", "settings": {"heat": 1, "top_p": 9}}
    yield "alice", "generation-runs/", {"pool": "a", "models": ["x"]}
    yield "alice", "users/", {"username": "a b", "role": "king"}
    yield "alice", "invitations/", {"max_uses": 0, "days": 400, "languages": ["x!"]}
    yield "alice", "studies/study/exclusions/", {"rater": "nobody"}
    yield "", "join/", {"code": "wrong", "username": "frank"}
    yield "", "studies/", {}
    yield "bob", "studies/", {}
    yield "bob", "assignments/{token}/judgment/", {"votes": {"helpfulness": 9}, "comment": 1}
    yield "bob", "assignments/{token}/skip/", {"reason": 1}
    yield "bob", "me/consent/", {"number": 1, "languages": [], "guidelines_read": False}


def said(problem: object, key: str = "") -> Iterator[str]:
    """Yield what a problem document says in words."""
    if isinstance(problem, dict):
        for name, value in problem.items():
            yield from said(value, name)
    elif isinstance(problem, list):
        for value in problem:
            yield from said(value, key)
    elif key in {"detail", "message", "hint"} and problem:
        yield str(problem)


@pytest.mark.once
def test_errors_say_nothing_that_cannot_be_translated(everything, brackets):
    known, wrong = data_of(everything) | words_of(*FILES, *CODES), []
    for person, address, sent in mistakes():
        page = signed_in(everything, person).post(address, sent, follow=True)
        found = unmarked(shown(page.content.decode()), known)
        wrong += [f"{person} {address}: {' '.join(found)}"] if found else []
    for person, address, sent in requests():
        client = signed_in(everything, person)
        path = "/api/v1/" + address.format(token=everything.texts["token"])
        answer = client.post(
            path,
            json.dumps(sent) if isinstance(sent, dict) else sent,
            content_type="application/json",
        )
        found = [word for one in said(answer.json()) for word in unmarked([one], known)]
        wrong += [f"{path}: {' '.join(found)}"] if found else []
        assert answer.status_code >= 400, path
    assert not wrong, "\n".join(wrong)
