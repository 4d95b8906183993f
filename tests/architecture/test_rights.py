"""Every route against everybody: strangers, each role in a session, and tokens of each scope.

Each case runs in a savepoint that is rolled back, so that none sees what another did.
"""

import json
from dataclasses import dataclass

import pytest
from celery.app.task import Task
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.services import issue_token
from tests.architecture.rights import RIGHTS
from tests.everything import Everything, make_everything
from tests.routes import named_routes

ROUTES = {route.name: route for route in named_routes()}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SIGN_IN = "/sign-in/"


@dataclass(frozen=True)
class Actor:
    """Somebody who asks: a person in a session, or with a token of some scopes; or nobody."""

    person: str = ""
    scopes: frozenset[str] = frozenset()
    token: bool = False

    def may(self, right: str) -> bool:
        special = {
            "open": True,
            "user": bool(self.person),
            "library": bool(self.person),
            "own": self.person == "dave" and self.all_scopes,
            "holder": self.person == "bob",
            "credentials of one's own": bool(self.person) and self.all_scopes,
            "credentials": "manage" in self.scopes and self.all_scopes,
        }
        return special.get(right, right in self.scopes)

    @property
    def all_scopes(self) -> bool:
        return not self.token or self.scopes in {RESEARCH, MANAGE, JUDGE}


JUDGE, RESEARCH = frozenset({"judge"}), frozenset({"read", "export"})
MANAGE = RESEARCH | {"manage"}
READ, ONLY_MANAGE = frozenset({"read"}), frozenset({"manage"})
ACTORS = {
    "nobody": Actor(),
    "rater": Actor("bob", JUDGE),
    "another rater": Actor("carol", JUDGE),
    "researcher": Actor("dave", RESEARCH),
    "admin": Actor("alice", MANAGE),
    "rater's token": Actor("bob", JUDGE, token=True),
    "another rater's token": Actor("carol", JUDGE, token=True),
    "researcher's token": Actor("dave", RESEARCH, token=True),
    "token that reads": Actor("dave", READ, token=True),
    "token that only manages": Actor("alice", ONLY_MANAGE, token=True),
    "admin's token": Actor("alice", MANAGE, token=True),
}
CASES = [
    (name, method)
    for name, route in ROUTES.items()
    for method in METHODS
    if method in {"GET", "POST"} or route.is_api
]
FOREIGN = [
    ("judge-submit", "POST", "another rater"),
    ("judge-skip", "POST", "another rater"),
    ("judge-change", "GET", "another rater"),
    ("judge-change", "POST", "another rater"),
    ("api-judgment", "POST", "another rater's token"),
    ("api-judgment", "PUT", "another rater's token"),
    ("api-skip", "POST", "another rater's token"),
    ("profile-token-revoke", "POST", "rater"),
    ("profile-token-revoke", "POST", "admin"),
    ("api-token", "DELETE", "rater's token"),
    ("api-token", "DELETE", "admin's token"),
]


@pytest.fixture
def everything(db, settings, tmp_path, monkeypatch) -> Everything:
    settings.EXPORT_DIR = tmp_path
    # Nothing is to be worked on: what the cases change is rolled back.
    monkeypatch.setattr(Task, "apply_async", lambda *args, **options: None)
    return make_everything(now=timezone.now())


@pytest.fixture
def ask(everything):
    """Ask as an actor and roll back whatever that did; return the status and where to go."""

    def asked(name: str, method: str, actor: Actor, **arguments) -> tuple[int, str]:
        with transaction.atomic():
            client, headers = _client(everything, actor)
            data = json.dumps(everything.body(name))
            content = {"data": data, "content_type": "application/json"}
            response = client.generic(
                method,
                everything.address(ROUTES[name], coded="manage" not in actor.scopes, **arguments),
                **(content if ROUTES[name].is_api and method != "GET" else {}),
                headers=headers,
            )
            if response.streaming:
                b"".join(response)
            transaction.set_rollback(True)
        return response.status_code, response.get("Location", "")

    return asked


