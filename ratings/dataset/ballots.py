"""From rows to frozen arrays: what a board counts, in the order of submission."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from django.db.models import Avg, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from accounts.models import RaterProfile
from core.canonical import canonical_json
from judging.models import Assignment, Comparison, Forfeit, Judgment, StudyVersion, Vote
from judging.protocol import parse_protocol
from models_registry.models import Completion, LanguageModel
from ratings.board import Ballots, BoardInput, Criterion, Ranked, RaterFacts
from ratings.board.inputs import NO_COHORT, NO_GRADE, NOBODY, OUTCOME_CODES

CHUNK = 10_000
# Who is beaten by whom when a side forfeits; canonical frame.
FORFEITED = {"first": "second", "second": "first", "both": "both_bad"}


class BallotRow(NamedTuple):
    """One outcome: a vote, or a forfeit (then `rater` is empty: nobody judged)."""

    judgment: int | str  # empty for a forfeit
    comparison_id: int
    first_id: int  # of the language model
    second_id: int
    rater: str
    prompt: str
    criterion: str
    outcome: str
    swapped: bool | None = None  # whether A was the second; None for a forfeit
    drawn: float | None = None  # how likely the pair was to be drawn; None for a forfeit
    grade: int | None = None  # None on scales without grades
    cohort: str = ""  # key of the rater's cohort when it was issued; empty: none, and for a forfeit


def read_board_input(version: StudyVersion, *, up_to: int, excluded: bool = False) -> BoardInput:
    """Read everything a board of `version` depends on, judgments up to id `up_to`.

    Judgments given under earlier versions count too, on criteria whose words and scale are the
    same; both sides of every comparison stay, whether or not a later version still names them.
    With `excluded` those of raters who are left out are there, as if they were not.
    """
    protocol = parse_protocol(version.protocol)
    versions = versions_up_to(version)
    models = list(models_of(versions))
    labels = labels_of(models)
    lengths = _average_lengths(version)
    # Of each model those of the newest version that names it, as that version was built.
    uncompared = {pk: counts for one in versions for pk, counts in one.exclusions.items()}
    ranked = tuple(
        Ranked(
            version_id=model.pk,
            label=labels[model.pk],
            name=model.name,
            average_length=lengths.get(model.pk),
            exclusions=uncompared.get(str(model.pk), {}),
        )
        for model in sorted(models, key=lambda one: labels[one.pk])
    )
    raters = _raters(version, up_to)
    rows = _Rows(
        models={model.version_id: at for at, model in enumerate(ranked)},
        raters={rater.pseudonym: at for at, rater in enumerate(raters)},
        criteria=[one.key for one in protocol.criteria],
        cohorts=[one.key for one in protocol.cohorts],
    )
    sha = hashlib.sha256(_header(version, ranked, raters).encode())
    for row in ballot_rows(version, up_to=up_to, excluded=excluded):
        sha.update(canonical_row(row, labels).encode())
        rows.add(row)
    return BoardInput(
        models=ranked,
        raters=raters,
        criteria=tuple(
            Criterion(one.key, one.label, one.scale, protocol.weights.get(one.key, 0.0))
            for one in protocol.criteria
        ),
        ballots=rows.ballots(),
        primary=protocol.primary_criterion,
        margin=protocol.equivalence_margin,
        level=protocol.method.level,
        elo_k=protocol.method.elo_k,
        digest=sha.hexdigest(),
        cohorts=tuple(one.label for one in protocol.cohorts),
    )


def ballot_rows(
    version: StudyVersion, *, up_to: int, excluded: bool = False
) -> Iterator[BallotRow]:
    """Yield forfeits, in the order of their comparisons, then votes in the order of submission."""
    yield from forfeit_rows(version)
    columns = (
        "judgment_id",
        "judgment__assignment__comparison_id",
        "judgment__assignment__comparison__pair__first_model_id",
        "judgment__assignment__comparison__pair__second_model_id",
        "judgment__assignment__rater__pseudonym",
        "judgment__assignment__comparison__prompt__external_id",
        "criterion",
        "outcome",
        "judgment__assignment__swapped",
        "judgment__assignment__pair_probability",
        "grade",
        "judgment__assignment__cohort",
    )
    votes = counted_votes(version, up_to=up_to, excluded=excluded)
    for row in votes.values_list(*columns).iterator(CHUNK):
        yield BallotRow(*row)


def counted_votes(
    version: StudyVersion, *, up_to: int, superseded: bool = False, excluded: bool = False
) -> QuerySet[Vote]:
    """Return the votes that a board of `version` counts, in the order of submission.

    Of each assignment the latest revision counts, among judgments up to id `up_to`; with
    `superseded` the earlier ones are there too, and with `excluded` what would count had nobody been
    left out.
    """
    votes = Vote.objects.filter(
        _same_question(version),
        judgment__assignment__study_id=version.study_id,
        # Those beside the plan were asked because of what was judged before: counted, they would
        # pull the board towards even.
        judgment__assignment__purpose=Assignment.Purpose.PLANNED,
        judgment_id__lte=up_to,
    )
    if not superseded:
        later = later_revision(up_to)
        if excluded:
            later = later.exclude(kind=Judgment.Kind.EXCLUSION)
        votes = votes.filter(~Exists(later))
    # By time, not by id: ids are drawn before the moment they are committed at.
    return votes.order_by("judgment__submitted_at", "judgment_id", "id")


def later_revision(up_to: int) -> QuerySet[Judgment]:
    """Judgments up to id `up_to` that supersede the judgment of the outer query's vote."""
    return Judgment.objects.filter(
        assignment=OuterRef("judgment__assignment"),
        revision__gt=OuterRef("judgment__revision"),
        pk__lte=up_to,
    )


