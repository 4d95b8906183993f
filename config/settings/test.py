"""Tests: SQLite and an in-memory broker, or whatever DATABASE_URL and REDIS_URL name."""

from config.settings.base import *  # noqa: F403 - settings modules are star-imported
from config.settings.base import (
    CACHES,
    CELERY_BROKER_TRANSPORT_OPTIONS,
    DATABASES,
    EMBEDDED,
)

# Set here, not in the environment: importing this package has read the environment already.
SECRET_KEY = "only-for-tests-" + "x" * 48
ENDPOINT_KEY_SECRETS = ["only-for-tests-" + "y" * 48]
if not EMBEDDED:
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = "preferendum-test:"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["CONN_MAX_AGE"] = 0
ENDPOINT_PRIVATE_HOSTS = ["127.0.0.1", "localhost"]
LEDGER_GUARDED = False
GENERATION_CANARY_HOURS = 0  # providers' ledgers of calls are compared with the completions
WHITENOISE_AUTOREFRESH = True
# Rates of attempts are counted by address, and all tests come from one.
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
