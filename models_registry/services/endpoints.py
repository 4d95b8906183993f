"""Register endpoints, keep their keys, and ask one question to see that they answer."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from core.leases import lock
from models_registry.models import LanguageModel, ModelEndpoint
from models_registry.providers import PROVIDERS
from models_registry.providers.addresses import BadUrl, BaseUrl, parse_base_url
from models_registry.providers.base import ChatRequest, Message
from models_registry.providers.calls import Calls, Connection
from models_registry.providers.names import same_model
from models_registry.providers.pasted import key_problem, pasted_key, pasted_url
from models_registry.secrets import KeyUnreadable, decrypt_key, encrypt_key
from models_registry.services.checks import check_fields
from models_registry.services.diagnosis import OpenCalls, Probe, ask_once

PROBE_PROMPT = "Answer with the single word: ready"
PROBE_SECONDS = 60  # somebody is waiting for it
SHOWN_OF_KEY = 4
# What can be limited, and the most of it; the last two may be None, which means no limit.
LIMITS = {
    "max_concurrency": 512,
    "timeout_seconds": 600,
    "requests_per_minute": 1_000_000,
    "tokens_per_minute": 2_000_000_000,
}
MAY_BE_NONE = {"requests_per_minute", "tokens_per_minute"}
EDITABLE = {"name", *LIMITS}


def register_endpoint(
    *,
    slug: str,
    name: str,
    kind: str,
    base_url: str,
    api_key: str = "",
    **limits: int | None,
) -> ModelEndpoint:
    """Create an endpoint, with any of `LIMITS`.

    Raises `Invalid` for an unusable URL, key or limit, `Conflict` for a taken slug.
    """
    if unknown := sorted(set(limits) - set(LIMITS)):
        raise Invalid(
            _("An endpoint has no %(unknown)s.") % {"unknown": ", ".join(unknown)},
            code="unknown_field",
        )
    if kind not in PROVIDERS:
        raise Invalid(
            _("%(kind)r is no kind of endpoint; known are %(providers)s.")
            % {"kind": kind, "providers": ", ".join(PROVIDERS)}
        )
    url = _base_url(base_url)
    endpoint = ModelEndpoint(slug=slug, name=name, kind=kind, base_url=str(url))
    _set_limits(endpoint, **limits)
    _put_key(endpoint, api_key, url)
    check_fields(endpoint, exclude=["base_url", "encrypted_key"])
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        raise Conflict(
            _("There is an endpoint %(slug)r already: change that one, or choose another name.")
            % {"slug": slug},
            code="slug_taken",
        ) from error
    return endpoint


@transaction.atomic
def update_endpoint(
    *, endpoint: ModelEndpoint, api_key: str | None = None, base_url: str = "", **changes: Any
) -> ModelEndpoint:
    """Change an endpoint; another scheme, host or port wipes the key unless a new one comes along.

    A changed URL or key lifts a pause. Raises `Invalid` for what cannot be used.
    """
    if set(changes) - EDITABLE:
        raise Invalid(
            _("Only %(editable)s, base_url and api_key can be changed.")
            % {"editable": ", ".join(sorted(EDITABLE))}
        )
    endpoint = lock(ModelEndpoint.objects.filter(pk=endpoint.pk)).get()
    endpoint.name = changes.pop("name", endpoint.name)
    _set_limits(endpoint, **changes)
    if base_url or api_key is not None:
        url = _base_url(base_url or endpoint.base_url)
        endpoint.base_url = str(url)
        if api_key is not None or url.origin != endpoint.key_origin:
            _put_key(endpoint, api_key or "", url)
        endpoint.paused_at, endpoint.pause_reason = None, ""
    check_fields(endpoint, exclude=["base_url", "encrypted_key"])
    endpoint.save()
    return endpoint


def set_key(*, endpoint: ModelEndpoint, api_key: str) -> ModelEndpoint:
    """Replace the key; the empty text removes it. Raises `Invalid` for what is no key."""
    return update_endpoint(endpoint=endpoint, api_key=api_key)


def pause_endpoint(*, endpoint: ModelEndpoint, reason: str, now: datetime) -> bool:
    """Stop all calls to an endpoint; say whether this call did, so that one notice is given.

    `endpoint` is as it was called: what a call with its former key or address met says nothing of
    what it is now, and comes in after somebody has set it right.
    """
    as_it_was = {name: getattr(endpoint, name) for name in ("base_url", "encrypted_key")}
    running = ModelEndpoint.objects.filter(pk=endpoint.pk, paused_at=None, **as_it_was)
    return running.update(paused_at=now, pause_reason=reason[:500]) == 1


def resume_endpoint(*, endpoint: ModelEndpoint) -> ModelEndpoint:
    """Lift a pause and end a rest; a second call changes nothing."""
    ModelEndpoint.objects.filter(pk=endpoint.pk).update(
        paused_at=None, pause_reason="", resting_until=None, rest_reason="", failures_in_a_row=0
    )
    endpoint.refresh_from_db()
    return endpoint


def connection_of(endpoint: ModelEndpoint) -> Connection:
    """Return what is needed to call the endpoint; the URL is checked again, under today's rules.

    Raises `Invalid` when the URL is no longer allowed or the stored key cannot be read.
    """
    url = _base_url(endpoint.base_url)
    key = ""
    if endpoint.encrypted_key:
        try:
            key = decrypt_key(bytes(endpoint.encrypted_key), origin=url.origin)
        except KeyUnreadable as error:
            raise Invalid(
                _("%(error)s Set the key again.") % {"error": error}, code="key_unreadable"
            ) from error
    return Connection(
        kind=endpoint.kind,
        base_url=str(url),
        api_key=key,
        timeout_seconds=endpoint.timeout_seconds,
        private_hosts=tuple(settings.ENDPOINT_PRIVATE_HOSTS),
        in_flight=min(endpoint.max_concurrency, settings.GENERATION_CALLS_PER_TASK),
    )


def probe_model(
    *, language_model: LanguageModel, prompt: str = PROBE_PROMPT, open_calls: OpenCalls = Calls
) -> Probe:
    """Ask one question, outside any run; nothing is stored.

    Raises `Invalid` for a model without an endpoint; every failed call is a `Probe` with its error.
    """
    if language_model.endpoint is None:
        raise Invalid(
            _("%(language_model)s has no endpoint: its completions are imported.")
            % {"language_model": language_model}
        )
    return probe_at(
        connection=connection_of(language_model.endpoint),
        language_model=language_model,
        prompt=prompt,
        open_calls=open_calls,
    )


def probe_at(
    *,
    connection: Connection,
    language_model: LanguageModel,
    prompt: str,
    open_calls: OpenCalls = Calls,
) -> Probe:
    """Ask a model, which may not be stored, one question over this connection."""
    request = ChatRequest(
        model=language_model.remote_name,
        messages=[Message("user", prompt)],
        system_prompt=language_model.system_prompt,
        settings=language_model.settings,
    )
    patience = min(connection.timeout_seconds, PROBE_SECONDS)
    probe = ask_once(
        connection=replace(connection, timeout_seconds=patience),
        request=request,
        open_calls=open_calls,
    )
    told = probe.result.response_model if probe.result else ""
    if same_model(language_model.remote_name, told, language_model.accepted_names):
        return probe
    return replace(probe, answered_as=told)


def _base_url(text: str) -> BaseUrl:
    try:
        return parse_base_url(pasted_url(text), private_hosts=settings.ENDPOINT_PRIVATE_HOSTS)
    except BadUrl as error:
        raise Invalid(str(error), code="base_url") from error


def _set_limits(endpoint: ModelEndpoint, **limits: int | None) -> None:
    for name, most in LIMITS.items():
        value = limits.get(name, getattr(endpoint, name))
        none = value is None and name in MAY_BE_NONE
        if not none and (value is None or not 1 <= value <= most):
            raise Invalid(
                _("%(name)s must be from 1 to %(most)s.") % {"name": name, "most": most}, code=name
            )
        setattr(endpoint, name, value)


def _put_key(endpoint: ModelEndpoint, api_key: str, url: BaseUrl) -> None:
    api_key = pasted_key(api_key)
    if not api_key:
        endpoint.encrypted_key, endpoint.key_hint, endpoint.key_origin = b"", "", ""
        return
    if problem := key_problem(api_key):
        raise Invalid(problem, code="api_key")
    endpoint.encrypted_key = encrypt_key(api_key, origin=url.origin)
    # A hint must not give away a large part of a short key.
    shown = SHOWN_OF_KEY if len(api_key) >= 4 * SHOWN_OF_KEY else 0
    endpoint.key_hint = f"…{api_key[len(api_key) - shown :]}" if shown else "…"
    endpoint.key_origin = url.origin
