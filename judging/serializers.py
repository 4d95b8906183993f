"""API representations: of studies for managers, and, apart from them, of what raters receive.

The rater's answers are plain dicts built from dataclasses that know no model; the serializers of
them only describe them for the OpenAPI schema.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Consent, RaterHold, RaterProfile
from accounts.serializers import NewInvitationSerializer
from accounts.services.holds import LONGEST_REASON
from core.serializers import StrictBoolean, StrictInteger, StrictSerializer, StrictText
from judging.blinding import BlindedAssignment, BlindedCriterion, Progress, Side
from judging.models import AuditBatch, Study, StudyTransition, StudyVersion, UnblindingEvent
from judging.protocol import PROTOCOL_SCHEMA, Protocol
from judging.services.activity import StudyActivity
from judging.services.cohorts import cohort_choices
from judging.services.guessing import Questionnaire
from judging.services.judgments import Recorded
from judging.services.raters import RaterWork
from judging.services.undo import Judged

# ---- what managers and researchers read and write -----------------------------------------------


class ProtocolField(serializers.DictField):
    """A protocol, or the fields of it that are given; `judging.protocol` checks what is in it."""


class ProtocolSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call] # untyped hook
    target_class = "judging.serializers.ProtocolField"

    def get_name(self) -> str:
        return "Protocol"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return PROTOCOL_SCHEMA


class StudyVersionSerializer(serializers.ModelSerializer):
    published_by = serializers.CharField(
        source="published_by.username",
        default=None,
        help_text="Null: the command line, or it was not kept then.",
    )

    class Meta:
        model = StudyVersion
        fields = ["number", "digest", "published_at", "published_by"]
        read_only_fields = fields


class FrozenProtocolSerializer(StudyVersionSerializer):
    protocol = ProtocolField()

    class Meta:
        model = StudyVersion
        fields = ["number", "digest", "published_at", "published_by", "protocol"]
        read_only_fields = fields


class StudyTransitionSerializer(serializers.ModelSerializer):
    by = serializers.CharField(
        source="by.username", default=None, help_text="Null: the command line."
    )

    class Meta:
        model = StudyTransition
        fields = ["state", "by", "at"]
        read_only_fields = fields


class StudySerializer(serializers.ModelSerializer):
    created_by = serializers.CharField(source="created_by.username", default=None)
    draft = ProtocolField(help_text="The protocol as it was written; defaults are left out.")
    versions = StudyVersionSerializer(many=True, help_text="Newest first.")
    transitions = StudyTransitionSerializer(
        many=True, help_text="Pauses, resumptions and the closing, newest first."
    )
    seed = serializers.SerializerMethodField(
        help_text="The secret that drew samples and sides, told when the study is closed."
    )

    class Meta:
        model = Study
        fields = [
            "slug",
            "name",
            "description",
            "state",
            "draft",
            "versions",
            "transitions",
            "seed",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields

    def get_seed(self, study: Study) -> str | None:
        return study.secret_seed if study.state == Study.State.CLOSED else None


class NewStudySerializer(StrictSerializer):
    slug = serializers.SlugField(max_length=80)
    name = StrictText(max_length=200)
    description = StrictText(max_length=20_000, default="", allow_blank=True)
    protocol = ProtocolField(default=dict)


class StudyChangesSerializer(StrictSerializer):
    name = StrictText(max_length=200, required=False)
    description = StrictText(max_length=20_000, allow_blank=True, required=False)
    protocol = ProtocolField(default=dict, help_text="Whole fields are replaced.")


class PublishSerializer(StrictSerializer):
    allow_missing = StrictBoolean(default=False)


class AmendSerializer(PublishSerializer):
    changes = ProtocolField(help_text="Whole fields of the protocol in force.")


class WantedPlanSerializer(StrictSerializer):
    changes = ProtocolField(help_text="Whole fields of the next version, replaced for this plan.")


class AddModelSerializer(PublishSerializer):
    model = StrictText(max_length=140, help_text="slug@version")


class GroupPlanSerializer(serializers.Serializer):
    key = serializers.CharField(
        help_text="Of the cohort; empty: anybody; @…: raters who are named."
    )
    label = serializers.CharField()  # type: ignore[assignment] # a field of this name hides an argument
    judgments = serializers.IntegerField()


class CohortSerializer(serializers.Serializer):
    key = serializers.CharField(help_text="Empty: anybody; @…: raters who are named.")
    label = serializers.CharField()  # type: ignore[assignment] # a field of this name hides an argument
    members = serializers.ListField(
        child=serializers.CharField(), help_text="Pseudonyms of who may judge now; null: anybody."
    )
    links = serializers.IntegerField(help_text="How many more may join by open invitations.")
    places = serializers.IntegerField(help_text="Judgments that are kept for them.")
    taken = serializers.IntegerField(help_text="Of those, judged or on a screen.")
    judgments = serializers.IntegerField(help_text="All that they gave, as planned.")


class CohortMembersSerializer(StrictSerializer):
    cohort = StrictText(max_length=40, allow_blank=True, help_text="Its key; empty: none.")
    raters = serializers.ListField(
        child=StrictText(max_length=16), min_length=1, max_length=10_000, help_text="Pseudonyms."
    )


class CohortChangesSerializer(serializers.Serializer):
    changed = serializers.IntegerField(help_text="Raters whose cohort is another now.")


class CohortInvitationSerializer(NewInvitationSerializer):
    cohort = StrictText(max_length=40, help_text="Its key.")


class WantedRatersSerializer(StrictSerializer):
    q = StrictText(
        max_length=100, default="", allow_blank=True, help_text="Part of a name or pseudonym."
    )
    kind = serializers.ChoiceField(
        choices=RaterProfile.Kind.choices, default="", allow_blank=True, help_text="Empty: all."
    )


class RaterWorkSerializer(serializers.Serializer):
    pseudonym = serializers.CharField(source="profile.pseudonym")
    username = serializers.CharField(source="profile.user.username")
    kind = serializers.ChoiceField(source="profile.kind", choices=RaterProfile.Kind.choices)
    languages = serializers.ListField(child=serializers.CharField(), source="profile.languages")
    is_active = serializers.BooleanField(
        source="profile.user.is_active", help_text="False: the account is closed."
    )
    held = serializers.BooleanField(source="profile.held", help_text="Gets no new comparisons.")
    judgments = serializers.IntegerField()
    skips = serializers.IntegerField(help_text="Without those of texts they did not want to read.")
    last_active = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(
        allow_null=True, help_text="Median time of their latest judgments."
    )


class HoldSerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", default=None)

    class Meta:
        model = RaterHold
        fields = ["held", "reason", "by", "at"]
        read_only_fields = fields


class GivenConsentSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="version.number")

    class Meta:
        model = Consent
        fields = ["version", "action", "at"]
        read_only_fields = fields


class RaterSerializer(RaterWorkSerializer):
    holds = HoldSerializer(many=True, source="profile.holds", help_text="The newest first.")
    consents = GivenConsentSerializer(
        many=True, source="profile.consents", help_text="The newest first."
    )
    cohorts = serializers.SerializerMethodField(
        help_text="By slug of the running studies that have cohorts; empty: in none."
    )

    def get_cohorts(self, work: RaterWork) -> dict[str, str]:
        return {study.slug: cohort for study, _, cohort in cohort_choices(rater=work.profile)}


class HoldReasonSerializer(StrictSerializer):
    reason = StrictText(max_length=LONGEST_REASON, help_text="The rater does not see it.")


class SkipsSerializer(serializers.Serializer):
    reason = serializers.CharField()
    count = serializers.IntegerField()


class WorkInStudySerializer(serializers.Serializer):
    pseudonym = serializers.CharField()
    kind = serializers.ChoiceField(choices=RaterProfile.Kind.choices)
    judgments = serializers.IntegerField()
    skipped = serializers.IntegerField()
    last_at = serializers.DateTimeField(allow_null=True)


class StudyActivitySerializer(serializers.Serializer):
    last_hour = serializers.IntegerField(help_text="Judgments.")
    last_day = serializers.IntegerField(help_text="Judgments.")
    per_day = serializers.FloatField(
        help_text="The mean of the last 7 days, or of those since the study opened."
    )
    skips = serializers.SerializerMethodField(help_text="The most frequent first.")
    raters = WorkInStudySerializer(many=True, help_text="The 20 who did most.")

    @extend_schema_field(SkipsSerializer(many=True))
    def get_skips(self, activity: StudyActivity) -> list[dict[str, Any]]:
        return [{"reason": reason, "count": count} for reason, count in activity.skips]


class ToldSerializer(serializers.Serializer):
    field = serializers.CharField(help_text="As in the study, such as name or criteria.0.")
    name = serializers.CharField()


class PlanSerializer(serializers.Serializer):
    pairs = serializers.IntegerField(source="numbers.pairs")
    prompts = serializers.IntegerField()
    prompts_without_criterion = serializers.IntegerField(
        help_text="Of the pool, not asked: they name other criteria than the study has."
    )
    prompts_per_pair = serializers.IntegerField(source="numbers.prompts_per_pair")
    comparisons = serializers.IntegerField(source="numbers.comparisons")
    judgments = serializers.IntegerField(source="numbers.judgments")
    rater_hours = serializers.FloatField(source="numbers.rater_hours")
    cost = serializers.DecimalField(source="numbers.cost", max_digits=30, decimal_places=2)
    groups = GroupPlanSerializer(
        source="numbers.groups", many=True, help_text="Where places are kept: for whom how many."
    )
    missing_completions = serializers.IntegerField()
    told = ToldSerializer(
        many=True,
        help_text="Names of models that raters would read, and where: they unblind the study.",
    )


class StudyProgressSerializer(serializers.Serializer):
    comparisons = serializers.IntegerField()
    forfeited = serializers.IntegerField()
    places = serializers.IntegerField()
    open_places = serializers.IntegerField()
    leased = serializers.IntegerField()
    judgments = serializers.IntegerField(help_text="All of them, those beside the plan too.")
    beside_plan = serializers.IntegerField(
        help_text="Of the judgments: repeats, known answers, more on disagreement. They fill no place."
    )
    skipped = serializers.IntegerField()
    raters = serializers.IntegerField()


class ExclusionSerializer(StrictSerializer):
    rater = StrictText(max_length=40, help_text="The rater's pseudonym.")
    reason = StrictText(max_length=500)
    restore = StrictBoolean(default=False, help_text="Count again what was left out.")


class DecisionSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["exclusion", "restoration"])
    rater = serializers.CharField(source="assignment__rater__pseudonym")
    by = serializers.CharField(source="by__username")
    reason = serializers.CharField()
    at = serializers.DateTimeField(source="submitted_at")
    judgments = serializers.IntegerField(source="count")


class JudgmentsCountedSerializer(serializers.Serializer):
    judgments = serializers.IntegerField(help_text="For how many judgments it changed something.")


class GoldSerializer(serializers.Serializer):
    comparison = serializers.IntegerField(source="comparison_id", help_text="As in the files.")
    answers = serializers.DictField(
        child=serializers.CharField(), help_text="Outcomes by criterion, canonical frame."
    )
    reason = serializers.CharField()
    by = serializers.CharField(source="by.username", default=None)
    created_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(help_text="Null: it is shown still.")


class NewGoldSerializer(StrictSerializer):
    comparison = StrictInteger(min_value=1, max_value=2**63 - 1)
    answers = serializers.DictField(
        child=StrictText(max_length=16), help_text="first, tie, second or both_bad by criterion."
    )
    reason = StrictText(max_length=500)


class RetiredGoldSerializer(StrictSerializer):
    comparison = StrictInteger(min_value=1, max_value=2**63 - 1)


class PromotionSerializer(StrictSerializer):
    least = StrictInteger(
        min_value=2, max_value=1_000, default=3, help_text="Raters who judged it, all alike."
    )


class PromotedSerializer(serializers.Serializer):
    comparisons = serializers.IntegerField(help_text="That are gold now and were not before.")


class UnblindingSerializer(serializers.ModelSerializer):
    user = serializers.CharField(
        source="user.username", default=None, help_text="Null: the command line."
    )

    class Meta:
        model = UnblindingEvent
        fields = ["user", "path", "reason", "interim", "at"]
        read_only_fields = fields


class WantedUnblindingsSerializer(StrictSerializer):
    user = StrictText(
        max_length=150, default="", allow_blank=True, help_text="Only what this person was shown."
    )


class SealSerializer(serializers.ModelSerializer):
    class Meta:
        model = AuditBatch
        fields = ["number", "sealed_at", "count", "root", "chain"]
        read_only_fields = fields


class AskedCriterionSerializer(serializers.Serializer):
    """A criterion as raters may read it: where it is from may name a model."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of this name hides an argument
    question = serializers.CharField()
    definition = serializers.CharField()
    guidance = serializers.CharField()
    scale = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())


