"""Connect a model in one step: its endpoint if that is new, the model, and its price."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.errors import Invalid
from models_registry.models import LanguageModel, ModelEndpoint
from models_registry.providers.calls import Calls
from models_registry.providers.pasted import pasted_url
from models_registry.services.diagnosis import OpenCalls, Probe
from models_registry.services.endpoints import (
    PROBE_PROMPT,
    connection_of,
    probe_at,
    register_endpoint,
)
from models_registry.services.language_models import register_language_model, set_price


@dataclass(frozen=True, slots=True)
class Address:
    """A server to call that may not be registered yet; its representation never shows the key."""

    kind: str
    base_url: str
    api_key: str = ""

    def __repr__(self) -> str:
        return f"Address({self.kind}, {self.base_url})"


@transaction.atomic
def connect_model(
    *,
    name: str,
    slug: str = "",
    endpoint: ModelEndpoint | None = None,
    address: Address | None = None,
    price: tuple[Decimal, Decimal] | None = None,
    now: datetime,
    **values: Any,
) -> LanguageModel:
    """Register a model at an endpoint, or at an address that becomes one; all of it or nothing.

    An address that is registered without a key of its own is used again. `price` is dollars per
    million tokens in and out, from today on. Raises as the services it calls.
    """
    if endpoint is None and address is not None:
        address = replace(address, base_url=pasted_url(address.base_url))
        endpoint = _known(address) or _register(address)
    if endpoint is None:
        raise Invalid(_("Say where the model is served."), code="base_url")
    slug = slug or model_slug(name)
    model = register_language_model(slug=slug, name=name, endpoint=endpoint, **values)
    if price is not None:
        set_price(
            language_model=model,
            valid_from=now.date(),
            input_per_million=price[0],
            output_per_million=price[1],
        )
    return model


def try_connection(
    *, now: datetime, prompt: str = PROBE_PROMPT, open_calls: OpenCalls = Calls, **values: Any
) -> Probe:
    """Ask one question of the model that `connect_model` would make of these values; keep nothing.

    Raises as `connect_model` does; every failed call is a `Probe` with its error.
    """
    with transaction.atomic():
        model = connect_model(now=now, **values)
        assert model.endpoint is not None  # it was connected
        connection = connection_of(model.endpoint)
        transaction.set_rollback(True)
    # The question itself waits for the network, so it comes after the transaction.
    return probe_at(
        connection=connection, language_model=model, prompt=prompt, open_calls=open_calls
    )


def model_slug(name: str) -> str:
    """Return the short name of a model: "GPT-3.5 Turbo" is gpt-3-5-turbo."""
    return slugify(name.replace(".", "-").replace(":", "-"))[:120] or "model"


def _known(address: Address) -> ModelEndpoint | None:
    if address.api_key:
        return None
    same: Mapping[str, str] = {"kind": address.kind, "base_url": address.base_url.rstrip("/")}
    return ModelEndpoint.objects.filter(**same).order_by("pk").first()


def _register(address: Address) -> ModelEndpoint:
    host = urlsplit(address.base_url).netloc.rpartition("@")[2]
    slug = _free_slug(ModelEndpoint.objects.all(), host)
    return register_endpoint(
        slug=slug,
        name=(host or address.base_url)[:200],
        kind=address.kind,
        base_url=address.base_url,
        api_key=address.api_key,
    )


def _free_slug(rows: models.QuerySet, name: str) -> str:
    base = slugify(name.replace(".", "-").replace(":", "-"))[:70] or "endpoint"
    taken = set(rows.filter(slug__startswith=base).values_list("slug", flat=True))
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbers) if slug not in taken)
