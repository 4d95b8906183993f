"""Tests: SQLite and an in-memory broker, or whatever DATABASE_URL and REDIS_URL name."""

import os

os.environ.setdefault("PREFERENDUM_SECRET_KEY", "only-for-tests-" + "x" * 48)
os.environ.setdefault("PREFERENDUM_ENDPOINT_KEY_SECRETS", "only-for-tests-" + "y" * 48)
os.environ.setdefault("PREFERENDUM_QUEUE_PREFIX", "preferendum-test:")

from config.settings.base import *  # noqa: F403 - the environment is set first
from config.settings.base import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["CONN_MAX_AGE"] = 0
ENDPOINT_PRIVATE_HOSTS = ["127.0.0.1", "localhost"]
WHITENOISE_AUTOREFRESH = True
