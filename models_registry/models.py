"""Where to call, what is ranked, and every answer with the calls that made it."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import TimestampedModel
from models_registry.querysets import CompletionQuerySet, GenerationRunQuerySet
from prompts.models import Prompt, PromptPoolVersion


class ModelEndpoint(TimestampedModel):
    """Where to call. The key is bound to the origin it was given for: changing one wipes the other."""

    class Kind(models.TextChoices):
        OPENAI_CHAT = "openai_chat", _("OpenAI-compatible chat completions")
        ANTHROPIC_MESSAGES = "anthropic_messages", _("Anthropic messages")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    base_url = models.URLField(max_length=500)
    encrypted_key = models.BinaryField(default=b"", editable=False)
    key_hint = models.CharField(
        max_length=8, blank=True, help_text="The key's last four characters."
    )
    key_origin = models.CharField(max_length=300, blank=True, editable=False)
    max_concurrency = models.PositiveSmallIntegerField(default=8)
    timeout_seconds = models.PositiveSmallIntegerField(default=120)
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Over all workers; empty for no limit."
    )
    tokens_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="In and out together; empty for no limit."
    )
    next_request_at = models.DateTimeField(
        null=True, editable=False, help_text="When the limit of requests lets the next call begin."
    )
    next_tokens_at = models.DateTimeField(
        null=True, editable=False, help_text="When the limit of tokens lets the next call begin."
    )
    resting_until = models.DateTimeField(
        null=True, editable=False, help_text="No call begins before: the endpoint asked, or failed."
    )
    rest_reason = models.CharField(max_length=500, blank=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=500, blank=True)
    watched_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="One task at a time waits for the next retry; until when it does.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(max_concurrency__gte=1, max_concurrency__lte=512),
                name="endpoint_concurrency_sane",
            )
        ]

    def __str__(self) -> str:
        return self.slug


class LanguageModel(TimestampedModel):
    """One immutable version of endpoint + remote name + pinned settings: the thing that is ranked.

    `endpoint` is null for models whose completions are imported.
    """

    slug = models.SlugField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=200, help_text="What boards show.")
    endpoint = models.ForeignKey(
        ModelEndpoint,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="language_models",
    )
    remote_name = models.CharField(
        max_length=200, blank=True, help_text="The name the endpoint knows."
    )
    system_prompt = models.TextField(blank=True)
    settings = models.JSONField(default=dict, help_text="Sampling parameters, as sent.")
    publisher = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    architecture = models.CharField(max_length=200, blank=True)
    parameters = models.CharField(
        max_length=100, blank=True, help_text="Such as 70B, or undisclosed."
    )
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    released_on = models.CharField(
        max_length=10, blank=True, help_text="ISO 8601, as exact as known."
    )
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="Set when first used.")
    retired_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=500, blank=True)
    replaced_settings = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Settings the endpoint refused, and the name each is sent under; empty: left out.",
    )
    accepted_names = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="Other names under which the endpoint may answer for this model.",
    )
    known_origins = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="The names and fingerprints that its answers came with, as far as accepted.",
    )
    canaries_due_at = models.DateTimeField(
        null=True, editable=False, help_text="When its canary questions are asked again."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="language_model_version"),
        ]

    def __str__(self) -> str:
        return f"{self.slug}@{self.version}"


class ModelPrice(TimestampedModel):
    """What a model costs from a day on, in US dollars per million tokens."""

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="prices"
    )
    valid_from = models.DateField()
    input_per_million = models.DecimalField(max_digits=12, decimal_places=6)
    output_per_million = models.DecimalField(max_digits=12, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["language_model", "valid_from"], name="price_a_day"),
            models.CheckConstraint(
                condition=Q(input_per_million__gte=0, output_per_million__gte=0),
                name="price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language_model_id} from {self.valid_from}"


# The largest sum that the columns of costs hold, in US dollars.
MOST_SPENT = Decimal("999999.99999999")


class GenerationRun(TimestampedModel):
    """Pool version x models x samples. Starting one inserts pending completions, nothing else."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")

    TOLD_STATES = (*State.choices, ("finished", _("Finished")))

    pool_version = models.ForeignKey(
        PromptPoolVersion, on_delete=models.PROTECT, related_name="runs"
    )
    language_models = models.ManyToManyField(LanguageModel, related_name="runs")
    samples = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    pause_reason = models.CharField(
        max_length=500, blank=True, help_text="Empty when a person paused it."
    )
    cost_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="US dollars; once they are spent, no further call begins.",
    )
    spent = models.DecimalField(max_digits=14, decimal_places=8, default=0, editable=False)
    counted = models.JSONField(
        null=True, editable=False, help_text="The progress when it was last counted."
    )
    counted_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = GenerationRunQuerySet.as_manager()

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def models_by_name(self) -> list[LanguageModel]:
        """The run's models in an order that does not change from one look to the next."""
        return sorted(self.language_models.all(), key=str)


