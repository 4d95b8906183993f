"""The API of the registry: who may do what, what comes back, what is refused."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from models_registry import tasks
from models_registry.models import Completion, LanguageModel, ModelEndpoint
from models_registry.services.language_models import register_language_model, set_price
from models_registry.services.runs import start_run
from tests.fake_provider import Reply
from tests.models_registry.conftest import CANARY

pytestmark = pytest.mark.django_db
API = "/api/v1/"
ENDPOINT = {
    "slug": "e",
    "name": "E",
    "kind": "openai_chat",
    "base_url": "https://a.example/v1",
    "api_key": CANARY,
}


@pytest.fixture
def api(alice, client_of):
    """Call as alice: method, path, body."""
    client = client_of(alice)

    def call(method, path, body=None):
        return getattr(client, method)(API + path, body, format="json")

    return call


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    """Doorbells that were rung; no worker listens here."""
    bells = []
    monkeypatch.setattr(tasks.dispatch_due, "delay", lambda: bells.append("dispatch"))
    return bells


def problem(response, status, code):
    body = json.loads(response.content)
    assert (response.status_code, body["code"]) == (status, code), body
    return body


def test_registers_an_endpoint_and_never_shows_its_key(api):
    made = api("post", "endpoints/", ENDPOINT)
    assert made.status_code == 201
    assert made.json() | {"created_at": None} == {
        "slug": "e",
        "name": "E",
        "kind": "openai_chat",
        "base_url": "https://a.example/v1",
        "has_key": True,
        "key_hint": "…ijkl",
        "max_concurrency": 8,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "resting_until": None,
        "rest_reason": "",
        "timeout_seconds": 120,
        "paused_at": None,
        "pause_reason": "",
        "created_at": None,
    }
    problem(api("post", "endpoints/", ENDPOINT), 409, "slug_taken")
    assert api("get", "endpoints/").json()["count"] == 1


def test_changes_an_endpoint_and_says_that_the_key_is_gone(api):
    api("post", "endpoints/", ENDPOINT)
    changed = api("patch", "endpoints/e/", {"base_url": "https://b.example/v1"}).json()
    assert (changed["base_url"], changed["has_key"]) == ("https://b.example/v1", False)
    assert api("patch", "endpoints/e/", {"api_key": CANARY}).json()["has_key"]
    assert not api("patch", "endpoints/e/", {"api_key": ""}).json()["has_key"]
    problem(api("patch", "endpoints/other/", {}), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"kind": "other"}, "kind"),
        ({"slug": "a b"}, "slug"),
        ({"name": 5}, "name"),
        ({"max_concurrency": "8"}, "max_concurrency"),
        ({"max_concurrency": True}, "max_concurrency"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"timeout_seconds": 10**30}, "timeout_seconds"),
        ({"api_key": ["x"]}, "api_key"),
        ({"nonsense": 1}, "nonsense"),
        ({"pause_reason": "x"}, "pause_reason"),
        ({"name": "\u0000"}, None),
    ],
)
def test_refuses_wrong_fields_by_name(api, change, column):
    response = api("post", "endpoints/", ENDPOINT | change)
    assert response.status_code == 400
    if column:
        assert column in {one["column"] for one in response.json()["errors"]}
    assert not ModelEndpoint.objects.exists()


def test_ends_a_rest_and_rings(api, endpoint, rung, django_capture_on_commit_callbacks):
    soon = timezone.now() + timedelta(seconds=30)
    ModelEndpoint.objects.update(resting_until=soon, failures_in_a_row=9)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert api("post", "endpoints/fake/try-now/").json()["resting_until"] is None
    assert rung == ["dispatch", "dispatch"]
    assert ModelEndpoint.objects.get().failures_in_a_row == 9
    ModelEndpoint.objects.update(paused_at=timezone.now(), pause_reason="bad key")
    problem(api("post", "endpoints/fake/try-now/"), 409, "endpoint_paused")


@pytest.mark.parametrize("base_url", ["http://a.example", "https://10.0.0.1/", "https://a/?x"])
def test_refuses_urls_that_must_not_be_called(api, base_url):
    problem(api("post", "endpoints/", ENDPOINT | {"base_url": base_url}), 400, "base_url")


def test_lifts_a_pause_and_rings(api, endpoint, rung, django_capture_on_commit_callbacks):
    ModelEndpoint.objects.update(paused_at=timezone.now(), pause_reason="bad key")
    assert api("get", "endpoints/fake/").json()["pause_reason"] == "bad key"
    with django_capture_on_commit_callbacks(execute=True):
        assert api("post", "endpoints/fake/resume/").json()["paused_at"] is None
    assert rung == ["dispatch"]


def test_registers_and_versions_a_model(api, endpoint):
    body = {"slug": "m", "name": "M", "endpoint": "fake", "remote_name": "m-1"}
    body |= {"settings": {"temperature": 0.5}, "parameters": "70B"}
    made = api("post", "models/", body)
    assert made.status_code == 201
    assert (made.json()["version"], made.json()["settings"]) == (1, {"temperature": 0.5})
    LanguageModel.objects.update(frozen_at=timezone.now())
    problem(api("patch", "models/m/", {"settings": {}}), 409, "frozen")
    assert api("patch", "models/m/", {"publisher": "P"}).json()["publisher"] == "P"
    second = api("post", "models/m/versions/", {"settings": {"temperature": 0}})
    assert (second.status_code, second.json()["version"]) == (201, 2)
    assert [one["version"] for one in api("get", "models/m/versions/").json()["results"]] == [2, 1]
    assert api("get", "models/m@1/").json()["version"] == 1
    problem(api("get", "models/m@7/"), 404, "no_model")
    assert api("post", "models/m@1/retire/").json()["retired_at"]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "nowhere"},
        {"settings": []},
        {"settings": {"temperature": 9}},
        {"settings": {"max_tokens": -1}},
        {"settings": {"a": {"b": "\u0000"}}},
        {"context_tokens": 2**31},
        {"released_on": "soon"},
        {"version": 5},
        {"remote_name": ""},
    ],
)
def test_refuses_wrong_models(api, endpoint, change):
    body = {"slug": "m", "name": "M", "endpoint": "fake", "remote_name": "m-1"}
    assert api("post", "models/", body | change).status_code == 400
    assert not LanguageModel.objects.exists()


def test_enters_a_price(api, model):
    price = {"valid_from": "2026-01-01", "input_per_million": "0.5", "output_per_million": "1.5"}
    assert api("post", "models/fake-1/prices/", price).status_code == 201
    assert api("get", "models/fake-1/").json()["prices"] == [
        {
            "valid_from": "2026-01-01",
            "input_per_million": "0.500000",
            "output_per_million": "1.500000",
        }
    ]
    for wrong in ("-1", "NaN", "1e99", "x"):
        body = price | {"input_per_million": wrong}
        assert api("post", "models/fake-1/prices/", body).status_code == 400


def test_probes_a_model(api, model, provider):
    told = api("post", "models/fake-1/probe/", {"prompt": "Ready?"}).json()
    assert (told["text"], told["outcome"], told["error"]) == ("echo: Ready?", "answered", "")
    assert (told["prompt_tokens"], told["completion_tokens"]) == (10, 5)
    provider.script = lambda call: Reply({"error": {"message": "bad key"}}, status=401)
    told = api("post", "models/fake-1/probe/", {}).json()
    assert (told["text"], told["error"]) == (None, "denied")
    assert "bad key" in told["message"]


def test_tries_a_model_before_it_is_kept_and_keeps_nothing(api, provider):
    there = {"base_url": provider.base_url, "remote_name": "fake-1", "api_key": CANARY}
    told = api("post", "model-trials/", there | {"prompt": "Ready?"})
    assert (told.status_code, told.json()["text"]) == (200, "echo: Ready?")
    assert CANARY not in told.content.decode()
    provider.script = lambda call: Reply({"error": {"message": "bad key"}}, status=401)
    assert api("post", "model-trials/", there).json()["error"] == "denied"
    assert not LanguageModel.objects.exists()
    assert not ModelEndpoint.objects.exists()


def test_tries_a_model_at_a_registered_endpoint_or_says_that_there_is_none(api, endpoint, model):
    told = api("post", "model-trials/", {"endpoint": "fake", "remote_name": "fake-1"}).json()
    assert (told["error"], told["outcome"]) == ("", "answered")
    problem(api("post", "model-trials/", {"remote_name": "fake-1"}), 400, "base_url")
    assert LanguageModel.objects.count() == 1


def test_lists_presets_with_their_sources(api):
    told = {one["slug"]: one for one in api("get", "model-presets/").json()}
    assert told["llama-2-70b-chat"]["routes"][0]["remote_name"] == "meta-llama/Llama-2-70b-chat-hf"
    assert told["gpt-4"]["parameters"] == "undisclosed"
    assert all(one["source"] for one in told.values())


def test_estimates_starts_and_follows_a_run(
    api, make_pool, model, rung, django_capture_on_commit_callbacks
):
    make_pool(3)
    set_price(
        language_model=model,
        valid_from=date(2020, 1, 1),
        input_per_million=Decimal(1),
        output_per_million=Decimal(1),
    )
    body = {"pool": "pool", "models": ["fake-1"]}
    dry = api("post", "generation-runs/", body | {"dry_run": True}).json()
    assert (dry["run"], dry["estimate"][0]["completions"]) == (None, 3)
    assert Decimal(dry["estimate"][0]["cost"]) > 0
    assert not Completion.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        started = api("post", "generation-runs/", body)
    assert (started.status_code, started.json()["inserted"]) == (201, 3)
    assert rung == ["dispatch"]
    again = api("post", "generation-runs/", body | {"pool": "pool/1"})
    assert (again.status_code, again.json()["inserted"]) == (200, 0)
    path = f"generation-runs/{started.json()['run']['id']}/"
    told = api("get", path).json()
    assert (told["pool"], told["pool_version"], told["models"]) == ("pool", 1, ["fake-1@1"])
    assert told["progress"]["states"]["pending"] == 3
    assert api("post", path + "pause/").json()["state"] == "paused"
    assert api("post", path + "resume/").json()["state"] == "running"
    cancelled = api("post", path + "cancel/").json()
    assert (cancelled["state"], cancelled["progress"]["states"]["cancelled"]) == ("cancelled", 3)
    problem(api("post", path + "resume/"), 409, "run_cancelled")
    assert api("get", "generation-runs/").json()["count"] == 1


def test_a_run_names_its_models_in_one_order_on_every_database(api, make_pool, endpoint, rung):
    make_pool(1)
    for slug in ("zebu", "aurochs", "moose"):
        body = {"slug": slug, "name": slug, "endpoint": endpoint.slug, "remote_name": slug}
        assert api("post", "models/", body).status_code == 201
    body = {"pool": "pool", "models": ["zebu", "moose", "aurochs"]}
    started = api("post", "generation-runs/", body).json()["run"]
    assert started["models"] == ["aurochs@1", "moose@1", "zebu@1"]
    (listed,) = api("get", "generation-runs/").json()["results"]
    assert listed["models"] == started["models"]


def test_a_broker_that_is_away_fails_no_request(
    api, make_pool, model, monkeypatch, django_capture_on_commit_callbacks
):
    def away():
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.dispatch_due, "delay", away)
    make_pool(1)
    with django_capture_on_commit_callbacks(execute=True):
        started = api("post", "generation-runs/", {"pool": "pool", "models": ["fake-1"]})
    assert started.status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"pool": "nowhere"}, 404),
        ({"pool": "pool/9"}, 404),
        ({"pool": "pool/x"}, 404),
        ({"models": []}, 400),
        ({"models": ["nobody"]}, 404),
        ({"models": "fake-1"}, 400),
        ({"samples": 0}, 400),
        ({"samples": "1"}, 400),
        ({"dry_run": "yes"}, 400),
        ({"extra": 1}, 400),
    ],
)
def test_refuses_wrong_runs(api, make_pool, model, change, status):
    make_pool(1)
    body = {"pool": "pool", "models": ["fake-1"]} | change
    assert api("post", "generation-runs/", body).status_code == status
    assert not Completion.objects.exists()


def test_imports_a_file_of_completions(alice, client_of, make_pool, imported_model):
    make_pool(["one", "two"])
    client = client_of(alice)

    def send(data, **fields):
        file = SimpleUploadedFile("answers.jsonl", data)
        body = {"file": file, "model": "given", "pool": "pool"} | fields
        return client.post(API + "completions/import/", body, format="multipart")

    done = send(b'{"prompt": "one", "text": "  a\\r\\n"}\n')
    assert (done.status_code, done.json()["created"]) == (201, 1)
    assert Completion.objects.get().text == "  a\r\n"
    bad = problem(send(b'{"prompt": "two", "text": 5}\n{"x": 1}\n'), 400, "bad_rows")
    assert [one["row"] for one in bad["errors"]] == [1, 2]
    assert send(b"PK\x03\x04...").status_code == 415
    assert send(b"").status_code == 400
    assert send(b"[]", model="nobody").status_code == 404
    assert send(b"[]", nonsense="1").status_code == 400


@pytest.mark.parametrize("name", ["bob", "dave"])
def test_raters_see_nothing_and_researchers_change_nothing(
    request, client_of, name, model, make_pool
):
    run = start_run(pool_version=make_pool(1), language_models=[model], now=timezone.now()).run
    client = client_of(request.getfixturevalue(name))
    reading = ["endpoints/", "endpoints/fake/", "models/", "models/fake-1/", "model-presets/"]
    reading += ["models/fake-1/versions/", "generation-runs/", f"generation-runs/{run.pk}/"]
    for path in reading:
        assert client.get(API + path).status_code == (403 if name == "bob" else 200), path
    changing = ["endpoints/", "endpoints/fake/resume/", "models/", "models/fake-1/versions/"]
    changing += ["models/fake-1/prices/", "models/fake-1/probe/", "models/fake-1/retire/"]
    changing += ["generation-runs/", "completions/import/"]
    changing += [f"generation-runs/{run.pk}/{verb}/" for verb in ("pause", "resume", "cancel")]
    for path in changing:
        assert client.post(API + path, {}, format="json").status_code == 403, path
    for path in ("endpoints/fake/", "models/fake-1/"):
        assert client.patch(API + path, {}, format="json").status_code == 403


def test_nothing_is_open_to_strangers(client):
    for path in ("endpoints/", "models/", "model-presets/", "generation-runs/"):
        assert client.get(API + path).status_code == 401


@pytest.mark.parametrize("path", ["endpoints/", "models/", "generation-runs/"])
def test_lists_take_as_many_queries_for_twelve_as_for_two(api, endpoint, make_pool, path):
    def add(number):
        model = register_language_model(
            slug=f"m{number}", name=f"M {number}", endpoint=endpoint, remote_name="m"
        )
        set_price(
            language_model=model,
            valid_from=date(2026, 1, 1),
            input_per_million=Decimal(1),
            output_per_million=Decimal(1),
        )
        start_run(pool_version=make_pool(1), language_models=[model], now=timezone.now())
        ModelEndpoint.objects.create(slug=f"e{number}", name="E", kind="openai_chat", base_url="x")

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert api("get", path).status_code == 200
        return len(queries)

    for number in range(2):
        add(number)
    count()  # the token's use is noted once
    few = count()
    for number in range(2, 12):
        add(number)
    assert count() == few
