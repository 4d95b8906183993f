"""Every setting, read from the environment; the embedded mode needs none of it."""

import os
import socket
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.conf.global_settings import LANGUAGES
from django.core.exceptions import ImproperlyConfigured

from config.env import (
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_secret,
    env_str,
    require_scheme,
)
from config.local import kept_secret, make_private

# Boards solve systems of a hundred unknowns: on a busy machine OpenBLAS's threads make that a
# hundred times slower. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env_str("PREFERENDUM_DATA_DIR") or BASE_DIR / "data")
VERSION = (BASE_DIR / "VERSION").read_text(encoding="utf-8").strip()


def local_secret(name: str) -> str:
    """Return a secret from the environment, or one made once and kept beside the local database."""
    return env_secret(name) or kept_secret(DATA_DIR / f"{name.lower()}.secret")


# ---- embedded or served -------------------------------------------------------------------------

DATABASE_URL = require_scheme("DATABASE_URL", "postgres://user:password@host:5432/name")
REDIS_URL = require_scheme("REDIS_URL", "redis://host:6379/0")
# One process, no services: a Celery worker thread on an in-memory broker inside the web process.
EMBEDDED = not REDIS_URL
DEMO = env_bool("PREFERENDUM_DEMO")

# ---- security -----------------------------------------------------------------------------------

SECRET_KEY = local_secret("PREFERENDUM_SECRET_KEY")
# Encrypts endpoint keys at rest; comma-separated, newest first, so that keys can be rotated.
ENDPOINT_KEY_SECRETS = [
    one.strip() for one in local_secret("PREFERENDUM_ENDPOINT_KEY_SECRETS").split(",")
]
if not all(ENDPOINT_KEY_SECRETS):
    raise ImproperlyConfigured(
        "PREFERENDUM_ENDPOINT_KEY_SECRETS has an empty part; separate secrets by one comma."
    )
DEBUG = env_bool("PREFERENDUM_DEBUG")
ALLOWED_HOSTS = env_list("PREFERENDUM_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("PREFERENDUM_ORIGINS")
# Hosts that endpoints may have although they are not public: your own model servers.
ENDPOINT_PRIVATE_HOSTS = env_list(
    "PREFERENDUM_PRIVATE_HOSTS", "127.0.0.1,localhost" if EMBEDDED else ""
)
HTTPS = env_bool("PREFERENDUM_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
# Probes come from beside the process, not through the proxy that ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("PREFERENDUM_BEHIND_PROXY") else None
)
# With no-referrer browsers send forms with "Origin: null", which the CSRF check must refuse;
# same-origin tells other sites just as little.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# ---- application --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "core",
    "accounts",
    "prompts",
    "models_registry",
    "judging",
    "ratings",
    "config",
]
MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.ContentPolicyMiddleware",
    "accounts.middleware.SessionsBegin",  # what follows is left out where a token comes instead
    "core.middleware.CompressPagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimitMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.SessionsEnd",
    "django.middleware.common.CommonMiddleware",
    "core.middleware.ReadableAddressMiddleware",
    "core.middleware.KnownParametersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.middleware.PrivateCacheMiddleware",
    "ratings.middleware.UnblindingMiddleware",
    "core.middleware.DomainErrorMiddleware",
    "core.middleware.WrongMethodMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
# One backend: a second one would hash every wrong password a second time.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "MinimumLengthValidator": {"min_length": 10},
        "UserAttributeSimilarityValidator": {"user_attributes": ["username"]},
        "CommonPasswordValidator": {},
    }.items()
]
FORM_RENDERER = "core.forms.FormRenderer"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.LoginForm",
    "reauthenticate": "accounts.sign_in_forms.ReauthenticateForm",
    "set_password": "accounts.sign_in_forms.SetPasswordForm",
    "change_password": "accounts.sign_in_forms.ChangePasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    # A whole class may accept its invitation at once, from one address.
    "signup": "60/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env_bool("PREFERENDUM_BEHIND_PROXY") else 0
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Preferendum"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "accounts.forms.SignInCodeForm",
    "reauthenticate": "accounts.forms.ConfirmCodeForm",
}
# On this machine alone a one-time link is enough; where others can reach the site it is not.
ADMINS_NEED_SECOND_FACTOR = env_bool(
    "PREFERENDUM_ADMINS_NEED_SECOND_FACTOR", default=env_bool("PREFERENDUM_PRODUCTION")
)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "string_if_invalid": "",
        },
    }
]

# ---- database -----------------------------------------------------------------------------------


def database(url: str) -> dict[str, Any]:
    """Return the settings of one database: PostgreSQL by URL, or the embedded SQLite file."""
    if url:
        try:
            parsed: dict[str, Any] = dict(environ.Env.db_url_config(url))
        except ValueError as error:  # a port that is no number, say; the URL holds a password
            raise ImproperlyConfigured(
                "DATABASE_URL cannot be read; write postgres://user:password@host:5432/name."
            ) from error
        return parsed | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    make_private(DATA_DIR)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        # Kept: opening the file anew for each request cost as much CPU as the request itself.
        "CONN_MAX_AGE": None,
        "NAME": DATA_DIR / "preferendum.sqlite3",
        "OPTIONS": {
            # IMMEDIATE takes the write lock at BEGIN, so that a reader never fails to upgrade.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
            ),
        },
    }


DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- queue --------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = not EMBEDDED
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A Redis that is full, or a replica for a while, refuses what a worker says: it connects anew, again
# and again, where else it would end.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
REDIS_PATIENCE_SECONDS = 1.0
KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}.items()
    if hasattr(socket, name)
}
# kombu's polling transports sleep one second between empty polls unless told otherwise.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"polling_interval": 0.02}
    if EMBEDDED
    else {
        "visibility_timeout": 900,
        # A Redis that stands still must not hold up whoever rings: the sweep rings again.
        "socket_timeout": REDIS_PATIENCE_SECONDS,
        "socket_connect_timeout": REDIS_PATIENCE_SECONDS,
        # A cut line is noticed within half a minute.
        "socket_keepalive": True,
        "socket_keepalive_options": KEEPALIVE,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "global_keyprefix": env_str("PREFERENDUM_QUEUE_PREFIX", "preferendum:"),
    }
)

# ---- caches --------------------------------------------------------------------------------------

CACHES = {
    # Shared by all processes: only what limits the rate of attempts.
    "default": {
        "BACKEND": "core.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "preferendum",
        "OPTIONS": {
            "socket_timeout": REDIS_PATIENCE_SECONDS,
            "socket_connect_timeout": REDIS_PATIENCE_SECONDS,
        },
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Of one process: what can be had again, such as boards as they are shown. Never a call away.
    "process": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "process",
        "TIMEOUT": None,
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
}

# ---- judging --------------------------------------------------------------------------------------

# Triggers that refuse to change what was judged; tests empty their tables, and set their own.
LEDGER_GUARDED = True

# ---- generation ---------------------------------------------------------------------------------

# How long a killed worker keeps its work from others; a living one renews every sixth of it.
GENERATION_LEASE_SECONDS = env_int("PREFERENDUM_LEASE_SECONDS", 30, at_least=2)
# Calls that one task keeps in flight, whatever more the endpoint allows. In one process with the
# pages more of them would slow these down.
GENERATION_CALLS_PER_TASK = env_int(
    "PREFERENDUM_CALLS_PER_TASK", 40 if EMBEDDED else 128, at_least=1
)
# US dollars that all runs together may cost in a calendar month; 0: no limit.
GENERATION_MONTHLY_LIMIT = env_int("PREFERENDUM_MONTHLY_LIMIT", 0, at_least=0)

# Hours between two rounds of canary questions to a model that is at work; 0: none are asked.
GENERATION_CANARY_HOURS = env_int("PREFERENDUM_CANARY_HOURS", 24, at_least=0)

# ---- files ----------------------------------------------------------------------------------------

# Files that were written in the background; web processes and workers share it.
EXPORT_DIR = Path(env_str("PREFERENDUM_EXPORT_DIR") or DATA_DIR / "exports")

# ---- API ----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerTokenAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.negotiation.PlainNegotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "core.pagination.Pages",
    "EXCEPTION_HANDLER": "core.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "UPLOADED_FILES_USE_URL": False,
    # ?format= belongs to the exports, where it names a kind of file.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Preferendum",
    "DESCRIPTION": "Blind pairwise judging of language-model answers.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "DEFAULT_GENERATOR_CLASS": "config.api_schema.OnceGenerator",
    # Raters have no use for the schema, and learn nothing from its examples.
    "SERVE_PERMISSIONS": ["accounts.permissions.MayRead"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "EndpointKindEnum": "models_registry.models.ModelEndpoint.Kind",
        "WorkStateEnum": "ratings.models.BoardRequest.State",
        "RaterKindEnum": "accounts.models.RaterProfile.Kind",
        "ExcludeOrKeepEnum": "judging.protocol.parsing.EXCLUDE_OR_KEEP",
        "StudyStateEnum": "judging.models.Study.State",
        "GenerationRunStateEnum": "models_registry.models.GenerationRun.TOLD_STATES",
    },
}

# ---- files, language, time ----------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
# Straight from the source; in production from what collectstatic collected.
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
UPLOAD_MAX_BYTES = env_int("PREFERENDUM_UPLOAD_MAX_BYTES", 50 * 1024 * 1024, at_least=1024)
FILE_UPLOAD_HANDLERS = [
    "core.uploads.LimitedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# One for all of the site: boards and their pictures are drawn once, and what a worker finds is kept
# in words. Its texts are those of locale/.
LANGUAGE_CODE = env_str("PREFERENDUM_LANGUAGE", "en")
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured(
        f"PREFERENDUM_LANGUAGE is {LANGUAGE_CODE!r}; write a code such as de or pt-br."
    )
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# ---- logs ---------------------------------------------------------------------------------------

LOG_LEVEL = env_choice(
    "PREFERENDUM_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"httpx": {"level": "WARNING"}, "celery": {"level": "WARNING"}},
}
