"""A published pool, a fake endpoint on loopback, and models on it."""

import random

import pytest
from django.utils import timezone

from models_registry.services.drains import produce_completions
from models_registry.services.endpoints import register_endpoint
from models_registry.services.language_models import register_language_model
from prompts.models import Prompt, PromptPool, PromptPoolVersion
from tests.fake_provider import FakeProvider

CANARY = "sk-canary-0123456789abcdefghijkl"


@pytest.fixture
def make_pool(db):
    """Publish a pool version; a prompt is a text, or a list of user turns."""

    def make(prompts=3, slug="pool"):
        given = [f"question {n}" for n in range(prompts)] if isinstance(prompts, int) else prompts
        pool, _ = PromptPool.objects.get_or_create(slug=slug, defaults={"name": slug})
        version = PromptPoolVersion.objects.create(
            pool=pool,
            number=pool.versions.count() + 1,
            state="published",
            digest="0" * 64,
            published_at=timezone.now(),
        )
        Prompt.objects.bulk_create(_prompt(version, at, one) for at, one in enumerate(given))
        return version

    return make


def _prompt(version, position, given):
    turns = given if isinstance(given, list) else [given]
    if isinstance(given, list) and isinstance(given[0], dict):
        kind, messages = "fixed_history", given
    else:
        kind = "own_conversation" if len(turns) > 1 else "fixed_history"
        messages = [{"role": "user", "content": turn} for turn in turns]
    return Prompt(
        version=version,
        position=position,
        external_id=f"q{position}",
        kind=kind,
        messages=messages,
    )


@pytest.fixture
def provider():
    with FakeProvider() as server:
        yield server


@pytest.fixture
def endpoint(db, provider):
    return register_endpoint(
        slug="fake",
        name="Fake",
        kind="openai_chat",
        base_url=provider.base_url,
        api_key=CANARY,
        timeout_seconds=10,
    )


@pytest.fixture
def model(endpoint):
    return register_language_model(
        slug="fake-1", name="Fake One", endpoint=endpoint, remote_name="fake-1"
    )


@pytest.fixture
def imported_model(db):
    return register_language_model(slug="given", name="Given")


@pytest.fixture
def drain():
    """Drain an endpoint in this process, with the settings' lease."""

    def run(endpoint, **options):
        return produce_completions(endpoint_id=endpoint.pk, rng=random.Random(1), **options)

    return run
