"""Production: the base settings, and the assertions without which nothing starts."""

from django.core.exceptions import ImproperlyConfigured

from config.env import env_secret
from config.settings.base import *  # noqa: F403 - settings modules are star-imported
from config.settings.base import ALLOWED_HOSTS, DATABASE_URL, DEBUG, HTTPS, REDIS_URL

SHORTEST_SECRET = 50

if not DATABASE_URL.startswith(("postgres://", "postgresql://")):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database in production.")
if not REDIS_URL:
    raise ImproperlyConfigured("REDIS_URL must name a Redis server in production.")
if len(env_secret("PREFERENDUM_SECRET_KEY")) < SHORTEST_SECRET:
    raise ImproperlyConfigured(
        f"PREFERENDUM_SECRET_KEY needs {SHORTEST_SECRET} random characters or more."
    )
if not env_secret("PREFERENDUM_ENDPOINT_KEY_SECRETS"):
    raise ImproperlyConfigured("PREFERENDUM_ENDPOINT_KEY_SECRETS must be set in production.")
if DEBUG:
    raise ImproperlyConfigured("PREFERENDUM_DEBUG must be off in production.")
if not HTTPS:
    raise ImproperlyConfigured("PREFERENDUM_HTTPS must be 1 in production.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("PREFERENDUM_HOSTS must name this site's hosts in production.")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
