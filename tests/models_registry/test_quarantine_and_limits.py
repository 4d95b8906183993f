"""On pages: what comes under another name waits for a decision, and limits a minute are set."""

import pytest
from django.utils import timezone

from models_registry.services.runs import start_run
from tests.fake_provider import Reply, answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def held(make_pool, model, provider, drain):
    """Two answers of another model than was asked for."""
    provider.script = lambda call: Reply(answer("I am somebody else.", model="other-9"))
    run = start_run(pool_version=make_pool(2), language_models=[model], now=timezone.now()).run
    drain(model.endpoint)
    return run


def states(model):
    return sorted(model.completions.values_list("state", flat=True))


def decide(page, model, do):
    return page.post(f"/models/{model}/quarantine/", {"response_model": "other-9", "do": do})


def test_a_model_page_shows_what_is_held_back_and_one_click_lets_it_count(page, held, model):
    told = page.get(f"/models/{model}/").content.decode()
    assert "Answers in quarantine" in told
    assert "other-9" in told
    assert "I am somebody else." in told
    assert decide(page, model, "accept")["Location"] == f"/models/{model}/"
    model.refresh_from_db()
    assert (states(model), model.paused_at) == (["succeeded", "succeeded"], None)
    assert "Answers in quarantine" not in page.get(f"/models/{model}/").content.decode()


def test_the_same_is_thrown_away_over_the_api(held, model, alice, client_of):
    body = {"response_model": "other-9"}
    address = f"/api/v1/models/{model}/ask-again/"
    asked = client_of(alice).post(address, body, format="json")
    model.refresh_from_db()
    assert (asked.status_code, asked.json()) == (200, {"answers": 2})
    assert (states(model), model.paused_at) == (["pending", "pending"], None)


def test_what_is_of_another_model_is_thrown_away_and_asked_again(
    page, held, model, provider, drain
):
    decide(page, model, "again")
    model.refresh_from_db()
    waiting = model.completions.order_by("pk").first()
    assert (states(model), model.paused_at) == (["pending", "pending"], None)
    assert (waiting.text, waiting.turns, waiting.attempts_made) == ("", [], 0)
    provider.script = lambda call: Reply(answer("I am it."))
    drain(model.endpoint)
    assert {one.text for one in model.completions.all()} == {"I am it."}
    assert decide(page, model, "again").status_code == 302
    assert states(model) == ["succeeded", "succeeded"]


def test_limits_a_minute_are_set_and_taken_off(page, endpoint):
    address = f"/endpoints/{endpoint.slug}/edit/"
    values = {
        "name": "Fake",
        "base_url": endpoint.base_url,
        "max_concurrency": 4,
        "timeout_seconds": 30,
    }
    page.post(address, values | {"requests_per_minute": 600, "tokens_per_minute": 90_000})
    endpoint.refresh_from_db()
    assert (endpoint.requests_per_minute, endpoint.tokens_per_minute) == (600, 90_000)
    assert 'value="90000"' in page.get(address).content.decode()
    assert page.post(address, values | {"requests_per_minute": 0}).status_code == 400
    page.post(address, values)
    endpoint.refresh_from_db()
    assert (endpoint.requests_per_minute, endpoint.tokens_per_minute) == (None, None)