class MonthlySpending(models.Model):
    """What all calls of a calendar month (UTC) have cost, as far as prices and usage are known."""

    month = models.DateField(unique=True, help_text="Its first day.")
    spent = models.DecimalField(max_digits=14, decimal_places=8, default=0)

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Completion(TimestampedModel):
    """One model's answer to one prompt: the row is the job, and then the result.

    `turns` holds the model's reply to each user turn, `text` the last of them, which is judged.
    `outcome` is told of answered completions only: what kind of answer it was, in its worst turn. Quarantined is an
    answer that came from another model than was asked for, until somebody accepts that name.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        LEASED = "leased", _("In flight")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        QUARANTINED = "quarantined", _("Quarantined")

    class Source(models.TextChoices):
        GENERATED = "generated", _("Generated")
        IMPORTED = "imported", _("Imported")

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        REFUSED = "refused", _("Refused")
        FILTERED = "filtered", _("Filtered")
        EMPTY = "empty", _("Empty")
        CUT_OFF = "cut_off", _("Cut off")

    # Every change of state writes to every index: these two have none of their own. The first is the
    # beginning of `completion_once`, and what is asked of a run concerns its rows in one state.
    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.PROTECT, related_name="completions", db_index=False
    )
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="completions")
    sample = models.PositiveSmallIntegerField(default=0)
    run = models.ForeignKey(
        GenerationRun,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="completions",
        db_index=False,
    )
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.GENERATED)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)

    # the job
    attempts_made = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(
        default=0, help_text="Counts claims; a late answer has an old one."
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=40, blank=True, help_text="Kind of the last failure.")
    last_error_message = models.CharField(max_length=500, blank=True)

    # the result
    text = models.TextField(blank=True)
    turns = models.JSONField(default=list)
    turn_outcomes = models.JSONField(
        default=list, help_text="What kind of reply each turn got that was asked."
    )
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    names_maker = models.BooleanField(
        default=False, help_text="The text says which model wrote it."
    )
    masked_turns = models.JSONField(
        default=list,
        blank=True,
        help_text="The turns as shown where a protocol masks what names its maker; else empty.",
    )
    finish_reason = models.CharField(max_length=40, blank=True)
    refusal = models.TextField(blank=True)
    request = models.JSONField(null=True, blank=True, help_text="The last request, as sent.")
    request_digest = models.CharField(max_length=64, blank=True)
    response_model = models.CharField(max_length=200, blank=True)
    system_fingerprint = models.CharField(max_length=200, blank=True)
    provider_request_id = models.CharField(max_length=200, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    first_byte_ms = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = CompletionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["language_model", "prompt", "sample"], name="completion_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["succeeded", "quarantined"]) & ~Q(outcome="")
                | ~Q(state__in=["succeeded", "quarantined"]) & Q(outcome=""),
                name="completion_outcome_when_answered",
            ),
        ]
        # Partial: they stay as small as the work that is left, whatever has been done.
        indexes = [
            models.Index(
                # Claims walk one run in this order; the model is filtered in the index. Were it the
                # order of the keys, planners would walk those, past all that is done already.
                fields=["run", "sample", "prompt", "language_model"],
                condition=Q(state__in=["pending", "leased"]),
                name="completion_open_of_run",
            ),
            models.Index(
                fields=["run"], condition=Q(state="failed"), name="completion_failed_of_run"
            ),
            models.Index(
                fields=["leased_until"], condition=Q(state="leased"), name="completion_leased"
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="pending", next_attempt_at__isnull=False),
                name="completion_retry",
            ),
            models.Index(
                fields=["run", "completed_at"],
                condition=Q(state="succeeded"),
                name="completion_newest_of_run",
            ),
        ]

    def __str__(self) -> str:
        return f"completion {self.pk}"


class Attempt(TimestampedModel):
    """One call: committed before it is made, closed after it; an open one was cut off by a kill."""

    completion = models.ForeignKey(Completion, on_delete=models.CASCADE, related_name="attempts")
    fence = models.PositiveIntegerField()
    turn = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class CanaryRound(TimestampedModel):
    """What a model answered to the canary questions, once; compared with its last baseline."""

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="canary_rounds"
    )
    finished_at = models.DateTimeField(null=True)
    answers = models.JSONField(default=dict, help_text="By question, in the order of the seeds.")
    baseline = models.BooleanField(default=False)
    chance = models.FloatField(
        null=True, help_text="How likely such a difference is when nothing has changed."
    )

    def __str__(self) -> str:
        return f"canary round {self.pk}"


class DriftNotice(TimestampedModel):
    """Something about a model has changed; its calls wait until an admin has said what that means."""

    class What(models.TextChoices):
        RESPONSE_MODEL = "response_model", _("Name in its answers")
        FINGERPRINT = "fingerprint", _("Fingerprint")
        ANSWERS = "answers", _("Answers to the canary questions")

    class Decision(models.TextChoices):
        SAME = "same", _("The same model")
        NEW_VERSION = "new_version", _("A new version")

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="drift_notices"
    )
    what = models.CharField(max_length=16, choices=What.choices)
    before = models.CharField(max_length=500, blank=True)
    after = models.CharField(max_length=500, blank=True)
    decision = models.CharField(max_length=16, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["language_model", "what", "after"],
                condition=Q(decision=""),
                name="one_open_drift_notice",
            )
        ]

    def __str__(self) -> str:
        return f"drift notice {self.pk}"
