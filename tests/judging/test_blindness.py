"""Blindness: what identifies a model appears in no byte that a rater receives."""

import re

import pytest
from django.urls import get_resolver

from judging.models import Assignment
from tests.scenarios import published_study

CANARY = "zyxcanary"
VOTES = {"votes": {"quality": 1}}
ALLOWED_KEYS = {
    "assignment": {
        *("token", "expires_at", "prompt", "prompt.messages", "prompt.messages.role"),
        *(
            "prompt.messages.content",
            "prompt.risk_tags",
            "a",
            "a.text",
            "a.turns",
            "b",
            "b.text",
            "b.turns",
        ),
        *("criteria", "criteria.key", "criteria.label", "criteria.question", "criteria.scale"),
        *("criteria.choices", "criteria.choices.value", "criteria.choices.label"),
        *("progress", "progress.done", "progress.target"),
    },
    "judgment": {
        *("id", "revision", "submitted_at", "undo_until", "votes", "votes.quality", "comment"),
    },
    "skip": {"token", "state"},
    "studies": {
        *("slug", "name", "guidelines", "criteria", "criteria.key", "criteria.label"),
        *("criteria.question", "criteria.definition", "criteria.guidance"),
        *("criteria.scale", "criteria.labels", "progress", "progress.done", "progress.target"),
    },
}
ALLOWED_HEADERS = {
    *("Content-Type", "Content-Length", "Vary", "Allow", "X-Frame-Options", "X-Request-ID"),
    *("Cache-Control", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"),
    "Cross-Origin-Opener-Policy",
}


def keys_of(value, where=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{where}.{key}".strip(".")
            yield path
            yield from keys_of(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner, where)


@pytest.fixture
def marked(db):
    """A study whose models carry a canary wherever something could identify them."""
    return published_study(prompts=6, models=3, canary=CANARY, completion={
        "finish_reason": CANARY,
        "system_fingerprint": CANARY,
        "provider_request_id": CANARY,
        "request": {"model": CANARY},
        "last_error_message": CANARY,
    })  # fmt: skip


def conversation(client, scene):
    """Everything a rater can be answered in the flow, errors included, by name."""
    yield "studies", client.get("/api/v1/studies/open/")
    shown = client.post(scene.url)
    yield "assignment", shown
    yield "assignment", client.post(scene.url)
    yield "assignment", client.post(scene.url, {"prefetch": True}, format="json")
    base = f"/api/v1/assignments/{shown.json()['token']}/"
    yield "error", client.post(f"{base}judgment/", {"votes": {}}, format="json")
    yield "judgment", client.post(f"{base}judgment/", VOTES, format="json")
    yield "judgment", client.post(f"{base}judgment/", VOTES, format="json")
    yield "error", client.post(f"{base}judgment/", {"votes": {"quality": 2}}, format="json")
    yield "judgment", client.put(f"{base}judgment/", {"votes": {"quality": 2}}, format="json")
    yield "error", client.post(f"{base}skip/", {"reason": "x"}, format="json")
    token = client.post(scene.url).json()["token"]
    yield "skip", client.post(f"/api/v1/assignments/{token}/skip/", {"reason": "x"}, format="json")
    yield "error", client.post(f"/api/v1/assignments/{token}/judgment/", VOTES, format="json")
    yield "error", client.post("/api/v1/studies/nope/assignments/")
    while (answer := client.post(scene.url)).status_code != 204:
        yield "assignment", answer
        token = answer.json()["token"]
        client.post(f"/api/v1/assignments/{token}/judgment/", VOTES, format="json")
    yield "end", answer


def test_no_canary_reaches_a_rater_in_the_whole_flow(marked, client_of):
    seen = list(conversation(client_of(marked.bob.user), marked))
    assert len(seen) > 15
    for _, response in seen:
        assert CANARY.encode() not in response.content
        assert CANARY not in str(response.headers)


def test_every_key_and_header_of_the_flow_is_on_the_allow_list(marked, client_of):
    for kind, response in conversation(client_of(marked.bob.user), marked):
        assert set(response.headers) <= ALLOWED_HEADERS
        if kind in ALLOWED_KEYS:
            assert response.status_code in {200, 201}
            assert set(keys_of(response.json())) <= ALLOWED_KEYS[kind]


def api_paths(patterns, prefix=""):
    for one in patterns:
        path = prefix + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from api_paths(one.url_patterns, path)
        elif path.startswith("api/v1/"):
            yield path


def test_no_other_address_of_the_api_shows_a_canary_to_a_rater(marked, client_of):
    client = client_of(marked.bob.user)
    token = client.post(marked.url).json()["token"]
    values = {"slug": marked.study.slug, "token": token, "pk": "1", "number": "1", "version": "1"}
    paths = sorted(set(api_paths(get_resolver().url_patterns)))
    assert len(paths) > 20
    for path in paths:
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda hit: values.get(hit[1], "1"), path)
        for method in ("get", "post", "put", "patch", "delete", "options"):
            response = getattr(client, method)(f"/{filled}", {}, format="json")
            assert CANARY.encode() not in response.getvalue(), (method, filled)
            assert response.status_code < 500, (method, filled)


def test_tokens_are_long_random_and_never_repeat_for_a_comparison(marked, client_of):
    tokens = []
    for rater in (marked.bob, marked.carol):
        client = client_of(rater.user)
        while (answer := client.post(marked.url)).status_code == 201:
            tokens.append(answer.json()["token"])
            url = f"/api/v1/assignments/{tokens[-1]}/skip/"
            client.post(url, {"reason": "x"}, format="json")
    assert len(set(tokens)) == len(tokens) == 12
    assert all(len(one) >= 32 for one in tokens)


def test_asking_again_never_draws_the_sides_anew(marked, client_of):
    client = client_of(marked.bob.user)
    bodies = [client.post(marked.url).content for _ in range(40)]
    assert len(set(bodies)) == 1
    assert Assignment.objects.count() == 1


def test_answers_are_private_and_never_cached(marked, client_of):
    response = client_of(marked.bob.user).post(marked.url)
    assert response["Cache-Control"] == "no-store, private"
    assert "ETag" not in response
