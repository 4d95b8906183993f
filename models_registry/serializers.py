"""API representations of endpoints, models and runs; a key goes in and never comes out."""

from html import unescape
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from rest_framework import serializers

from core.serializers import StrictBoolean, StrictInteger, StrictSerializer, StrictText
from models_registry.models import (
    DriftNotice,
    GenerationRun,
    LanguageModel,
    ModelEndpoint,
    ModelPrice,
)
from models_registry.services.diagnosis import Probe


class EndpointSerializer(serializers.ModelSerializer):
    has_key = serializers.SerializerMethodField()

    class Meta:
        model = ModelEndpoint
        fields = [
            "slug",
            "name",
            "kind",
            "base_url",
            "has_key",
            "key_hint",
            "max_concurrency",
            "timeout_seconds",
            "requests_per_minute",
            "tokens_per_minute",
            "resting_until",
            "rest_reason",
            "paused_at",
            "pause_reason",
            "created_at",
        ]
        read_only_fields = fields

    def get_has_key(self, endpoint: ModelEndpoint) -> bool:
        return bool(endpoint.encrypted_key)


class EndpointChangesSerializer(StrictSerializer):
    name = StrictText(max_length=200, required=False)
    base_url = StrictText(max_length=500, required=False)
    api_key = StrictText(
        max_length=500, allow_blank=True, required=False, write_only=True, help_text="Never shown."
    )
    max_concurrency = StrictInteger(min_value=1, max_value=512, required=False)
    timeout_seconds = StrictInteger(min_value=1, max_value=600, required=False)
    requests_per_minute = StrictInteger(
        min_value=1,
        max_value=1_000_000,
        required=False,
        allow_null=True,
        help_text="Over all workers; null for no limit.",
    )
    tokens_per_minute = StrictInteger(
        min_value=1,
        max_value=2_000_000_000,
        required=False,
        allow_null=True,
        help_text="In and out together, over all workers; null for no limit.",
    )


class NewEndpointSerializer(EndpointChangesSerializer):
    slug = serializers.SlugField(max_length=80)
    name = StrictText(max_length=200)
    kind = serializers.ChoiceField(choices=ModelEndpoint.Kind.choices)
    base_url = StrictText(max_length=500)


class PriceSerializer(serializers.ModelSerializer):
    class Meta:
        model = ModelPrice
        fields = ["valid_from", "input_per_million", "output_per_million"]
        read_only_fields = fields


class NewPriceSerializer(StrictSerializer):
    valid_from = serializers.DateField()
    input_per_million = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)
    output_per_million = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)


class LanguageModelSerializer(serializers.ModelSerializer):
    endpoint: serializers.SlugRelatedField = serializers.SlugRelatedField(
        slug_field="slug", read_only=True
    )
    prices = PriceSerializer(many=True, read_only=True)

    class Meta:
        model = LanguageModel
        fields = [
            "slug",
            "version",
            "name",
            "endpoint",
            "remote_name",
            "system_prompt",
            "settings",
            "publisher",
            "licence",
            "architecture",
            "parameters",
            "context_tokens",
            "released_on",
            "frozen_at",
            "retired_at",
            "paused_at",
            "pause_reason",
            "replaced_settings",
            "accepted_names",
            "known_origins",
            "created_at",
            "prices",
        ]
        read_only_fields = fields


class DriftNoticeSerializer(serializers.ModelSerializer):
    language_model = serializers.CharField(source="language_model.__str__", read_only=True)
    decided_by: serializers.SlugRelatedField = serializers.SlugRelatedField(
        slug_field="username", read_only=True
    )

    class Meta:
        model = DriftNotice
        fields = [
            "id",
            "language_model",
            "what",
            "before",
            "after",
            "created_at",
            "decision",
            "decided_at",
            "decided_by",
            "note",
        ]
        read_only_fields = fields


class DriftDecisionSerializer(StrictSerializer):
    decision = serializers.ChoiceField(choices=DriftNotice.Decision.choices)
    note = StrictText(max_length=500, required=False, allow_blank=True)


class SettingsField(serializers.JSONField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("An object of sampling settings is expected."))
        return super().to_internal_value(data)


