"""A cache that all processes share, and that goes on without them where Redis does not answer."""

import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

AGAIN_SECONDS = 5.0


class SharedCache(RedisCache):
    """Redis's cache; while that is away, stands still or refuses writes, the process's own memory.

    Nobody is kept from signing in by it, and attempts stay limited, in each process by itself. Redis
    is asked again after five seconds: one that stands still would cost each of a request's questions
    its patience.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("shared cache", params)
        self._away_until = 0.0

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._either(lambda cache: cache.add(key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._either(lambda cache: cache.get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._either(lambda cache: cache.set(key, value, timeout, version))

    def delete(self, key: Any, version: Any = None) -> Any:
        return self._either(lambda cache: cache.delete(key, version))

    def _either(self, ask: Callable[[Any], Any]) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return ask(super())
            except RedisError:
                self._away_until = time.monotonic() + AGAIN_SECONDS
        return ask(self._own)
