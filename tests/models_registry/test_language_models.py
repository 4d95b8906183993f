"""Language models: pinned once used, versioned, priced, retired; and the presets' facts."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid, Missing
from models_registry.models import LanguageModel
from models_registry.presets import PRESETS, UNDISCLOSED
from models_registry.providers import PROVIDERS
from models_registry.providers.addresses import parse_base_url
from models_registry.providers.sampling import settings_errors
from models_registry.services.language_models import (
    cost_of,
    find_language_model,
    freeze,
    new_version,
    price_on,
    register_language_model,
    retire_language_model,
    set_price,
    update_language_model,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def frozen(model):
    freeze(models=[model], now=timezone.now())
    model.refresh_from_db()
    return model


def test_what_is_pinned_can_change_until_the_first_use(model):
    changed = update_language_model(language_model=model, settings={"temperature": 0.2})
    assert changed.settings == {"temperature": 0.2}


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"temperature": 1}},
        {"system_prompt": "x"},
        {"remote_name": "y"},
        {"endpoint": None},
    ],
)
def test_what_is_pinned_never_changes_after_it(frozen, change):
    with pytest.raises(Conflict, match="new version"):
        update_language_model(language_model=frozen, **change)


def test_facts_can_change_at_any_time(frozen):
    changed = update_language_model(
        language_model=frozen, publisher="P", settings={}, released_on="2023-07"
    )
    assert (changed.publisher, changed.released_on) == ("P", "2023-07")


def test_a_new_version_carries_the_rest_over(frozen):
    set_price(
        language_model=frozen,
        valid_from=date(2026, 1, 1),
        input_per_million=Decimal(1),
        output_per_million=Decimal(2),
    )
    made = new_version(language_model=frozen, settings={"temperature": 0})
    assert (str(made), made.remote_name, made.frozen_at) == ("fake-1@2", "fake-1", None)
    assert made.prices.count() == 1
    assert find_language_model("fake-1") == made
    assert find_language_model("fake-1@1") == frozen
    with pytest.raises(Invalid, match="Nothing that is pinned"):
        new_version(language_model=frozen, settings={"temperature": 0})


@pytest.mark.parametrize("reference", ["nobody", "fake-1@9", "fake-1@x", "fake-1@", ""])
def test_says_when_there_is_no_such_model(model, reference):
    if reference == "fake-1@":
        assert find_language_model(reference) == model
        return
    with pytest.raises(Missing):
        find_language_model(reference)


@pytest.mark.parametrize(
    "wrong",
    [
        {"settings": {"temperature": 9}},
        {"settings": {"streams": True}},
        {"remote_name": " "},
        {"released_on": "July 2023"},
        {"released_on": "2023-02-30"},
        {"system_prompt": "x" * 32_001},
        {"publisher": "x" * 201},
        {"slug": "no slug"},
        {"nonsense": 1},
    ],
)
def test_refuses_what_is_wrong(endpoint, wrong):
    given = {"slug": "m", "name": "M", "endpoint": endpoint, "remote_name": "m"}
    with pytest.raises(Invalid):
        register_language_model(**(given | wrong))
    assert not LanguageModel.objects.exists()


def test_nothing_is_pinned_without_an_endpoint():
    with pytest.raises(Invalid, match="Without an endpoint"):
        register_language_model(slug="m", name="M", settings={"temperature": 1})


def test_two_models_never_look_alike(model):
    for name in ("Fake One", "fake  one", "\uff26ake One"):
        with pytest.raises(Conflict, match="called"):
            register_language_model(slug="other", name=name)
    with pytest.raises(Conflict, match="already"):
        register_language_model(slug="fake-1", name="Other")


def test_the_price_of_a_day_is_the_last_one_before_it(model):
    for day, price in ((1, 10), (15, 20)):
        set_price(
            language_model=model,
            valid_from=date(2026, 1, day),
            input_per_million=Decimal(price),
            output_per_million=Decimal(0),
        )

    def on(*day):
        found = price_on(language_model_id=model.pk, day=date(*day))
        return found and found.input_per_million

    assert on(2025, 12, 31) is None
    assert on(2026, 1, 14) == 10
    assert on(2026, 1, 15) == 20
    price = price_on(language_model_id=model.pk, day=date(2026, 2, 1))
    assert cost_of(price=price, prompt_tokens=500_000, completion_tokens=9) == Decimal(10)
    assert cost_of(price=price, prompt_tokens=None, completion_tokens=9) is None
    assert cost_of(price=None, prompt_tokens=1, completion_tokens=1) is None


def test_a_price_can_be_corrected_and_is_never_negative(model):
    values = {"language_model": model, "valid_from": date(2026, 1, 1)}
    for price in (1, 2):
        set_price(**values, input_per_million=Decimal(price), output_per_million=Decimal(price))
    assert model.prices.get().input_per_million == 2
    with pytest.raises(Invalid):
        set_price(**values, input_per_million=Decimal(-1), output_per_million=Decimal(1))


def test_retiring_twice_keeps_the_first_day(model, now):
    first = retire_language_model(language_model=model, now=now)
    again = retire_language_model(language_model=model, now=timezone.now())
    assert first.retired_at == again.retired_at == now


def test_the_presets_hold_the_known_facts():
    facts = {one.slug: one for one in PRESETS}
    for size in ("7B", "13B", "70B"):
        one = facts[f"llama-2-{size.lower()}-chat"]
        assert (one.publisher, one.parameters, one.context_tokens) == ("Meta", size, 4096)
        assert one.licence == "Llama 2 Community License"
        assert one.released_on.startswith("2023-07")
        assert one.architecture.startswith("dense")
        assert [route.server for route in one.routes] == ["vLLM", "llama.cpp", "Ollama"]
    for slug in ("gpt-4", "gpt-3-5-turbo"):
        assert facts[slug].parameters == facts[slug].architecture == UNDISCLOSED


@pytest.mark.parametrize("preset", PRESETS, ids=lambda one: one.slug)
def test_every_preset_can_be_registered(endpoint, preset):
    for route in preset.routes:
        assert parse_base_url(route.base_url, private_hosts=["127.0.0.1"])
        provider = PROVIDERS[route.kind]
        assert settings_errors(provider.SETTINGS, preset.settings, needs_limit=True) == []
    names = ("publisher", "licence", "architecture", "parameters", "context_tokens", "released_on")
    register_language_model(
        slug=preset.slug,
        name=preset.name,
        endpoint=endpoint,
        remote_name=preset.routes[0].remote_name,
        settings=preset.settings,
        **{name: getattr(preset, name) for name in names},
    )
    assert preset.source