class ModelChangesSerializer(StrictSerializer):
    name = StrictText(max_length=200, required=False)
    endpoint = serializers.SlugRelatedField(
        slug_field="slug", queryset=ModelEndpoint.objects.all(), required=False, allow_null=True
    )
    remote_name = StrictText(max_length=200, required=False, allow_blank=True)
    system_prompt = StrictText(max_length=32_000, required=False, allow_blank=True)
    settings = SettingsField(required=False)
    publisher = StrictText(max_length=200, required=False, allow_blank=True)
    licence = StrictText(max_length=200, required=False, allow_blank=True)
    architecture = StrictText(max_length=200, required=False, allow_blank=True)
    parameters = StrictText(max_length=100, required=False, allow_blank=True)
    context_tokens = StrictInteger(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True
    )
    released_on = StrictText(max_length=10, required=False, allow_blank=True)


class NewModelSerializer(ModelChangesSerializer):
    slug = serializers.SlugField(max_length=120)
    name = StrictText(max_length=200)


class NewProbeSerializer(StrictSerializer):
    prompt = StrictText(max_length=4_000, required=False)


class TriedModelSerializer(NewProbeSerializer):
    """A model at a registered endpoint, or at an address."""

    endpoint = serializers.SlugRelatedField(
        slug_field="slug", queryset=ModelEndpoint.objects.all(), required=False
    )
    kind = serializers.ChoiceField(
        choices=ModelEndpoint.Kind.choices, default=ModelEndpoint.Kind.OPENAI_CHAT
    )
    base_url = StrictText(max_length=500, default="")
    api_key = StrictText(
        max_length=500, allow_blank=True, default="", write_only=True, help_text="Not stored."
    )
    remote_name = StrictText(max_length=200)
    system_prompt = StrictText(max_length=32_000, required=False, allow_blank=True)
    settings = SettingsField(required=False)


def advice_of(probe: Probe) -> str:
    """Return what to do about a probe, in the page's words; empty where the model itself answered."""
    if probe.result is not None and not probe.answered_as:
        return ""
    return unescape(render_to_string("models_registry/_advice.html", {"probe": probe})).strip()


class ProbeSerializer(serializers.Serializer):
    """Either `error` is empty and the answer is told, or it is the kind of what went wrong."""

    error = serializers.CharField()
    message = serializers.CharField(help_text="What happened.")
    advice = serializers.SerializerMethodField(help_text="What to do about it.")
    base_url = serializers.CharField(
        help_text="Another address at which the endpoint understands the question, or empty."
    )
    kind = serializers.CharField(help_text="Another kind of endpoint that this one is, or empty.")
    names = serializers.ListField(
        child=serializers.CharField(),
        help_text="Models there are, likeliest first, where the one asked for is not.",
    )
    replaced = serializers.DictField(
        child=serializers.CharField(),
        help_text="Settings that were refused, and under which other name each was sent; empty: none.",
    )
    answered_as = serializers.CharField(
        help_text="The other model that answered in place of the one asked for, or empty."
    )
    text = serializers.CharField(source="result.text", default=None)
    outcome = serializers.CharField(source="result.outcome", default=None)
    finish_reason = serializers.CharField(source="result.finish_reason", default=None)
    response_model = serializers.CharField(source="result.response_model", default=None)
    prompt_tokens = serializers.IntegerField(source="result.prompt_tokens", default=None)
    completion_tokens = serializers.IntegerField(source="result.completion_tokens", default=None)
    first_byte_ms = serializers.IntegerField(source="result.first_byte_ms", default=None)
    latency_ms = serializers.IntegerField(source="result.latency_ms", default=None)

    def get_advice(self, probe: Probe) -> str:
        return advice_of(probe)


class RouteSerializer(serializers.Serializer):
    server = serializers.CharField()
    kind = serializers.CharField()
    base_url = serializers.CharField()
    remote_name = serializers.CharField()


class PresetSerializer(serializers.Serializer):
    """A known model: what to fill in, where it can be reached, and the source of these facts."""

    slug = serializers.CharField()
    name = serializers.CharField()
    publisher = serializers.CharField()
    licence = serializers.CharField()
    architecture = serializers.CharField()
    parameters = serializers.CharField()
    context_tokens = serializers.IntegerField()
    released_on = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # DRF takes it for a field
    settings = serializers.JSONField()
    routes = RouteSerializer(many=True)
    prices = NewPriceSerializer(many=True)


class NewRunSerializer(StrictSerializer):
    pool = StrictText(max_length=100, help_text="SLUG, its newest published version, or SLUG/N.")
    models = serializers.ListField(
        child=StrictText(max_length=140), min_length=1, max_length=200, help_text="SLUG or SLUG@N."
    )
    samples = StrictInteger(min_value=1, max_value=100, default=1)
    cost_limit = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=0,
        required=False,
        allow_null=True,
        help_text="US dollars; once they are spent, the run pauses.",
    )
    dry_run = StrictBoolean(default=False, help_text="Only estimate.")