def forfeit_rows(version: StudyVersion) -> Iterator[BallotRow]:
    """Yield the outcomes of the comparisons that count as forfeited under this version."""
    protocol = parse_protocol(version.protocol)
    columns = (
        "outcomes",
        "comparison_id",
        "comparison__forfeit",
        "comparison__pair__first_model_id",
        "comparison__pair__second_model_id",
        "comparison__prompt__external_id",
        "comparison__prompt__criteria",
    )
    rows = forfeits_of(version).values_list(*columns)
    for outcomes, pk, side, first_id, second_id, prompt, keys in rows.iterator(CHUNK):
        for criterion in protocol.criteria_for(keys):
            row = BallotRow(
                judgment="",
                comparison_id=pk,
                first_id=first_id,
                second_id=second_id,
                rater="",
                prompt=prompt,
                criterion=criterion.key,
                outcome=FORFEITED[side],
            )
            yield from [row] * outcomes


def forfeits_of(version: StudyVersion) -> QuerySet[Forfeit]:
    forfeits: QuerySet[Forfeit] = version.forfeits.order_by("comparison_id")
    return forfeits


def canonical_row(row: BallotRow, labels: dict[int, str]) -> str:
    """Return the line of `row` that the input digest is made of."""
    return (
        f"{row.judgment}\t{row.comparison_id}\t{labels[row.first_id]}\t{labels[row.second_id]}\t"
        f"{row.rater}\t{row.prompt}\t{row.criterion}\t{row.outcome}\t"
        f"{'' if row.drawn is None else repr(row.drawn)}\t{'' if row.grade is None else row.grade}"
        # Where there is one: boards of before there were cohorts keep their digest.
        + (f"\t{row.cohort}\n" if row.cohort else "\n")
    )


def versions_up_to(version: StudyVersion) -> list[StudyVersion]:
    return list(
        StudyVersion.objects.filter(study_id=version.study_id, number__lte=version.number).order_by(
            "number"
        )
    )


def models_of(versions: Sequence[StudyVersion]) -> QuerySet[LanguageModel]:
    return LanguageModel.objects.filter(study_versions__in=versions).distinct().order_by("pk")


def labels_of(models: Iterable[LanguageModel]) -> dict[int, str]:
    """Return what a study calls each model: its slug, with @version only where two share a slug."""
    listed = list(models)
    slugs = [model.slug for model in listed]
    return {
        model.pk: model.slug if slugs.count(model.slug) == 1 else str(model) for model in listed
    }


