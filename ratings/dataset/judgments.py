"""From rows to the lines of a judgments file: every vote in both frames."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists

from judging.models import StudyVersion
from judging.protocol import parse_protocol
from prompts.models import Prompt
from ratings.dataset.ballots import (
    CHUNK,
    FORFEITED,
    counted_votes,
    forfeits_of,
    labels_of,
    later_revision,
    latest_judgment_id,
    models_of,
    versions_up_to,
)
from ratings.exports.records import JudgmentRow

WINNERS = {
    # (outcome, A was the canonical second) -> the field's word, display frame
    ("first", False): "model_a",
    ("first", True): "model_b",
    ("second", False): "model_b",
    ("second", True): "model_a",
    ("tie", False): "tie",
    ("tie", True): "tie",
    ("both_bad", False): "both_bad",
    ("both_bad", True): "both_bad",
    # No word of the field's; a word they do not know becomes a tie in more than one tool.
    ("cannot_judge", False): None,
    ("cannot_judge", True): None,
}


class VoteColumns(NamedTuple):
    """What is read of each vote, in the order of `PATHS`."""

    judgment_id: int
    revision: int
    submitted_at: datetime
    comment: str
    version_id: int
    swapped: bool
    swap_probability: float | None
    pair_probability: float | None
    rater: str
    rater_kind: str
    cohort: str
    comparison_id: int
    prompt_id: int
    first_completion_id: int
    second_completion_id: int
    first_model_id: int
    second_model_id: int
    criterion: str
    display_value: str
    outcome: str
    grade: int | None
    superseded: bool


PATHS = (
    "judgment_id",
    "judgment__revision",
    "judgment__submitted_at",
    "judgment__comment",
    "judgment__assignment__study_version_id",
    "judgment__assignment__swapped",
    "judgment__assignment__swap_probability",
    "judgment__assignment__pair_probability",
    "judgment__assignment__rater__pseudonym",
    "judgment__assignment__rater__kind",
    "judgment__assignment__cohort",
    "judgment__assignment__comparison_id",
    "judgment__assignment__comparison__prompt_id",
    "judgment__assignment__comparison__first_id",
    "judgment__assignment__comparison__second_id",
    "judgment__assignment__comparison__pair__first_model_id",
    "judgment__assignment__comparison__pair__second_model_id",
    "criterion",
    "display_value",
    "outcome",
    "grade",
    "later",
)


def judgment_rows(
    *, version: StudyVersion, superseded: bool = False, up_to: int | None = None
) -> Iterator[JudgmentRow]:
    """Yield forfeits and votes in the order in which the board of `version` counts them.

    Judgments up to id `up_to` are there; all of them when it is None.
    """
    facts = _Facts.of(version)
    up_to = latest_judgment_id(version) if up_to is None else up_to
    yield from _forfeits(version, facts)
    votes = counted_votes(version, up_to=up_to, superseded=superseded)
    rows = votes.annotate(later=Exists(later_revision(up_to))).values_list(*PATHS)
    for row in rows.iterator(CHUNK):
        yield facts.row(VoteColumns(*row), source="judgment")


def _forfeits(version: StudyVersion, facts: "_Facts") -> Iterator[JudgmentRow]:
    """Yield forfeited comparisons as the votes that the board takes them for, shown unswapped."""
    protocol = parse_protocol(version.protocol)
    forfeits = forfeits_of(version).select_related(
        "comparison__pair", "comparison__prompt", "comparison__added_in"
    )
    for forfeit in forfeits.iterator(CHUNK):
        one = forfeit.comparison
        for criterion in protocol.criteria_for(one.prompt.criteria):
            vote = VoteColumns(
                judgment_id=0,
                revision=0,
                submitted_at=one.added_in.published_at,
                comment="",
                version_id=one.added_in_id,
                swapped=False,
                swap_probability=None,
                pair_probability=None,
                rater="",
                rater_kind="",
                cohort="",
                comparison_id=one.pk,
                prompt_id=one.prompt_id,
                first_completion_id=one.first_id,
                second_completion_id=one.second_id,
                first_model_id=one.pair.first_model_id,
                second_model_id=one.pair.second_model_id,
                criterion=criterion.key,
                display_value="",
                outcome=FORFEITED[one.forfeit],
                grade=None,
                superseded=False,
            )
            row = facts.row(vote, source="forfeit", scale=criterion.scale)
            row = row._replace(judgment_id=None, revision=None)
            yield from [row] * forfeit.outcomes


class _Version(NamedTuple):
    number: int
    digest: str
    scales: dict[str, str]


class _Prompt(NamedTuple):
    pool: str
    pool_version: int
    pool_digest: str
    external_id: str
    category: str
    domain: str
    language: str


class _Facts(NamedTuple):
    """What many rows share, by id: small beside the votes."""

    study: str
    versions: dict[int, _Version]
    labels: dict[int, str]
    prompts: dict[int, _Prompt]

    @classmethod
    def of(cls, version: StudyVersion) -> "_Facts":
        versions = versions_up_to(version)
        prompts = Prompt.objects.filter(version__in=[one.pool_version_id for one in versions])
        paths = (
            "version__pool__slug",
            "version__number",
            "version__digest",
            "external_id",
            "category",
            "domain",
            "language",
        )
        return cls(
            study=version.study.slug,
            versions={
                one.pk: _Version(
                    one.number,
                    one.digest,
                    {
                        criterion["key"]: criterion["scale"]
                        for criterion in one.protocol["criteria"]
                    },
                )
                for one in versions
            },
            labels=labels_of(models_of(versions)),
            prompts={
                pk: _Prompt(*row) for pk, *row in prompts.values_list("pk", *paths).iterator(CHUNK)
            },
        )

    def row(self, vote: VoteColumns, *, source: str, scale: str = "") -> JudgmentRow:
        """Return the vote in both frames; A is the canonical first unless it was swapped.

        Without a `scale` it is the one of the version that the vote was given under.
        """
        version, prompt = self.versions[vote.version_id], self.prompts[vote.prompt_id]
        models = (vote.first_model_id, vote.second_model_id)
        completions = (vote.first_completion_id, vote.second_completion_id)
        first, second = self.labels[models[0]], self.labels[models[1]]
        a, b = (1, 0) if vote.swapped else (0, 1)
        return JudgmentRow(
            study=self.study,
            study_version=version.number,
            protocol_digest=version.digest,
            source=source,
            judgment_id=vote.judgment_id,
            revision=vote.revision,
            superseded=vote.superseded,
            submitted_at=vote.submitted_at,
            rater=vote.rater,
            rater_kind=vote.rater_kind,
            cohort=vote.cohort,
            criterion=vote.criterion,
            scale=scale or version.scales[vote.criterion],
            model_a=second if vote.swapped else first,
            model_b=first if vote.swapped else second,
            winner=WINNERS[vote.outcome, vote.swapped],
            model_a_version_id=models[a],
            model_b_version_id=models[b],
            completion_a_id=completions[a],
            completion_b_id=completions[b],
            display_value=vote.display_value,
            first=first,
            second=second,
            swapped=vote.swapped,
            swap_probability=vote.swap_probability,
            pair_probability=vote.pair_probability,
            outcome=vote.outcome,
            grade=vote.grade,
            comparison_id=vote.comparison_id,
            prompt_pool=prompt.pool,
            prompt_pool_version=prompt.pool_version,
            prompt_pool_digest=prompt.pool_digest,
            prompt_id=prompt.external_id,
            category=prompt.category,
            domain=prompt.domain,
            language=prompt.language,
            comment=vote.comment,
        )
