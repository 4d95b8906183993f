"""Register language models, version them, price them, retire them."""

import logging
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from core.errors import Conflict, InputError, Invalid, Missing
from core.leases import lock
from models_registry.models import (
    MOST_SPENT,
    Completion,
    GenerationRun,
    LanguageModel,
    ModelEndpoint,
    ModelPrice,
)
from models_registry.providers import PROVIDERS
from models_registry.providers.sampling import OTHER_NAMES, replacement_for, settings_errors
from models_registry.services.checks import check_fields, checked_amount

PINNED = ("endpoint", "remote_name", "system_prompt", "settings")
FACTS = (
    "name",
    "publisher",
    "licence",
    "architecture",
    "parameters",
    "context_tokens",
    "released_on",
)
log = logging.getLogger(__name__)
LONGEST_SYSTEM_PROMPT = 32_000
DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@transaction.atomic
def register_language_model(
    *, slug: str, name: str, endpoint: ModelEndpoint | None = None, **values: Any
) -> LanguageModel:
    """Create version 1 of a model; without an endpoint its completions can only be imported.

    `values` are the pinned `remote_name`, `system_prompt` and `settings`, and the facts.
    Raises `Invalid` for wrong values, `Conflict` when the slug or the name is taken.
    """
    _refuse_unknown(values)
    if LanguageModel.objects.filter(slug=slug).exists():
        raise Conflict(
            _("There is a model %(slug)r already; make a new version of it.") % {"slug": slug},
            code="slug_taken",
        )
    model = LanguageModel(slug=slug, name=name, endpoint=endpoint, **values)
    return _checked_save(model)


@transaction.atomic
def update_language_model(*, language_model: LanguageModel, **changes: Any) -> LanguageModel:
    """Change facts at any time, and what is pinned until the first use.

    Raises `Conflict` for a pinned value of a used model, `Invalid` for wrong values.
    """
    _refuse_unknown(changes)
    model = lock(LanguageModel.objects.filter(pk=language_model.pk)).get()
    moved = [name for name in PINNED if name in changes and changes[name] != getattr(model, name)]
    if model.frozen_at and moved:
        raise Conflict(
            _("%(model)s was used, so its %(moved)s can no longer change; make a new version.")
            % {"model": model, "moved": ", ".join(moved)},
            code="frozen",
        )
    for name, value in changes.items():
        setattr(model, name, value)
    return _checked_save(model)


@transaction.atomic
def new_version(
    *, language_model: LanguageModel, alike: bool = False, **changes: Any
) -> LanguageModel:
    """Create the next version of a model: the newest one with `changes`, and its prices.

    Raises `Invalid` for wrong values, or when nothing pinned would change, unless it may be
    `alike`: then it is the endpoint that has changed.
    """
    _refuse_unknown(changes)
    versions = lock(LanguageModel.objects.filter(slug=language_model.slug)).order_by("-version")
    newest = versions[0]
    if not alike and all(
        changes.get(name, getattr(newest, name)) == getattr(newest, name) for name in PINNED
    ):
        raise Invalid(
            _("Nothing that is pinned (%(pinned)s) would differ from %(newest)s.")
            % {"pinned": ", ".join(PINNED), "newest": newest},
            code="same_version",
        )
    kept = {name: getattr(newest, name) for name in (*PINNED, *FACTS)}
    model = _checked_save(
        LanguageModel(slug=newest.slug, version=newest.version + 1, **(kept | changes))
    )
    for price in newest.prices.all():
        ModelPrice.objects.create(
            language_model=model,
            valid_from=price.valid_from,
            input_per_million=price.input_per_million,
            output_per_million=price.output_per_million,
        )
    return model


def find_language_model(reference: str) -> LanguageModel:
    """Return the model behind `slug` (its newest version) or `slug@version`.

    Raises `Missing` when there is none.
    """
    slug, _at, version = reference.partition("@")
    models = LanguageModel.objects.filter(slug=slug).select_related("endpoint")
    if version:
        models = models.filter(version=int(version) if re.fullmatch(r"\d{1,6}", version) else 0)
    model = models.order_by("-version").first()
    if model is None:
        raise Missing(
            _("There is no model %(reference)r.") % {"reference": reference}, code="no_model"
        )
    return model


def freeze(*, models: list[LanguageModel], now: datetime) -> None:
    """Note the first use of models; from then on what they pin cannot change."""
    keys = [model.pk for model in models]
    LanguageModel.objects.filter(pk__in=keys, frozen_at=None).update(frozen_at=now)