def latest_judgment_id(version: StudyVersion) -> int:
    """Return the highest id of a judgment of the study; 0 without any."""
    newest = (
        Judgment.objects.filter(assignment__study_id=version.study_id)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    return newest or 0


def _same_question(version: StudyVersion) -> Q:
    """Votes on a criterion that `version` asks in the same words on the same scale."""
    wanted = {one["key"]: one for one in version.protocol["criteria"]}
    condition = Q(pk__in=[])
    for earlier in versions_up_to(version):
        keys = [one["key"] for one in earlier.protocol["criteria"] if one == wanted.get(one["key"])]
        condition |= Q(judgment__assignment__study_version_id=earlier.pk, criterion__in=keys)
    return condition


def _raters(version: StudyVersion, up_to: int) -> tuple[RaterFacts, ...]:
    judged = Judgment.objects.filter(
        assignment__rater=OuterRef("pk"),
        assignment__study_id=version.study_id,
        pk__lte=up_to,
    )
    rows = RaterProfile.objects.filter(Exists(judged)).order_by("pseudonym")
    return tuple(RaterFacts(*row) for row in rows.values_list("pseudonym", "kind"))


def _average_lengths(version: StudyVersion) -> dict[int, float]:
    """Return by model the mean length in characters of its answers in the study's comparisons."""
    compared = Comparison.objects.filter(
        study_id=version.study_id, added_in__number__lte=version.number
    )
    rows = (
        Completion.objects.filter(
            Q(pk__in=compared.values("first")) | Q(pk__in=compared.values("second"))
        )
        .order_by()
        .values_list("language_model_id")
        .annotate(length=Avg(Length("text")))
    )
    return {pk: float(length) for pk, length in rows}


def _header(version: StudyVersion, models: Sequence[Ranked], raters: Sequence[RaterFacts]) -> str:
    """Return the first line that the input digest is made of: the protocol, and who is who."""
    return (
        canonical_json(
            {
                "protocol": version.digest,
                "models": [
                    # Not by name: a name is a fact that may be corrected, and changes no number.
                    [one.version_id, one.label, one.average_length, one.exclusions]
                    for one in models
                ],
                "raters": [[one.pseudonym, one.kind] for one in raters],
            }
        )
        + "\n"
    )


class _Rows:
    """Collects rows into the arrays of each criterion, giving codes in the order of appearance."""

    def __init__(
        self,
        *,
        models: dict[int, int],
        raters: dict[str, int],
        criteria: Sequence[str],
        cohorts: Sequence[str],
    ) -> None:
        self.cohorts = {key: at for at, key in enumerate(cohorts)}
        self.models = models
        self.raters = raters
        self.columns: dict[str, list[tuple[int, ...]]] = {key: [] for key in criteria}
        self.drawn: dict[str, list[float]] = {key: [] for key in criteria}
        self.prompts: dict[str, int] = {}
        self.judgments: dict[int | str, int] = {}

    def add(self, row: BallotRow) -> None:
        rater, judgment = self._who(row)
        self.columns[row.criterion].append(
            (
                self.models[row.first_id],
                self.models[row.second_id],
                OUTCOME_CODES[row.outcome],
                rater,
                self.prompts.setdefault(row.prompt, len(self.prompts)),
                judgment,
                -1 if row.swapped is None else int(not row.swapped),
                NO_GRADE if row.grade is None else row.grade,
                self.cohorts.get(row.cohort, NO_COHORT),
            )
        )
        self.drawn[row.criterion].append(np.nan if row.drawn is None else row.drawn)

    def _who(self, row: BallotRow) -> tuple[int, int]:
        """Return the codes of rater and submission; a forfeited comparison is a submission."""
        if row.rater:
            return self.raters[row.rater], self._submission(row.judgment)
        return NOBODY, self._submission(f"forfeit {row.comparison_id}")

    def _submission(self, name: int | str) -> int:
        return self.judgments.setdefault(name, len(self.judgments))

    def ballots(self) -> dict[str, Ballots]:
        return {key: _ballots(rows, self.drawn[key]) for key, rows in self.columns.items()}


def _ballots(rows: list[tuple[int, ...]], drawn: list[float]) -> Ballots:
    table = np.array(rows, dtype=np.int32).reshape(-1, 9)
    first, second, outcome, rater, prompt, judgment, shown, grade, cohort = table.T.copy()
    return Ballots(
        first=first,
        second=second,
        outcome=outcome.astype(np.int8),
        rater=rater,
        prompt=prompt,
        judgment=judgment,
        shown_first=shown.astype(np.int8),
        drawn=np.array(drawn, dtype=np.float64),
        grade=grade.astype(np.int8),
        cohort=cohort,
    )
