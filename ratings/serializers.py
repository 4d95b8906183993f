"""API representations of boards; the answers are the stored results, these describe them."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.serializers import StrictSerializer
from ratings.board.meaning import MEANING
from ratings.exports.writers import FORMATS
from ratings.models import BoardRequest, ExportFile, LeaderboardSnapshot
from ratings.scoring.audit import CHECKS
from ratings.scoring.decisions import VERDICTS
from ratings.scoring.fragility import UNITS
from ratings.services.power import (
    POWER,
    PROMPT_CORRELATION,
    RATER_CORRELATION,
    TIE_SHARE,
)
from ratings.services.snapshots import Verification
from ratings.services.uncounted import uncounted

LARGEST_SEED = 2**63 - 1


def _number(meaning: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=MEANING[meaning])


def _count(meaning: str) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=MEANING[meaning])


# ---- what is asked ------------------------------------------------------------------------------


class NewSnapshotSerializer(StrictSerializer):
    seed = serializers.IntegerField(
        min_value=0,
        max_value=LARGEST_SEED,
        default=0,
        help_text="Of the draws behind rank ranges.",
    )


class PairSerializer(StrictSerializer):
    a = serializers.CharField(help_text="A model as the board names it.")
    b = serializers.CharField(help_text="Another one.")


class JudgmentsExportSerializer(StrictSerializer):
    format = serializers.ChoiceField(choices=sorted(FORMATS), default="csv")
    superseded = serializers.BooleanField(
        default=False, help_text="Earlier revisions too, marked as superseded."
    )


class LeaderboardExportSerializer(StrictSerializer):
    format = serializers.ChoiceField(choices=sorted(FORMATS), default="csv")
    criterion = serializers.CharField(
        default="", allow_blank=True, help_text="Only this one; composite is one too."
    )


class NewExportFileSerializer(StrictSerializer):
    what = serializers.ChoiceField(choices=ExportFile.What.values)
    format = serializers.ChoiceField(choices=sorted(FORMATS), default="csv")


class TwoBoardsSerializer(StrictSerializer):
    """Two boards by their ids; the earlier is taken as the one before, whatever the order."""

    def get_fields(self) -> dict[str, Any]:
        # The first one's name cannot be written as an attribute.
        return {
            name: serializers.IntegerField(min_value=1, max_value=LARGEST_SEED, help_text=help_text)
            for name, help_text in (("from", "A board of the study."), ("to", "Another one."))
        }


# ---- what is answered ---------------------------------------------------------------------------


class BoardSummarySerializer(serializers.ModelSerializer):
    study = serializers.CharField(source="study_version.study.slug")
    version = serializers.IntegerField(source="study_version.number")
    protocol_digest = serializers.CharField(source="study_version.digest")
    interim = serializers.BooleanField(help_text=MEANING["interim"])

    class Meta:
        model = LeaderboardSnapshot
        fields = [
            "id",
            "study",
            "version",
            "protocol_digest",
            "taken_at",
            "interim",
            "digest",
            "input_digest",
            "last_judgment_id",
            "code_version",
            "library_versions",
            "seed",
            "parameters",
        ]
        read_only_fields = fields


class BoardRequestSerializer(serializers.ModelSerializer):
    """A board that is being taken: how far it is, and then which."""

    id = serializers.IntegerField(
        allow_null=True, help_text="Null where the board was taken at once."
    )
    board = serializers.IntegerField(
        source="snapshot_id", allow_null=True, help_text="The board, once it is taken."
    )

    class Meta:
        model = BoardRequest
        fields = ["id", "state", "steps_done", "steps", "finished_at", "problem", "board"]
        read_only_fields = fields


class ExportFileSerializer(serializers.ModelSerializer):
    """A file that a worker writes, and how far it is; done, it can be had until it expires."""

    version = serializers.IntegerField(source="study_version.number")
    format = serializers.CharField(source="file_format")
    board = serializers.IntegerField(
        source="snapshot_id", allow_null=True, help_text="Whose rows it holds, of a leaderboard."
    )

    class Meta:
        model = ExportFile
        fields = [
            "id",
            "version",
            "what",
            "format",
            "coded",
            "board",
            "last_judgment_id",
            "state",
            "steps_done",
            "steps",
            "created_at",
            "finished_at",
            "problem",
            "sha256",
            "size",
            "expires_at",
        ]
        read_only_fields = fields


class BeforeAfterField(serializers.ListField):
    """Before and after; null where there was none."""

    def __init__(self, child: serializers.Field, **kwargs: Any) -> None:
        super().__init__(child=child, min_length=2, max_length=2, **kwargs)


class ChangedRowSerializer(serializers.Serializer):
    model = serializers.CharField()
    rank = BeforeAfterField(serializers.IntegerField(allow_null=True))
    rank_lower = BeforeAfterField(serializers.IntegerField(allow_null=True))
    rank_upper = BeforeAfterField(serializers.IntegerField(allow_null=True))
    rating = BeforeAfterField(serializers.FloatField(allow_null=True))
    battles = BeforeAfterField(serializers.IntegerField(allow_null=True))


class ChangedCriterionSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field so named, as in the board
    votes = BeforeAfterField(serializers.IntegerField(allow_null=True))
    same_models = serializers.BooleanField(
        help_text="Whether both rank the same models; else all ratings move."
    )
    rows = ChangedRowSerializer(many=True)


class ChangesSerializer(serializers.Serializer):
    before = serializers.IntegerField(help_text="The earlier board.")
    after = serializers.IntegerField(help_text="The later one.")
    same_protocol = serializers.BooleanField()
    same_code = serializers.BooleanField()
    names = serializers.DictField(child=serializers.CharField(), help_text="Of the models.")
    came = serializers.ListField(child=serializers.CharField())
    went = serializers.ListField(child=serializers.CharField())
    criteria = ChangedCriterionSerializer(many=True)


class ExclusionSerializer(serializers.Serializer):
    reason = serializers.CharField()
    answers = serializers.IntegerField()


class RankedModelSerializer(serializers.Serializer):
    model = serializers.CharField()
    version_id = serializers.IntegerField(
        allow_null=True, help_text="Null where models are codes: while the study is open."
    )
    name = serializers.CharField()
    average_length = _number("average_length")
    exclusions = ExclusionSerializer(many=True, help_text=MEANING["exclusions"])


class RaterKindSerializer(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field so named, as in the board
    raters = serializers.IntegerField()
    judgments = serializers.IntegerField()


class ClusterSerializer(serializers.Serializer):
    by = serializers.CharField()
    note = serializers.CharField()


class RankingSerializer(serializers.Serializer):
    model = serializers.CharField()
    rank = _count("rank")
    rank_lower = _count("rank")
    rank_upper = _count("rank")
    strength = _number("strength")
    strength_lower = _number("interval")
    strength_upper = _number("interval")
    rating = _number("rating")
    rating_lower = _number("interval")
    rating_upper = _number("interval")


class RowSerializer(RankingSerializer):
    battles = _count("battles")
    wins = _count("battles")
    losses = _count("battles")
    ties = _count("ties")
    both_bad = _count("both_bad_rate")
    cannot_judge = _count("cannot_judge_rate")
    forfeits = _count("forfeits")
    judgments = _count("judgments")
    raters = _count("raters")
    win_rate = _number("win_rate")
    win_rate_standard_error = _number("win_rate_standard_error")
    online_elo = _number("online_elo")
    both_bad_rate = _number("both_bad_rate")
    cannot_judge_rate = _number("cannot_judge_rate")


class PairCountsSerializer(serializers.Serializer):
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    both_bad = serializers.IntegerField()
    cannot_judge = serializers.IntegerField()


class HeadToHeadSerializer(PairCountsSerializer):
    a = serializers.CharField()
    b = serializers.CharField()


def _matrix(**kwargs: Any) -> serializers.ListField:
    row = serializers.ListField(child=serializers.FloatField())
    return serializers.ListField(
        child=row, help_text="Of the strengths, in the order of `ranked`.", **kwargs
    )


class ClusterSideSerializer(serializers.Serializer):
    """One of the two ways in which a two-way interval is clustered."""

    by = serializers.ChoiceField(choices=("rater", "prompt"))
    clusters = serializers.IntegerField()
    degrees = serializers.FloatField(help_text="Of freedom of Student's t.")
    covariance = _matrix()


class UncertaintySerializer(serializers.Serializer):
    clusters = serializers.IntegerField(
        allow_null=True, help_text="Raters or prompts; of two ways the fewer."
    )
    degrees = serializers.FloatField(
        allow_null=True, help_text="Of freedom of Student's t; null: normal."
    )
    covariance = _matrix(allow_null=True)
    sides = ClusterSideSerializer(many=True)
    ranked = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(
        child=serializers.CharField(), help_text=MEANING["not_estimable"]
    )


class FindingSerializer(serializers.Serializer):
    check = serializers.ChoiceField(choices=CHECKS)
    figure = serializers.FloatField(allow_null=True, help_text="Null: beyond all bounds.")
    threshold = serializers.FloatField()
    flagged = serializers.BooleanField()
    names = serializers.ListField(
        child=serializers.CharField(), help_text="Where: models, or pairs parted by a comma."
    )


class AuditSerializer(serializers.Serializer):
    findings = FindingSerializer(many=True)
    skipped = serializers.DictField(
        child=serializers.CharField(), help_text="Checks that could not be made, and why."
    )


class CoefficientSerializer(serializers.Serializer):
    value = serializers.FloatField()
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)


class AgreementSerializer(serializers.Serializer):
    comparisons = serializers.IntegerField(help_text="Judged by two raters or more.")
    raters = serializers.IntegerField()
    percent = CoefficientSerializer()
    alpha = CoefficientSerializer()
    ac1 = CoefficientSerializer()


class ViewRowSerializer(serializers.Serializer):
    model = serializers.CharField()
    rating = serializers.FloatField()


class EvenDrawSerializer(serializers.Serializer):
    least_likely = serializers.FloatField(
        help_text="Lowest probability with which a pair was drawn."
    )
    likeliest = serializers.FloatField()
    rows = ViewRowSerializer(many=True)


class GradedRowSerializer(ViewRowSerializer):
    rating_lower = serializers.FloatField()
    rating_upper = serializers.FloatField()


class GradedViewSerializer(serializers.Serializer):
    votes = serializers.IntegerField()
    grades = serializers.IntegerField()
    rows = GradedRowSerializer(many=True)


class CohortViewSerializer(serializers.Serializer):
    cohort = serializers.CharField(help_text="What it is called.")
    votes = serializers.IntegerField()
    raters = serializers.IntegerField()
    rows = GradedRowSerializer(many=True, help_text="Empty where its votes rank nothing.")


class ViewsSerializer(serializers.Serializer):
    even_draw = EvenDrawSerializer(allow_null=True)
    graded = GradedViewSerializer(allow_null=True)
    cohorts = CohortViewSerializer(many=True, required=False, help_text="By each cohort alone.")


class BoardCriterionSerializer(UncertaintySerializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field so named, as in the board
    scale = serializers.CharField()
    weight = serializers.FloatField()
    votes = serializers.IntegerField()
    cannot_judge = serializers.IntegerField()
    raters = serializers.IntegerField()
    tie_parameter = serializers.FloatField(allow_null=True)
    log_likelihood = serializers.FloatField(allow_null=True)
    groups = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    rows = RowSerializer(many=True)
    head_to_head = HeadToHeadSerializer(many=True)
    # Boards of before there were such have none of these.
    audit = AuditSerializer(allow_null=True, default=None, help_text=MEANING["audit"])
    agreement = AgreementSerializer(allow_null=True, default=None, help_text=MEANING["agreement"])
    views = ViewsSerializer(allow_null=True, default=None, help_text=MEANING["views"])


class LeftOutSerializer(serializers.Serializer):
    model = serializers.CharField()
    criteria = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of the criteria that do not rank it."
    )


class CompositeSerializer(UncertaintySerializer):
    weights = serializers.DictField(child=serializers.FloatField())
    left_out = LeftOutSerializer(
        many=True, default=[], help_text="Models that some criterion does not rank."
    )
    rows = RankingSerializer(many=True)


class UncountedSerializer(serializers.Serializer):
    """Of what was judged when a board was taken, what it counts, and what it does not, by reason."""

    judged = serializers.IntegerField()
    counted = serializers.IntegerField()
    beside_plan = serializers.IntegerField(
        help_text="Repeats, known answers, and what was asked on disagreement."
    )
    excluded = serializers.IntegerField(help_text="By raters who are left out.")
    retracted = serializers.IntegerField(help_text="Taken back.")
    otherwise = serializers.IntegerField(
        help_text="On questions that an earlier version of the protocol asked in other words."
    )


class BoardSerializer(BoardSummarySerializer):
    """The whole board: the stored result beside what it was made from."""

    models = RankedModelSerializer(many=True, source="result.models")
    raters = RaterKindSerializer(
        many=True, source="result.raters", help_text=MEANING["raters_by_kind"]
    )
    primary = serializers.CharField(source="result.primary", help_text="The primary criterion.")
    margin = serializers.FloatField(source="result.margin")
    level = serializers.FloatField(source="result.level")
    cluster = ClusterSerializer(source="result.cluster")
    criteria = BoardCriterionSerializer(many=True, source="result.criteria")
    composite = CompositeSerializer(
        source="result.composite", allow_null=True, help_text=MEANING["composite"]
    )
    judgments = serializers.SerializerMethodField()
    meaning = serializers.SerializerMethodField(help_text="What each number means, in words.")

    class Meta(BoardSummarySerializer.Meta):
        fields = [
            *BoardSummarySerializer.Meta.fields,
            "models",
            "raters",
            "judgments",
            "primary",
            "margin",
            "level",
            "cluster",
            "criteria",
            "composite",
            "meaning",
        ]
        read_only_fields = fields

    @extend_schema_field(UncountedSerializer)
    def get_judgments(self, snapshot: LeaderboardSnapshot) -> dict[str, int]:
        return asdict(uncounted(snapshot))

    def get_meaning(self, snapshot: LeaderboardSnapshot) -> dict[str, str]:
        return dict(MEANING)


class DifferenceSerializer(serializers.Serializer):
    strength = _number("difference")
    strength_lower = _number("difference")
    strength_upper = _number("difference")
    rating = _number("difference")
    rating_lower = _number("difference")
    rating_upper = _number("difference")


class EquivalenceSerializer(serializers.Serializer):
    margin = serializers.FloatField()
    strength_margin = serializers.FloatField(allow_null=True)
    level = serializers.FloatField()
    strength_lower = serializers.FloatField()
    strength_upper = serializers.FloatField()
    equivalent = serializers.BooleanField(help_text=MEANING["equivalent"])


class AnytimeSerializer(serializers.Serializer):
    level = serializers.FloatField()
    strength_lower = serializers.FloatField(allow_null=True)
    strength_upper = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(choices=("better", "worse", "unclear"))


class ComparedCriterionSerializer(serializers.Serializer):
    criterion = serializers.CharField()
    met = PairCountsSerializer(allow_null=True, help_text="From the side of a; null: never met.")
    difference = DifferenceSerializer(allow_null=True, help_text=MEANING["difference"])
    equivalence = EquivalenceSerializer(allow_null=True)
    verdict = serializers.ChoiceField(choices=VERDICTS, help_text=MEANING["verdict"])
    more_votes = serializers.IntegerField(allow_null=True, help_text=MEANING["more_votes"])
    anytime = AnytimeSerializer(allow_null=True, help_text=MEANING["anytime"])


class ComparedSerializer(serializers.Serializer):
    a = serializers.CharField()
    b = serializers.CharField()
    criteria = ComparedCriterionSerializer(many=True)


class FewestSerializer(serializers.Serializer):
    unit = serializers.ChoiceField(choices=list(UNITS))
    fewest = serializers.IntegerField(
        allow_null=True,
        help_text="So few of them left out turn the two around; null: none that were tried do.",
    )
    of = serializers.IntegerField(help_text="How many of them there are.")
    votes = serializers.IntegerField(allow_null=True, help_text="How many votes those are.")


class FragileCriterionSerializer(serializers.Serializer):
    criterion = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field so named, as in the board
    units = FewestSerializer(many=True)


class FragilitySerializer(serializers.Serializer):
    criteria = FragileCriterionSerializer(
        many=True,
        allow_null=True,
        help_text="Those that rank both; null: the board has too many votes for it.",
    )


class VerificationSerializer(serializers.Serializer):
    verified = serializers.BooleanField()
    inputs_match = serializers.BooleanField()
    result_intact = serializers.BooleanField()
    code_matches = serializers.BooleanField()
    libraries_match = serializers.BooleanField()
    largest_difference = serializers.SerializerMethodField(
        help_text="Null where something else than a number differs."
    )
    differences = serializers.ListField(child=serializers.CharField())

    def get_largest_difference(self, found: Verification) -> float | None:
        size: Any = found.largest_difference
        return None if size == float("inf") else float(size)


class ColumnsSerializer(serializers.Serializer):
    judgments = serializers.DictField(child=serializers.CharField())
    leaderboard = serializers.DictField(child=serializers.CharField())


class WantedPowerSerializer(serializers.Serializer):
    raters = serializers.IntegerField(default=20, min_value=1, max_value=1_000_000)
    tie_share = serializers.FloatField(default=TIE_SHARE, min_value=0, max_value=0.95)
    rater_correlation = serializers.FloatField(
        default=RATER_CORRELATION, min_value=0, max_value=0.95
    )
    prompt_correlation = serializers.FloatField(
        default=PROMPT_CORRELATION, min_value=0, max_value=0.95
    )
    power = serializers.FloatField(default=POWER, min_value=0.05, max_value=0.999)


class SampleSerializer(serializers.Serializer):
    total = serializers.IntegerField(
        allow_null=True, help_text="Votes; null: no number is enough with these raters and prompts."
    )
    independent = serializers.IntegerField(
        help_text="Direct votes between the two, if all votes were independent."
    )
    design_effect = serializers.FloatField(allow_null=True)
    why_not = serializers.CharField(help_text="What there is too little of: raters or prompts.")


class PowerSerializer(serializers.Serializer):
    votes = serializers.IntegerField(help_text="On each criterion, as drafted.")
    models = serializers.IntegerField()
    prompts = serializers.IntegerField()
    level = serializers.FloatField()
    margin = serializers.FloatField()
    assumptions = WantedPowerSerializer()
    detectable_win_rate = serializers.FloatField(
        allow_null=True, help_text="Of the better of two models, to be found with that power."
    )
    difference = SampleSerializer(
        allow_null=True, help_text="To find a difference as large as the margin."
    )
    equivalence = SampleSerializer(
        allow_null=True, help_text="To show that two equals are within the margin."
    )


# ---- how far judgments can be relied on ---------------------------------------------------------


class BlindingIndexSerializer(serializers.Serializer):
    value = serializers.FloatField()
    lower = serializers.FloatField(allow_null=True, help_text="Null: one rater alone was asked.")
    upper = serializers.FloatField(allow_null=True)
    answers = serializers.IntegerField(help_text="About how many answers something was said.")
    right = serializers.IntegerField()
    wrong = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Said that they do not know.")
    raters = serializers.IntegerField()


class ModelBlindingSerializer(serializers.Serializer):
    model = serializers.CharField()
    name = serializers.CharField(help_text="What boards show.")
    bang = BlindingIndexSerializer(
        allow_null=True, help_text="0: guessed blindly; 1: all know it. Null: nobody was asked."
    )


class StyleOfModelSerializer(serializers.Serializer):
    model = serializers.CharField()
    name = serializers.CharField(help_text="What boards show.")
    accuracy = serializers.FloatField(allow_null=True, help_text="Of its answers, named rightly.")


class StyleSerializer(serializers.Serializer):
    accuracy = serializers.FloatField(
        help_text="How many answers a classifier names the model of, by the words alone, on prompts it"
        " did not learn from."
    )
    lower = serializers.FloatField()
    upper = serializers.FloatField()
    chance = serializers.FloatField(help_text="What naming always the most frequent gets right.")
    answers = serializers.IntegerField()
    prompts = serializers.IntegerField()
    models = StyleOfModelSerializer(many=True)


class WithAndWithoutSerializer(serializers.Serializer):
    model = serializers.CharField()
    name = serializers.CharField(help_text="What boards show.")
    rank = serializers.IntegerField(allow_null=True)
    rating = serializers.FloatField(allow_null=True)
    rating_lower = serializers.FloatField(allow_null=True)
    rating_upper = serializers.FloatField(allow_null=True)
    rank_without = serializers.IntegerField(allow_null=True)
    rating_without = serializers.FloatField(allow_null=True)
    rating_lower_without = serializers.FloatField(allow_null=True)
    rating_upper_without = serializers.FloatField(allow_null=True)
    change = serializers.FloatField(allow_null=True, help_text="Elo points, without less with.")


class SensitivitySerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field so named, as in the board
    votes = serializers.IntegerField()
    votes_without = serializers.IntegerField()
    rows = WithAndWithoutSerializer(many=True)


class BlindingSerializer(serializers.Serializer):
    asked_raters = serializers.IntegerField()
    names = serializers.IntegerField(help_text="Offered to choose from: models and decoys.")
    bang = BlindingIndexSerializer(allow_null=True, help_text="Over all models.")
    james = BlindingIndexSerializer(
        allow_null=True, help_text="1: nobody claims to know; 0.5: guessed blindly; 0: all know."
    )
    models = ModelBlindingSerializer(many=True)
    recognised = serializers.IntegerField(help_text="Skips because a model was recognised.")
    suspected = serializers.ListField(
        child=serializers.CharField(),
        help_text="Pseudonyms of raters who were right too often for blind guesses.",
    )
    sensitivity = SensitivitySerializer(
        many=True, help_text="A check, no board: each criterion without the suspected raters."
    )
    style = StyleSerializer(allow_null=True)  # type: ignore[assignment] # a field so named


class AgreementCoefficientSerializer(serializers.Serializer):
    value = serializers.FloatField()
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)


class AgreementSliceSerializer(serializers.Serializer):
    slice = serializers.CharField(help_text="Empty: all prompts; else language or category.")
    comparisons = serializers.IntegerField(help_text="Judged by two raters or more.")
    raters = serializers.IntegerField()
    percent = AgreementCoefficientSerializer(allow_null=True)
    alpha = AgreementCoefficientSerializer(allow_null=True, help_text="Krippendorff's, nominal.")
    alpha_ordinal = AgreementCoefficientSerializer(
        allow_null=True, help_text="Over the steps of a scale."
    )
    kappa = AgreementCoefficientSerializer(
        allow_null=True, help_text="Fleiss's, for any number of raters."
    )
    cohen_kappa = AgreementCoefficientSerializer(
        allow_null=True, help_text="Null unless the same two raters gave all of it."
    )
    ac1 = AgreementCoefficientSerializer(allow_null=True, help_text="Gwet's, nominal.")
    ac2 = AgreementCoefficientSerializer(
        allow_null=True, help_text="Gwet's, over the steps of a scale."
    )


class AgreementOfCriterionSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field so named, as in the board
    table = AgreementSliceSerializer(many=True)


class TriedSerializer(serializers.Serializer):
    right = serializers.IntegerField()
    of = serializers.IntegerField()


class RaterJudgedSerializer(serializers.Serializer):
    rater = serializers.CharField(help_text="The pseudonym.")
    kind = serializers.CharField()
    held = serializers.BooleanField(help_text="Boards leave out all they judged.")
    votes = serializers.IntegerField(help_text="On the primary criterion.")
    left = serializers.FloatField(allow_null=True, help_text="Share of A among what was decided.")
    ties = serializers.FloatField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True, help_text="Median to the first impression.")
    words_per_second = serializers.FloatField(
        allow_null=True, help_text="Median, of the words in both answers."
    )
    gold = TriedSerializer(allow_null=True)
    repeats = TriedSerializer(allow_null=True, help_text="Judged as before, sides swapped.")
    scores = serializers.DictField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="Of each check, in standard deviations; null: too few votes.",
    )
    flags = serializers.ListField(child=serializers.CharField(), help_text="Checks that found.")
    target = serializers.CharField(allow_null=True, help_text="Whom the target check is about.")
    influence = serializers.FloatField(
        allow_null=True, help_text="Elo points by which their votes move the model they move most."
    )
    influence_on = serializers.CharField(allow_null=True)


class RuleSerializer(serializers.Serializer):
    checks = serializers.ListField(child=serializers.CharField())
    level = serializers.FloatField()


class MoversSerializer(serializers.Serializer):
    raters = serializers.IntegerField()
    beyond = serializers.FloatField(help_text="Elo points.")
    most = RaterJudgedSerializer(help_text="Who moves a model most.")


class StudyRatersSerializer(serializers.Serializer):
    raters = RaterJudgedSerializer(many=True)
    movers = MoversSerializer(
        allow_null=True, help_text="Raters who each move a model far; null: none does."
    )
    rule = RuleSerializer(help_text="Of the protocol: who is held.")
    gold = serializers.IntegerField(help_text="Comparisons whose answer is known.")
    findings = serializers.IntegerField()
    sensitivity = SensitivitySerializer(
        many=True, help_text="Each criterion with those left out, and without; empty: nobody is."
    )


class RaterFindingSerializer(serializers.Serializer):
    rater = serializers.CharField(source="rater.pseudonym")
    version = serializers.IntegerField(source="study_version.number")
    checks = serializers.ListField(child=serializers.CharField())
    scores = serializers.DictField(child=serializers.FloatField())
    votes = serializers.IntegerField()
    judgments = serializers.IntegerField(help_text="Left out then.")
    code = serializers.CharField(help_text="SHA-256 of the detectors' code.")
    by = serializers.CharField(source="by.username", default=None)
    at = serializers.DateTimeField()