def retire_language_model(*, language_model: LanguageModel, now: datetime) -> LanguageModel:
    """Take a version out of new runs; what it answered stays. A second call changes nothing."""
    LanguageModel.objects.filter(pk=language_model.pk, retired_at=None).update(retired_at=now)
    language_model.refresh_from_db()
    return language_model


def pause_language_model(*, language_model: LanguageModel, reason: str, now: datetime) -> bool:
    """Stop all calls for a model; say whether this call did, so that one notice is given."""
    running = LanguageModel.objects.filter(pk=language_model.pk, paused_at=None)
    return running.update(paused_at=now, pause_reason=reason[:500]) == 1


def resume_language_model(*, language_model: LanguageModel) -> LanguageModel:
    """Lift a pause; a second call changes nothing.

    Raises `Conflict` while a change of the model waits for a decision.
    """
    _refuse_undecided(language_model)
    LanguageModel.objects.filter(pk=language_model.pk).update(paused_at=None, pause_reason="")
    language_model.refresh_from_db()
    return language_model


@transaction.atomic
def replace_setting(*, language_model: LanguageModel, sent_name: str) -> bool:
    """Note that the endpoint refuses a setting: it is sent under its other name, or left out.

    Returns False when no pinned setting is sent under that name. `language_model` itself is
    brought up to date as well: another worker may have noted the same.
    """
    model = lock(LanguageModel.objects.filter(pk=language_model.pk)).get()
    if found := replacement_for(sent_name, model.settings, model.replaced_settings):
        model.replaced_settings |= found
        LanguageModel.objects.filter(pk=model.pk).update(replaced_settings=model.replaced_settings)
        (other,) = found.values()
        log.warning("%s takes no %s: sent is %s.", model, sent_name, other or "nothing")
    language_model.replaced_settings = model.replaced_settings
    return sent_name in (*model.settings, *OTHER_NAMES)


@transaction.atomic
def accept_name(*, language_model: LanguageModel, response_model: str) -> LanguageModel:
    """Take answers under another name as this model's: those in quarantine count, the pause ends.

    A name that was accepted already is accepted again. Raises `Conflict` while a change of the
    model waits for a decision.
    """
    _refuse_undecided(language_model)
    model: LanguageModel = lock(LanguageModel.objects.filter(pk=language_model.pk)).get()
    if response_model not in model.accepted_names:
        model.accepted_names = [*model.accepted_names, response_model]
    if response_model not in model.known_origins.setdefault("response_model", []):
        model.known_origins["response_model"].append(response_model)
    model.paused_at, model.pause_reason = None, ""
    model.save(update_fields=["accepted_names", "known_origins", "paused_at", "pause_reason"])
    Completion.objects.filter(
        language_model=model,
        state=Completion.State.QUARANTINED,
        response_model=response_model,
    ).update(state=Completion.State.SUCCEEDED)
    _have_runs_counted_anew(model)
    return model


def _have_runs_counted_anew(model: LanguageModel) -> None:
    GenerationRun.objects.filter(language_models=model).update(counted=None, counted_at=None)


def quarantined_names(*, language_model: LanguageModel) -> list[dict[str, Any]]:
    """Return under which other names answers came, how many did, and one of their texts."""
    held = language_model.completions.filter(state=Completion.State.QUARANTINED)
    names = held.values("response_model").annotate(count=Count("pk"), first=Min("pk"))
    found = list(names.order_by("response_model"))
    texts = dict(
        Completion.objects.filter(pk__in=[one["first"] for one in found]).values_list("pk", "text")
    )
    return [
        {"name": one["response_model"], "count": one["count"], "example": texts[one["first"]]}
        for one in found
    ]


@transaction.atomic
def ask_again_for(*, language_model: LanguageModel, response_model: str) -> int:
    """Throw the answers away that came under another name, and ask anew; the pause ends.

    Return how many there were. What they cost stays booked.
    """
    model: LanguageModel = lock(LanguageModel.objects.filter(pk=language_model.pk)).get()
    held = Completion.objects.filter(
        language_model=model, state=Completion.State.QUARANTINED, response_model=response_model
    )
    thrown = held.update(
        state=Completion.State.PENDING,
        attempts_made=0,
        text="",
        turns=[],
        turn_outcomes=[],
        masked_turns=[],
        outcome="",
        names_maker=False,
        finish_reason="",
        refusal="",
        completed_at=None,
    )
    resume_language_model(language_model=model)
    _have_runs_counted_anew(model)
    return thrown