class CriterionSerializer(AskedCriterionSerializer):
    """A criterion, and where it is from."""

    source = serializers.CharField()  # type: ignore[assignment] # a field of this name hides an argument


# ---- what raters receive ------------------------------------------------------------------------


class NextSerializer(serializers.Serializer):
    prefetch = serializers.BooleanField(
        default=False, help_text="Give the assignment after the one that is shown."
    )


class WarningsSerializer(StrictSerializer):
    every = StrictBoolean(help_text="Nothing that carries a content warning, whatever it says.")
    tags = serializers.ListField(
        child=StrictText(max_length=200), max_length=200, help_text="Nothing with one of these."
    )


class OwnWarningsSerializer(WarningsSerializer):
    in_use = serializers.ListField(
        child=serializers.CharField(), help_text="Those that studies use now."
    )


class JudgmentBodySerializer(serializers.Serializer):
    votes = serializers.DictField(
        child=serializers.JSONField(),
        help_text="For each criterion -3 to 3 (-3: A much better), or a, b, tie, both_bad; "
        "or cannot_judge.",
    )
    comment = serializers.CharField(default="", max_length=4_000)


class SkipSerializer(StrictSerializer):
    reason = StrictText(max_length=200)


class ProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField()
    target = serializers.IntegerField()


