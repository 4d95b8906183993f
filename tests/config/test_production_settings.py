"""Production refuses to start half-configured."""

import os
import subprocess
import sys

import pytest

COMPLETE = {
    "PREFERENDUM_PRODUCTION": "1",
    "PREFERENDUM_SECRET_KEY": "s" * 60,
    "PREFERENDUM_ENDPOINT_KEY_SECRETS": "k" * 40,
    "PREFERENDUM_HTTPS": "1",
    "PREFERENDUM_HOSTS": "preferendum.example",
    "DATABASE_URL": "postgres://127.0.0.1/preferendum",
    "REDIS_URL": "redis://127.0.0.1/0",
}


def start(tmp_path, **changes: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **COMPLETE, "PREFERENDUM_DATA_DIR": str(tmp_path), **changes}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    code = "import config.settings as s; print(s.EMBEDDED, s.DATABASES['default']['ENGINE'])"
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_starts_when_complete(tmp_path):
    done = start(tmp_path)
    assert done.stdout.split() == ["False", "django.db.backends.postgresql"], done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "", "DATABASE_URL"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL"),
        ("REDIS_URL", "", "REDIS_URL"),
        ("PREFERENDUM_SECRET_KEY", "short", "SECRET_KEY"),
        ("PREFERENDUM_ENDPOINT_KEY_SECRETS", "", "ENDPOINT_KEY_SECRETS"),
        ("PREFERENDUM_DEBUG", "1", "DEBUG"),
        ("PREFERENDUM_HTTPS", "0", "HTTPS"),
        ("PREFERENDUM_HOSTS", "*", "HOSTS"),
    ],
)
def test_refuses_to_start(tmp_path, name, value, said):
    done = start(tmp_path, **{name: value})
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
