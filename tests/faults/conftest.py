"""The faults use the same pools, endpoints and models as the tests of generation."""

from tests.models_registry.conftest import (
    drain,
    endpoint,
    make_pool,
    model,
    provider,
)

__all__ = ["drain", "endpoint", "make_pool", "model", "provider"]