class ChoiceSerializer(serializers.Serializer):
    value = serializers.JSONField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of this name hides an argument


class BlindedCriterionSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of this name hides an argument
    question = serializers.CharField()
    scale = serializers.CharField()
    choices = ChoiceSerializer(many=True)


class SideSerializer(serializers.Serializer):
    text = serializers.CharField()
    turns = serializers.ListField(child=serializers.CharField())


class BlindedPromptSerializer(serializers.Serializer):
    messages = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    risk_tags = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the prompt or its answers may hold: warn before showing them.",
    )


class BlindedAssignmentSerializer(serializers.Serializer):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    prompt = BlindedPromptSerializer()
    a = SideSerializer()
    b = SideSerializer()
    criteria = BlindedCriterionSerializer(many=True)
    progress = ProgressSerializer()


class WantedPreviewSerializer(StrictSerializer):
    prompt = serializers.IntegerField(
        min_value=0,
        max_value=10**9,
        default=0,
        help_text="Which of those asked, from 0, round and round.",
    )


class JudgedSerializer(serializers.Serializer):
    assignment = BlindedAssignmentSerializer()
    votes = serializers.DictField(child=serializers.CharField(), help_text="By criterion.")
    comment = serializers.CharField()


class AskedAnswerSerializer(serializers.Serializer):
    token = serializers.CharField(help_text="Of the assignment in which you judged it.")
    side = serializers.ChoiceField(choices=["a", "b"], help_text="Where it stood.")
    messages = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    text = serializers.CharField()
    turns = serializers.ListField(child=serializers.CharField())


