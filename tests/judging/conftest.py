"""Fixtures of judging: one small published study, its raters' clients."""

import pytest

from tests.scenarios import Scenario, published_study


@pytest.fixture
def scene(db, now) -> Scenario:
    """Four prompts, three models, all pairs: 12 comparisons with one place each."""
    return published_study(now=now)


@pytest.fixture
def bob_client(scene, client_of):
    return client_of(scene.bob.user)


@pytest.fixture
def carol_client(scene, client_of):
    return client_of(scene.carol.user)