def _client(everything: Everything, actor: Actor) -> tuple[Client, dict[str, str]]:
    client = Client()
    if not actor.person:
        return client, {}
    user = everything.people[actor.person]
    if not actor.token:
        client.force_login(user)
        return client, {}
    issued = issue_token(user=user, name="asks", now=timezone.now(), scopes=actor.scopes)
    return client, {"Authorization": f"Bearer {issued.secret}"}


def test_every_route_says_who_may_call_it():
    assert sorted(ROUTES) == sorted(RIGHTS), (
        "a route needs its line in tests/architecture/rights.py"
    )


def test_there_are_many_cases():
    assert len(CASES) * len(ACTORS) >= 600


@pytest.mark.once
@pytest.mark.parametrize("who", ACTORS)
def test_only_who_may_is_let_in(ask, who):
    actor, wrong = ACTORS[who], []
    for name, method in CASES:
        right = RIGHTS.get(name, {}).get(method)
        if right is None and actor.token and actor is not ACTORS["admin's token"]:
            continue  # refused to all: whoever of them may the most is enough
        status, location = ask(name, method, actor)
        expectations = _of_the_api if ROUTES[name].is_api else _of_a_page
        expected = expectations(right, actor)
        answer: int | str = "sign-in" if location.startswith(SIGN_IN) else status
        if answer not in expected:
            wrong.append(f"{method} {name}: {answer}, not one of {sorted(map(str, expected))}")
    assert wrong == []


def _of_the_api(right: str | None, actor: Actor) -> set[int | str]:
    """Return the statuses that may be answered."""
    if right == "open":
        # Who has an account does not join.
        return {200, 201} if not actor.person else {200, 409}
    if right is None:
        return {403, 405} if actor.person else {401, 405}
    if not actor.person:
        return {401}
    if not actor.may(right):
        # What belongs to somebody else is not there at all.
        return {403, 404} if right in {"own", "holder"} else {403}
    return {200, 201, 202, 204, 400, 409, 410, 415}


def _of_a_page(right: str | None, actor: Actor) -> set[int | str]:
    # Pages know sessions only: to them the bearer of a token is a stranger.
    stranger = not actor.person or actor.token
    if right is None:
        return {"sign-in", 405} if stranger else {403, 404, 405}
    if right == "open":
        return {"sign-in", 200, 302, 410}
    if stranger:
        return {"sign-in"}
    if right == "library":
        return {200, 302, 403, 404}
    if not actor.may(right):
        return {403, 404} if right in {"own", "holder"} else {403}
    return {200, 204, 302, 400, 409, 410}


def test_what_belongs_to_somebody_else_is_not_there(ask):
    found = [(*one, ask(one[0], one[1], ACTORS[one[2]])[0]) for one in FOREIGN]
    assert found == [(*one, 404) for one in FOREIGN]


def test_what_was_never_there_is_not_found(ask):
    for name, route in ROUTES.items():
        if "pk" not in route.arguments:
            continue
        who = ACTORS["admin's token" if route.is_api else "admin"]
        for method in RIGHTS[name]:
            status, _ = ask(name, method, who, pk=987_654_321)
            # 409: what must be confirmed was not, and nobody looked any further.
            assert (name, status) in {(name, 404), ("run-cancel", 409)}


def test_a_form_of_another_site_is_refused(everything):
    client = Client(enforce_csrf_checks=True)
    client.force_login(everything.people["alice"])
    for name, rights in RIGHTS.items():
        if "POST" in rights:
            address = everything.address(ROUTES[name])
            as_api = {"content_type": "application/json"} if ROUTES[name].is_api else {}
            response = client.post(address, **as_api)
            assert (name, response.status_code) in {(name, 403), ("api-completions-import", 415)}