class QuestionnaireSerializer(serializers.Serializer):
    busy = serializers.BooleanField(help_text="You hold a comparison: nothing is asked now.")
    answers = AskedAnswerSerializer(many=True)
    names = serializers.ListField(
        child=serializers.CharField(), help_text="What to choose from; some take no part."
    )


class GuessSerializer(StrictSerializer):
    token = StrictText(max_length=40)
    side = serializers.ChoiceField(choices=["a", "b"])
    name = StrictText(
        max_length=400, allow_blank=True, help_text="One of the names; empty: you do not know."
    )


class GuessesSerializer(StrictSerializer):
    guesses = GuessSerializer(many=True)


class GuessesCountedSerializer(serializers.Serializer):
    guesses = serializers.IntegerField(help_text="How many were kept.")


class RecordedSerializer(serializers.Serializer):
    id = serializers.CharField()
    revision = serializers.IntegerField(help_text="0: the first impression.")
    submitted_at = serializers.DateTimeField()
    undo_until = serializers.DateTimeField()
    votes = serializers.DictField(child=serializers.JSONField())
    comment = serializers.CharField()


class ReturnedSerializer(serializers.Serializer):
    returned = serializers.IntegerField(help_text="Comparisons given back.")


class SkippedSerializer(serializers.Serializer):
    token = serializers.CharField()
    state = serializers.CharField()


