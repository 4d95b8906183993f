"""Forms of the pages: they check shape; what the values mean is checked by the services."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.canonical import canonical_json
from core.strict_json import strict_json
from models_registry.models import LanguageModel, ModelEndpoint
from models_registry.presets import PRESETS, Preset, Route
from models_registry.services.connecting import Address
from prompts.forms import FileForm
from prompts.models import PromptPoolVersion

KEY = forms.PasswordInput(
    render_value=False, attrs={"autocomplete": "new-password", "spellcheck": "false"}
)
OWN_FIELDS = ("temperature", "max_tokens")
PRICES = ("input_per_million", "output_per_million")
LONGEST_PASTED = 4_000  # a whole command, out of which the address is taken


class Plain(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class EndpointForm(Plain):
    name = forms.CharField(label=_("Name"), max_length=200)
    base_url = forms.CharField(label=_("Base URL"), max_length=LONGEST_PASTED)
    api_key = forms.CharField(
        label=_("New API key"),
        required=False,
        max_length=500,
        widget=KEY,
        help_text=_("Leave empty to keep the one there is. Keys are stored encrypted."),
    )
    max_concurrency = forms.IntegerField(
        label=_("Calls at the same time"), min_value=1, max_value=512
    )
    timeout_seconds = forms.IntegerField(
        label=_("Seconds to wait for an answer"), min_value=1, max_value=600
    )

    requests_per_minute = forms.IntegerField(
        label=_("Calls a minute"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=_("Over all workers. Empty: no limit but what the endpoint says itself."),
    )
    tokens_per_minute = forms.IntegerField(
        label=_("Tokens a minute"),
        min_value=1,
        max_value=2_000_000_000,
        required=False,
        help_text=_("In and out together. Empty: no limit."),
    )

    def changes(self) -> dict[str, Any]:
        """Return the values to change: no new key means the old one, no limit a minute none."""
        values = dict(self.cleaned_data)
        if not values["api_key"]:
            del values["api_key"]
        return values


class SettingsFields(Plain):
    """What is pinned with a version of a model."""

    remote_name = forms.CharField(
        label=_("Model name at the endpoint"),
        max_length=200,
        help_text=_("Exactly as the endpoint knows it, such as gpt-4 or llama2:7b-chat."),
    )
    temperature = forms.FloatField(label=_("Temperature"), min_value=0, max_value=2, required=False)
    max_tokens = forms.IntegerField(label=_("Longest answer, tokens"), min_value=1, required=False)
    system_prompt = forms.CharField(
        label=_("System prompt"), required=False, max_length=32_000, widget=forms.Textarea
    )
    more_settings = forms.CharField(
        label=_("More settings, as JSON"),
        required=False,
        max_length=10_000,
        help_text=_('Sent as they are, such as {"top_p": 0.9, "seed": 1}.'),
        widget=forms.Textarea(attrs={"spellcheck": "false"}),
    )

    def clean_more_settings(self) -> dict[str, Any]:
        text = self.cleaned_data["more_settings"]
        try:
            value = strict_json(text) if text.strip() else {}
        except ValueError as error:
            raise forms.ValidationError(
                _("This is not JSON: %(error)s."), params={"error": error}
            ) from error
        if not isinstance(value, dict):
            raise forms.ValidationError(_("Write an object: {…}."))
        return value

    def add_error(self, field: str | None, error: Any) -> None:
        # The service names the settings as a whole.
        super().add_error("more_settings" if field == "settings" else field, error)

    def pinned(self) -> dict[str, Any]:
        """Return what the services take: the two usual settings and the others as one."""
        told = self.cleaned_data
        own = {name: told[name] for name in OWN_FIELDS if told[name] is not None}
        return {
            "remote_name": told["remote_name"],
            "system_prompt": told["system_prompt"].replace("\r\n", "\n"),
            "settings": {**told["more_settings"], **own},
        }


class FactsFields(Plain):
    """What is known of a model; none of it is sent anywhere."""

    publisher = forms.CharField(label=_("Publisher"), max_length=200, required=False)
    parameters = forms.CharField(
        label=_("Size"), max_length=100, required=False, help_text=_("Such as 70B, or undisclosed.")
    )
    architecture = forms.CharField(label=_("Architecture"), max_length=200, required=False)
    licence = forms.CharField(label=_("Licence"), max_length=200, required=False)
    context_tokens = forms.IntegerField(
        label=_("Context, tokens"), min_value=1, max_value=2**31 - 1, required=False
    )
    released_on = forms.CharField(
        label=_("Released"), max_length=10, required=False, help_text=_("Such as 2023-07-18.")
    )

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FactsFields.base_fields}


class EndpointChoice(forms.ModelChoiceField):
    """Endpoints by the names people gave, as on every other page."""

    def label_from_instance(self, obj: ModelEndpoint) -> str:
        return obj.name


class ConnectForm(SettingsFields, FactsFields):
    """A model and where it is served, in one go."""

    endpoint = EndpointChoice(
        ModelEndpoint.objects.order_by("name"),
        label=_("Endpoint"),
        required=False,
        to_field_name="slug",
        empty_label=_("A new one, at the address below"),
    )
    kind = forms.ChoiceField(label=_("It speaks"), choices=ModelEndpoint.Kind.choices)
    base_url = forms.CharField(
        label=_("Base URL"),
        max_length=LONGEST_PASTED,
        required=False,
        help_text=_("Such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1."),
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
    )
    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        max_length=500,
        widget=KEY,
        help_text=_("Stored encrypted and never shown again. Local servers need none."),
    )
    api_key.widget.attrs["hx-preserve"] = "true"
    name = forms.CharField(
        label=_("Name on boards"),
        max_length=200,
        required=False,
        help_text=_("Raters never see it. Empty: the name it has at the endpoint."),
    )
    slug = forms.SlugField(max_length=120, required=False, widget=forms.HiddenInput)
    input_per_million = forms.DecimalField(
        label=_("Price of a million tokens in, $"),
        min_value=0,
        max_digits=12,
        decimal_places=6,
        required=False,
    )
    output_per_million = forms.DecimalField(
        label=_("Price of a million tokens out, $"),
        min_value=0,
        max_digits=12,
        decimal_places=6,
        required=False,
    )

    def clean(self) -> None:
        told = self.cleaned_data
        if not told.get("endpoint") and not told.get("base_url") and "base_url" in told:
            self.add_error("base_url", _("Say where the model is served."))
        prices = [told[name] for name in PRICES if name in told]
        if len(prices) == len(PRICES) and (prices[0] is None) != (prices[1] is None):
            self.add_error(None, _("Give both prices, or none."))

    def values(self) -> dict[str, Any]:
        """Return what `connect_model` takes."""
        told = self.cleaned_data
        address = Address(told["kind"], told["base_url"].strip(), told["api_key"])
        return {
            "name": told["name"] or told["remote_name"],
            "slug": told["slug"],
            "endpoint": told["endpoint"],
            "address": None if told["endpoint"] else address,
            "price": _price(told),
            **self.pinned(),
            **self.facts(),
        }


def _price(told: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
    price = (told["input_per_million"], told["output_per_million"])
    return None if None in price else price


class EditModelForm(FactsFields):
    name = forms.CharField(label=_("Name on boards"), max_length=200)
    field_order = ("name",)

    def values(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["name"], **self.facts()}


class EditUnusedModelForm(SettingsFields, EditModelForm):
    """Until its first use, what a version pins can still be changed."""

    def values(self) -> dict[str, Any]:
        return super().values() | self.pinned()


class NewVersionForm(SettingsFields):
    endpoint = EndpointChoice(
        ModelEndpoint.objects.order_by("name"),
        label=_("Endpoint"),
        to_field_name="slug",
        empty_label=None,
    )
    field_order = ("endpoint",)

    def values(self) -> dict[str, Any]:
        return {"endpoint": self.cleaned_data["endpoint"], **self.pinned()}


class PriceForm(Plain):
    valid_from = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    input_per_million = forms.DecimalField(
        label=_("In, $ per million tokens"), min_value=0, max_digits=12, decimal_places=6
    )
    output_per_million = forms.DecimalField(
        label=_("Out, $ per million tokens"), min_value=0, max_digits=12, decimal_places=6
    )


class ProbeForm(Plain):
    prompt = forms.CharField(
        label=_("Question"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


LONGEST_KEY = 19  # digits of a bigint


class VersionChoice(forms.ModelChoiceField):
    """Published pool versions, by the names people gave."""

    def label_from_instance(self, obj: PromptPoolVersion) -> str:
        return f"{obj.pool.name} · {_('version')} {obj.number} ({obj.n_prompts})"  # type: ignore[attr-defined] # with_counts


def published() -> Any:
    versions = PromptPoolVersion.objects.published().with_counts().select_related("pool")
    return versions.order_by("pool__name", "-number")


class ImportForm(FileForm):
    name = forms.CharField(
        label=_("Model"),
        max_length=200,
        help_text=_("Whose answers they are: a new name, or one that has imported answers."),
        widget=forms.TextInput(attrs={"list": "known-models", "autocomplete": "off"}),
    )
    pool_version = VersionChoice(published(), label=_("They answer the prompts of"))
    rows_of = forms.CharField(
        label=_("Take only the rows of"),
        required=False,
        max_length=200,
        help_text=_("For files with several models' answers: the model's name in the file."),
        widget=forms.TextInput(attrs={"list": "models-in-file", "autocomplete": "off"}),
    )
    skip_bad_rows = forms.BooleanField(label=_("Leave rows with errors out"), required=False)


class ModelChoices(forms.ModelMultipleChoiceField):
    """Models by the names people gave; the version is told where there are several."""

    def label_from_instance(self, obj: LanguageModel) -> str:
        version = f" · {_('version')} {obj.version}" if obj.version > 1 else ""
        # Each name keeps its own direction.
        return format_html(
            "<bdi>{}</bdi>{} · <bdi>{}</bdi>",
            obj.name,
            version,
            obj.endpoint.name if obj.endpoint else "",
        )

    def clean(self, value: Any) -> Any:
        """Refuse what no key can be before a database is asked for it."""
        given = value if isinstance(value, (list, tuple)) else []
        for one in map(str, given):
            if not (one.isascii() and one.isdigit() and len(one) < LONGEST_KEY):
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": one[:80]},
                )
        return super().clean(value)


class RunForm(Plain):
    pool_version = VersionChoice(published(), label=_("Prompts"), empty_label=_("Choose a pool"))
    language_models = ModelChoices(
        LanguageModel.objects.filter(endpoint__isnull=False, retired_at=None)
        .select_related("endpoint")
        .order_by("name", "-version"),
        label=_("Models"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one model.")},
    )
    samples = forms.IntegerField(
        label=_("Answers to each prompt"), min_value=1, max_value=100, initial=1
    )
    cost_limit = forms.DecimalField(
        label=_("Budget, $ (optional)"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text=_("Once it is spent, no further call begins. It needs the models' prices."),
    )


class BudgetForm(Plain):
    cost_limit = forms.DecimalField(
        label=_("Budget, $"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text=_("Empty: no limit. A run that its budget paused goes on."),
    )


def chosen_by_name(*, pool: str, models: Sequence[str]) -> dict[str, Any]:
    """Return what a link chooses in a `RunForm`: pool and models are named slug@version.

    The only pool version there is needs no choice; unknown names choose nothing.
    """
    versions = list(published())
    named = [one for one in versions if f"{one.pool.slug}@{one.number}" == pool]
    found = named or (versions if len(versions) == 1 else [])
    callable_ones = RunForm.base_fields["language_models"].queryset.all()  # type: ignore[attr-defined] # a choice of models
    return {
        "pool_version": found[0].pk if found else None,
        "language_models": [one.pk for one in callable_ones if str(one) in models],
        "samples": 1,
    }


def from_preset(slug: str, route: int) -> tuple[Preset | None, dict[str, Any]]:
    """Return a preset and what it fills into a `ConnectForm`; an unknown one fills nothing in."""
    preset = next((one for one in PRESETS if one.slug == slug), None)
    if preset is None:
        return None, {}
    way: Route = preset.routes[route if 0 <= route < len(preset.routes) else 0]
    facts = {name: getattr(preset, name) for name in FactsFields.base_fields}
    price = preset.prices[-1] if preset.prices else None
    return preset, {
        **facts,
        **from_settings(preset.settings),
        "name": preset.name,
        "slug": preset.slug,
        "kind": way.kind,
        "base_url": way.base_url,
        "remote_name": way.remote_name,
        "input_per_million": price and price.input_per_million,
        "output_per_million": price and price.output_per_million,
    }


def from_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return pinned settings as the fields that show them."""
    more = {name: value for name, value in settings.items() if name not in OWN_FIELDS}
    own = {name: settings.get(name) for name in OWN_FIELDS}
    return {**own, "more_settings": canonical_json(more) if more else ""}


def of_model(model: LanguageModel) -> dict[str, Any]:
    """Return a model's values as the fields that show them."""
    facts = {name: getattr(model, name) for name in ("name", *FactsFields.base_fields)}
    return {
        **facts,
        **from_settings(model.settings),
        "endpoint": model.endpoint and model.endpoint.slug,
        "remote_name": model.remote_name,
        "system_prompt": model.system_prompt,
    }
