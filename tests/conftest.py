"""Fixtures every test may use: API clients of the cast, and a clock."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import create_user, issue_token

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


LOOPBACK = ("127.", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-with-database", action="store_true", help="leave out what asks no database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("only_with_database"):
        without = [item for item in items if not asks_database(item)]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if asks_database(item)]
    served = "postgresql" in settings.DATABASES["default"]["ENGINE"] and not settings.EMBEDDED
    skip = pytest.mark.skip(reason="needs PostgreSQL and Redis: set DATABASE_URL and REDIS_URL")
    for item in items:
        if "services" in item.keywords and not served:
            item.add_marker(skip)


def asks_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "services"))
    return marked or not {"db", "transactional_db", "live_server"}.isdisjoint(
        getattr(item, "fixturenames", ())
    )


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Cut the network: a test that would leave this machine fails at once."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise OSError(f"tests stay on loopback, and this one wants {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, tmp_path_factory
) -> None:
    """Keep SQLite's test database in a file: one in memory cannot be shared between threads."""
    settings_dict = connections["default"].settings_dict
    if "sqlite" in settings_dict["ENGINE"]:
        settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Forget what a process remembers: another test's rows have the same numbers.

    That is of attempts too: SQLite gives another test's admin the same number, and the same limits.
    """
    caches["process"].clear()
    caches["default"].clear()


@pytest.fixture
def now() -> datetime:
    """A fixed moment, for services that take `now`."""
    return NOW


@pytest.fixture
def make_user(db) -> Callable[..., User]:
    """Create a user by name and role: alice is the admin, bob and carol rate, dave researches."""

    def make(username: str, role: str, **options) -> User:
        return create_user(username=username, role=role, **options)

    return make


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """An API client that speaks with a user's bearer token."""

    def make(user: User, **options) -> APIClient:
        issued = issue_token(user=user, name="test", now=timezone.now(), **options)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {issued.secret}")
        return client

    return make


@pytest.fixture
def alice(make_user) -> User:
    return make_user("alice", "admin")


@pytest.fixture
def bob(make_user) -> User:
    return make_user("bob", "rater", languages=["en"])


@pytest.fixture
def carol(make_user) -> User:
    return make_user("carol", "rater", languages=["en", "de"])


@pytest.fixture
def dave(make_user) -> User:
    return make_user("dave", "researcher")