class OpenStudySerializer(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    guidelines = serializers.CharField()
    criteria = AskedCriterionSerializer(many=True)
    progress = ProgressSerializer()


def blinded_body(one: BlindedAssignment) -> dict[str, Any]:
    """Return the JSON of an assignment: field by field, so that nothing comes along."""
    return {
        "token": one.token,
        "expires_at": one.expires_at,
        "prompt": {"messages": one.messages, "risk_tags": one.risk_tags},
        "a": _side_body(one.a),
        "b": _side_body(one.b),
        "criteria": [_criterion_body(criterion) for criterion in one.criteria],
        "progress": progress_body(one.progress),
    }


def judged_body(judged: Judged) -> dict[str, Any]:
    return {
        "assignment": blinded_body(judged.blinded),
        "votes": judged.votes,
        "comment": judged.comment,
    }


def questionnaire_body(asked: Questionnaire) -> dict[str, Any]:
    """Return the JSON of what a rater is asked: field by field, so that nothing comes along."""
    return {
        "busy": asked.busy,
        "answers": [
            {
                "token": one.token,
                "side": one.side,
                "messages": one.messages,
                **_side_body(one.answer),
            }
            for one in asked.answers
        ],
        "names": asked.names,
    }


def recorded_body(recorded: Recorded, *, token: str) -> dict[str, Any]:
    return {
        # Built on the random token: row numbers would tell how many others judged in between.
        "id": f"{token}.{recorded.revision}",
        "revision": recorded.revision,
        "submitted_at": recorded.submitted_at,
        "undo_until": recorded.undo_until,
        **recorded.answers.as_dict(),
    }


def open_study_body(study: Study, protocol: Protocol, progress: Progress) -> dict[str, Any]:
    """Return what raters learn of a study: what is asked of them, and nothing of the models."""
    return {
        "slug": study.slug,
        "name": study.name,
        "guidelines": protocol.guidelines,
        "criteria": AskedCriterionSerializer(protocol.criteria, many=True).data,
        "progress": progress_body(progress),
    }


def progress_body(progress: Progress) -> dict[str, int]:
    return {"done": progress.done, "target": progress.target}


def _side_body(side: Side) -> dict[str, Any]:
    return {"text": side.text, "turns": side.turns}


def _criterion_body(criterion: BlindedCriterion) -> dict[str, Any]:
    return {
        "key": criterion.key,
        "label": criterion.label,
        "question": criterion.question,
        "scale": criterion.scale,
        "choices": [{"value": one.value, "label": one.label} for one in criterion.choices],
    }