def _refuse_undecided(model: LanguageModel) -> None:
    if model.drift_notices.filter(decision="").exists():
        raise Conflict(
            _("%(model)s has changed: say first whether it still is the same model.")
            % {"model": model},
            code="drift_undecided",
        )


def set_price(
    *,
    language_model: LanguageModel,
    valid_from: date,
    input_per_million: Decimal,
    output_per_million: Decimal,
) -> ModelPrice:
    """Enter or correct the price from a day on (US dollars per million tokens).

    Completions keep the cost they were booked with. Raises `Invalid` for a price that is negative, or
    finer or larger than can be kept.
    """
    price, _made = ModelPrice.objects.update_or_create(
        language_model=language_model,
        valid_from=valid_from,
        defaults={
            name: checked_amount(ModelPrice, name, value)
            for name, value in (
                ("input_per_million", input_per_million),
                ("output_per_million", output_per_million),
            )
        },
    )
    return price


def price_on(*, language_model_id: int, day: date) -> ModelPrice | None:
    """Return the price that was valid on a day, or None when none was entered."""
    prices = ModelPrice.objects.filter(language_model=language_model_id, valid_from__lte=day)
    return prices.order_by("-valid_from").first()


def cost_of(
    *, price: ModelPrice | None, prompt_tokens: int | None, completion_tokens: int | None
) -> Decimal | None:
    """Return US dollars, at most `MOST_SPENT`, or None where the price or the usage is not known."""
    if price is None or prompt_tokens is None or completion_tokens is None:
        return None
    cost = (
        price.input_per_million * prompt_tokens + price.output_per_million * completion_tokens
    ) / Decimal(1_000_000)
    return min(cost, MOST_SPENT)


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    if unknown := sorted(set(values) - set(PINNED) - set(FACTS)):
        raise Invalid(
            _("A model has no %(unknown)s.") % {"unknown": ", ".join(unknown)}, code="unknown_field"
        )


def _checked_save(model: LanguageModel) -> LanguageModel:
    if errors := [*_pinned_errors(model), *_fact_errors(model)]:
        raise Invalid(
            _("The model cannot be registered: %(message)s") % {"message": errors[0].message},
            errors=errors,
        )
    _refuse_taken_name(model)
    check_fields(model, exclude=["endpoint", "settings"])
    try:
        with transaction.atomic():
            model.save()
    except IntegrityError as error:
        raise Conflict(
            _("There is %(model)s already.") % {"model": model}, code="slug_taken"
        ) from error
    return model


def _pinned_errors(model: LanguageModel) -> list[InputError]:
    if model.endpoint is None:
        given = [name for name in PINNED if getattr(model, name)]
        message = _("Without an endpoint nothing is called, so nothing can be pinned.")
        return [InputError(code="no_endpoint", message=message, column=name) for name in given]
    provider = PROVIDERS[model.endpoint.kind]
    errors = settings_errors(provider.SETTINGS, model.settings, needs_limit=provider.NEEDS_LIMIT)
    if not model.remote_name.strip():
        message = _("Say the name under which the endpoint knows the model.")
        errors.append(InputError(code="required", message=message, column="remote_name"))
    if len(model.system_prompt) > LONGEST_SYSTEM_PROMPT:
        message = _("The system prompt is longer than %(most)s characters.") % {
            "most": LONGEST_SYSTEM_PROMPT
        }
        errors.append(InputError(code="too_long", message=message, column="system_prompt"))
    return errors


def _fact_errors(model: LanguageModel) -> list[InputError]:
    if model.released_on and not _is_day(model.released_on):
        message = _("Write a year, year-month or date, such as 2023-07-18.")
        return [InputError(code="released_on", message=message, column="released_on")]
    return []


def _is_day(text: str) -> bool:
    if not DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text + "2000-01-01"[len(text) :])
    except ValueError:
        return False
    return True


def _refuse_taken_name(model: LanguageModel) -> None:
    """Two models that look the same on a board would be taken for one."""
    others = LanguageModel.objects.filter(~Q(slug=model.slug)).values_list("name", flat=True)
    if _folded(model.name) in {_folded(name) for name in others}:
        raise Conflict(
            _("Another model is called %(name)r already.") % {"name": model.name}, code="name_taken"
        )


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