class RunChangesSerializer(StrictSerializer):
    cost_limit = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, allow_null=True
    )


class AcceptedNameSerializer(StrictSerializer):
    response_model = StrictText(max_length=200, help_text="As the endpoint answers.")


class AskedAgainSerializer(serializers.Serializer):
    answers = serializers.IntegerField(help_text="How many are asked for again.")


class RetrySerializer(StrictSerializer):
    error = StrictText(
        max_length=40, required=False, default="", allow_blank=True, help_text="Only this kind."
    )


class EstimateSerializer(serializers.Serializer):
    model = serializers.CharField()
    completions = serializers.IntegerField()
    calls = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=8, allow_null=True)
    most_cost = serializers.DecimalField(max_digits=20, decimal_places=8, allow_null=True)
    basis = serializers.CharField()


class RunSerializer(serializers.ModelSerializer):
    pool = serializers.CharField(source="pool_version.pool.slug", read_only=True)
    pool_version = serializers.IntegerField(source="pool_version.number", read_only=True)
    models: serializers.Field = serializers.StringRelatedField(
        source="models_by_name", many=True, read_only=True
    )
    state = serializers.ChoiceField(
        source="told_state",
        choices=GenerationRun.TOLD_STATES,
        read_only=True,
        help_text="finished: nothing that the run asks for waits or is in flight.",
    )

    class Meta:
        model = GenerationRun
        fields = ["id", "pool", "pool_version", "models", "samples", "state", "created_at"]
        read_only_fields = fields


class FailureSerializer(serializers.Serializer):
    kind = serializers.CharField()
    state = serializers.CharField()
    count = serializers.IntegerField()
    example = serializers.CharField()


class PausedEndpointSerializer(serializers.Serializer):
    endpoint = serializers.CharField()
    reason = serializers.CharField()


class RestingEndpointSerializer(PausedEndpointSerializer):
    until = serializers.DateTimeField()


class PausedModelSerializer(serializers.Serializer):
    model = serializers.CharField()
    reason = serializers.CharField()


class RunProgressSerializer(serializers.Serializer):
    total = serializers.IntegerField()
    states = serializers.DictField(child=serializers.IntegerField())
    models = serializers.ListField(child=serializers.JSONField())
    outcomes = serializers.DictField(child=serializers.IntegerField())
    failures = FailureSerializer(many=True)
    rate_per_minute = serializers.FloatField()
    seconds_left = serializers.IntegerField(allow_null=True)
    cost = serializers.DecimalField(
        max_digits=20, decimal_places=8, allow_null=True, help_text="US dollars."
    )
    uncosted = serializers.IntegerField(help_text="Answers whose price or usage is not known.")
    paused_endpoints = PausedEndpointSerializer(many=True)
    paused_models = PausedModelSerializer(many=True)
    resting_endpoints = RestingEndpointSerializer(many=True)
    abandoned = serializers.IntegerField(
        help_text="Cells of a worker that is gone; others take them over within half a minute."
    )
    pause_reason = serializers.CharField()
    cost_limit = serializers.DecimalField(
        max_digits=12, decimal_places=2, allow_null=True, help_text="US dollars."
    )


class RunDetailSerializer(RunSerializer):
    progress = RunProgressSerializer(read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "progress"]
        read_only_fields = fields


class StartedRunSerializer(serializers.Serializer):
    """A started run, or with `dry_run` only the estimate and `run` null."""

    run = RunSerializer(allow_null=True)
    created = serializers.BooleanField()
    inserted = serializers.IntegerField()
    reopened = serializers.IntegerField()
    present = serializers.IntegerField()
    estimate = EstimateSerializer(many=True)


class ImportSerializer(StrictSerializer):
    file = serializers.FileField()
    model = serializers.CharField(max_length=140, help_text="SLUG or SLUG@N, without an endpoint.")
    pool = serializers.CharField(max_length=100, help_text="SLUG or SLUG/N.")
    rows_of = serializers.CharField(max_length=200, default="", allow_blank=True)
    skip_bad_rows = serializers.BooleanField(default=False)


class ImportedSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    present = serializers.IntegerField()
    empty = serializers.IntegerField()
    naming_their_maker = serializers.IntegerField()
    errors = serializers.ListField(  # type: ignore[assignment] # DRF takes it for a field
        child=serializers.JSONField()
    )
    total_errors = serializers.IntegerField()
