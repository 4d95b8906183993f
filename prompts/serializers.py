"""API representations of pools, versions, prompts and import reports."""

from rest_framework import serializers

from core.serializers import StrictSerializer, StrictText
from prompts.models import Prompt, PromptPool, PromptPoolVersion


class PromptPoolSerializer(serializers.ModelSerializer):
    n_versions = serializers.IntegerField(read_only=True)
    latest_published = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = PromptPool
        fields = [
            "slug",
            "name",
            "description",
            "source",
            "licence",
            "created_at",
            "n_versions",
            "latest_published",
        ]
        read_only_fields = fields


class NewPromptPoolSerializer(StrictSerializer):
    slug = serializers.SlugField(max_length=80)
    name = StrictText(max_length=200, required=False)
    description = StrictText(max_length=10_000, required=False, allow_blank=True)
    source = StrictText(  # type: ignore[assignment] # a field, not the base's attribute
        max_length=500, required=False, allow_blank=True
    )
    licence = StrictText(max_length=200, required=False, allow_blank=True)


class PromptPoolVersionSerializer(serializers.ModelSerializer):
    pool = serializers.CharField(source="pool.slug", read_only=True)
    n_prompts = serializers.IntegerField(read_only=True)

    class Meta:
        model = PromptPoolVersion
        fields = ["pool", "number", "state", "digest", "created_at", "published_at", "n_prompts"]
        read_only_fields = fields


class MessageSerializer(serializers.Serializer):
    role = serializers.CharField(help_text="user or assistant")
    content = serializers.CharField()


class PromptSerializer(serializers.ModelSerializer):
    messages = MessageSerializer(many=True)
    risk_tags = serializers.ListField(child=serializers.CharField())
    reference_answer = serializers.ListField(child=serializers.CharField(), allow_null=True)
    criteria = serializers.ListField(child=serializers.CharField())
    flags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Prompt
        fields = [
            "position",
            "external_id",
            "kind",
            "messages",
            "category",
            "domain",
            "language",
            "risk_tags",
            "reference_answer",
            "criteria",
            "flags",
        ]
        read_only_fields = fields


class ImportOptionsSerializer(StrictSerializer):
    """How to import: query parameters, or fields of the form beside the file."""

    filename = StrictText(max_length=1000, required=False, default="")
    columns = StrictText(
        max_length=2000, required=False, default="", help_text="role=column, comma-separated"
    )
    skip_bad_rows = serializers.BooleanField(required=False, default=False)
    refuse_duplicates = serializers.BooleanField(required=False, default=False)
    dry_run = serializers.BooleanField(required=False, default=False)


class ReferenceOptionsSerializer(StrictSerializer):
    filename = StrictText(max_length=1000, required=False, default="")
    skip_bad_rows = serializers.BooleanField(required=False, default=False)


class UploadSerializer(ImportOptionsSerializer):
    """The form of an upload; the file may instead be the whole body."""

    file = serializers.FileField()


class ReferenceUploadSerializer(ReferenceOptionsSerializer):
    file = serializers.FileField()


class InputErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    row = serializers.IntegerField(allow_null=True)
    column = serializers.CharField(allow_null=True)
    hint = serializers.CharField(allow_null=True)


class NoticeSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    count = serializers.IntegerField()
    rows = serializers.ListField(child=serializers.IntegerField())
    column = serializers.CharField(allow_null=True)


class ExampleSerializer(serializers.Serializer):
    row = serializers.IntegerField()
    external_id = serializers.CharField()
    messages = MessageSerializer(many=True)
    category = serializers.CharField()


class ImportReportSerializer(serializers.Serializer):
    filename = serializers.CharField()
    format = serializers.CharField()
    shape = serializers.CharField()
    n_rows = serializers.IntegerField()
    n_imported = serializers.IntegerField()
    n_skipped = serializers.IntegerField()
    n_errors = serializers.IntegerField()
    errors = InputErrorSerializer(many=True)  # type: ignore[assignment] # a field, not the base's
    warnings = NoticeSerializer(many=True)
    dry_run = serializers.BooleanField()
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    columns = serializers.ListField(child=serializers.CharField(), help_text="The file's own.")
    roles = serializers.DictField(
        child=serializers.CharField(), help_text="Which column holds what."
    )
    examples = ExampleSerializer(many=True, help_text="The first prompts, as they are stored.")


class AttachedSerializer(serializers.Serializer):
    n_attached = serializers.IntegerField()
