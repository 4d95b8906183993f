"""Lease comparisons to raters, one on the screen and at most one ahead, and take them back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, Subquery, Sum, When
from django.db.models.functions import Coalesce

from accounts.models import RaterProfile
from core.errors import Conflict, Invalid, Missing
from core.leases import lock, transition
from judging import blinding
from judging.blinding import BlindedAssignment, Lean, Progress, Side
from judging.models import Assignment, Comparison, ModelPair, Study, StudyVersion
from judging.protocol import Protocol
from judging.services.places import give_back, give_back_all, take_place
from judging.services.versions import protocol_of
from models_registry.models import Completion

TRIES = 8
LONGEST_REASON = 200
State = Assignment.State
LAPSED = (State.EXPIRED, State.RETURNED)


@dataclass(frozen=True, slots=True)
class Leased:
    """What a rater got: `created` is False for the one that was open already."""

    blinded: BlindedAssignment
    created: bool


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study that can be judged now: its version in force, with the study, and one's progress."""

    version: StudyVersion
    progress: Progress


@dataclass(frozen=True, slots=True)
class _History:
    """What a rater did in a study so far; `shown` and `ahead` are the open assignments."""

    issued: int
    swapped: int
    done: int
    lapsed: int
    shown: int | None
    ahead: int | None

    @property
    def lean(self) -> int:
        return 2 * self.swapped - self.issued

    @property
    def held(self) -> int:
        return self.done + (self.shown is not None) + (self.ahead is not None)


@dataclass(frozen=True, slots=True)
class _Desk:
    """One rater at work on one study version, now."""

    rater: RaterProfile
    version: StudyVersion
    protocol: Protocol
    now: datetime

    @property
    def expires_at(self) -> datetime:
        return self.now + timedelta(minutes=self.protocol.lease_minutes)

    def history(self) -> _History:
        mine = Assignment.objects.filter(rater=self.rater, study_id=self.version.study_id)
        return _History(**mine.history())


def _languages(rater: RaterProfile) -> list[str]:
    """The declared languages, and of regional ones such as pt-br the language too."""
    declared = rater.languages
    return sorted({*declared, *(code.split("-")[0] for code in declared)})


def _target(rater: RaterProfile, version: StudyVersion) -> int:
    """How many comparisons of a study this rater can judge."""
    counts = version.comparisons_by_language
    readable = sum(counts.get(code, 0) for code in ["", *_languages(rater)])
    cap = protocol_of(version).judgments_per_rater
    return readable if cap is None else min(cap, readable)


class _Lost(Exception):
    """Somebody else was faster; look again."""


def lease_next(
    *, rater: RaterProfile, version: StudyVersion, now: datetime, prefetch: bool = False
) -> Leased | None:
    """Return the comparison a rater is to judge next, blinded; None when nothing is left for them.

    The open assignment comes back as it was; then one whose lease lapsed while its place stayed
    free; then a new one, in a language the rater declared and never the same comparison twice.
    With `prefetch`, the one after the shown one. Exact under concurrency: no place is given twice,
    none is lost, and None means that nothing was left, not that others were busy.
    Raises `Conflict` while the study is not open.
    """
    _require_open(version.study)
    desk = _Desk(rater, version, protocol_of(version), now)
    for _ in range(TRIES):
        try:
            return _lease(desk, prefetch=prefetch)
        except (_Lost, IntegrityError):
            # Another request of this rater opened or closed one in between.
            continue
    raise Conflict("Too many requests at once; try again.", code="busy")


def open_studies(*, rater: RaterProfile) -> list[OpenStudy]:
    """Return the studies that are open for judging, each with the rater's progress."""
    open_ones = StudyVersion.objects.newest().filter(study__state=Study.State.OPEN)
    mine = Assignment.objects.filter(rater=rater, state=State.JUDGED).order_by()
    done = dict(mine.values_list("study_id").annotate(Count("pk")))
    return [
        OpenStudy(one, Progress(done.get(one.study_id, 0), _target(rater, one)))
        for one in open_ones.order_by("study__name", "pk")
    ]


def find_assignment(*, rater: RaterProfile, token: str) -> Assignment:
    """Return a rater's own assignment with its study version and prompt.

    Raises `Missing` for an unknown token, and just so for somebody else's.
    """
    assignment = (
        Assignment.objects.filter(token=token, rater=rater)
        .select_related("study", "study_version", "comparison__prompt")
        .only(
            "state",
            "swapped",
            "token",
            "comparison__prompt__criteria",
            "study__state",
            "study_version__digest",
        )
        .first()
    )
    if assignment is None:
        raise Missing("There is no such assignment.")
    return assignment


def skip_assignment(*, assignment: Assignment, reason: str, now: datetime) -> None:
    """Give a comparison back for good: this rater is not shown it again.

    A second call changes nothing. Raises `Conflict` when it was judged, `Invalid` without a reason.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid(f"Give a reason of at most {LONGEST_REASON} characters.", code="skip_reason")
    skipped = {"state": State.SKIPPED, "skip_reason": reason}
    if give_back(assignment=assignment, now=now, **skipped):
        return
    if transition(Assignment.objects.all(), assignment.pk, was=LAPSED, **skipped):
        return
    if Assignment.objects.filter(pk=assignment.pk, state=State.JUDGED).exists():
        raise Conflict("This comparison was judged already.", code="already_judged")


def expire_leases(*, now: datetime) -> int:
    """Free the places of leases that ran out; count them. Safe to run twice, and at once."""
    overdue = Assignment.objects.overdue(now=now)
    return give_back_all(assignments=overdue, state=State.EXPIRED, now=now)


def _require_open(study: Study) -> None:
    if study.state == Study.State.PAUSED:
        raise Conflict("This study is paused.", code="study_paused")
    if study.state != Study.State.OPEN:
        raise Conflict("This study is closed.", code="study_closed")


def _lease(desk: _Desk, *, prefetch: bool) -> Leased | None:
    history = desk.history()
    ahead = prefetch and history.shown is not None
    if open_pk := history.ahead if ahead else history.shown:
        return _reopened(desk, history, open_pk)
    if history.ahead and not ahead:
        _show_prefetched(history.ahead)
        return _reopened(desk, history, history.ahead)
    cap = desk.protocol.judgments_per_rater
    if cap is not None and history.held >= cap:
        return None
    pk = _revive(desk, prefetched=ahead) if history.lapsed else None
    pk = pk or _lease_new(desk, history, prefetched=ahead)
    return Leased(_present(desk, history, _shown(pk)), created=True) if pk else None


def _reopened(desk: _Desk, history: _History, pk: int) -> Leased:
    assignment = _shown(pk)
    # Renewed by activity, but not at every look: each renewal is a write.
    if assignment.expires_at - desk.now < (desk.expires_at - desk.now) / 2:
        assignment.expires_at = desk.expires_at
        if not transition(
            Assignment.objects.all(), pk, was=State.LEASED, expires_at=assignment.expires_at
        ):
            raise _Lost
    return Leased(_present(desk, history, assignment), created=False)


def _show_prefetched(pk: int) -> None:
    if not transition(Assignment.objects.all(), pk, was=State.LEASED, prefetched=False):
        raise _Lost


def _revive(desk: _Desk, *, prefetched: bool) -> int | None:
    """Lease a lapsed assignment again, with its token and its sides, if its place is still free."""
    lapsed = Assignment.objects.lapsed().filter(
        rater=desk.rater, study_id=desk.version.study_id, comparison__open_places__gt=0
    )
    pk, comparison_id = lapsed.order_by("pk").values_list("pk", "comparison_id").first() or (0, 0)
    if not pk:
        return None
    with transaction.atomic():
        won = transition(
            Assignment.objects.all(),
            pk,
            was=LAPSED,
            state=State.LEASED,
            prefetched=prefetched,
            study_version=desk.version,
            expires_at=desk.expires_at,
            closed_at=None,
        )
        if not won or not take_place(comparison_id=comparison_id):
            raise _Lost
    return int(pk)


def _lease_new(desk: _Desk, history: _History, *, prefetched: bool) -> int | None:
    """Draw a comparison, take a place of it, draw the sides and write the assignment."""
    with transaction.atomic():
        comparison = _draw(desk)
        if comparison is None:
            return None
        if not take_place(comparison_id=comparison.pk):
            raise _Lost
        draw = blinding.draw_side(
            seed=desk.version.study.secret_seed,
            label=f"side {comparison.pk} {desk.rater.pseudonym}",
            lean=_lean(comparison, history),
        )
        assignment = Assignment.objects.create(
            comparison=comparison,
            rater=desk.rater,
            study_id=desk.version.study_id,
            study_version=desk.version,
            prefetched=prefetched,
            swapped=draw.swapped,
            swap_probability=draw.probability,
            expires_at=desk.expires_at,
        )
        # Last, because the pair's row is shared by many raters: it is locked until the commit.
        step = 1 if draw.swapped else -1
        ModelPair.objects.filter(pk=comparison.pair_id).update(lean=F("lean") + step)
    return assignment.pk


def _draw(desk: _Desk) -> Comparison | None:
    """Lock the next comparison for this rater, passing over those that others are taking now.

    When only such are left it waits for them: they may have places left, or be given back.
    """
    wanted = (
        Comparison.objects.open_in(desk.version.study_id)
        .readable_in(_languages(desk.rater))
        .unseen_by(desk.rater.pk)
        .in_order_of_draw()
        .only("pk", "pair_id", "prompt_id")
    )
    return lock(wanted, skip_locked=True).first() or lock(wanted).first()


def _lean(comparison: Comparison, history: _History) -> Lean:
    """Read how the sides of this pair and of this prompt were shown so far in the study."""
    of_prompt = Assignment.objects.filter(
        study_id=OuterRef("study_id"), comparison__prompt_id=comparison.prompt_id
    )
    step = Case(When(swapped=True, then=1), default=-1, output_field=IntegerField())
    summed = of_prompt.order_by().values("study_id").annotate(lean=Sum(step)).values("lean")
    pairs = ModelPair.objects.filter(pk=comparison.pair_id)
    pair, prompt = pairs.values_list("lean", Coalesce(Subquery(summed), 0)).get()
    return Lean(rater=history.lean, pair=pair, prompt=prompt)


def _shown(pk: int) -> Assignment:
    """Read an open assignment with the texts that the rater sees, and nothing of the models."""
    assignment = (
        Assignment.objects.leased()
        .filter(pk=pk)
        .select_related("comparison__prompt", "comparison__first", "comparison__second")
        .only(
            "token",
            "expires_at",
            "swapped",
            "study_version_id",
            "comparison__prompt__messages",
            "comparison__prompt__criteria",
            "comparison__first__text",
            "comparison__first__turns",
            "comparison__second__text",
            "comparison__second__turns",
        )
        .first()
    )
    if assignment is None:
        raise _Lost
    return assignment


def _present(desk: _Desk, history: _History, assignment: Assignment) -> BlindedAssignment:
    # One that was leased before an amendment is judged by the protocol it was leased under.
    same = assignment.study_version_id == desk.version.pk
    protocol = desk.protocol if same else protocol_of(assignment.study_version)
    comparison = assignment.comparison
    return blinding.present(
        token=assignment.token,
        expires_at=assignment.expires_at,
        messages=comparison.prompt.messages,
        first=_side(comparison.first),
        second=_side(comparison.second),
        swapped=assignment.swapped,
        criteria=tuple(one.blinded() for one in protocol.criteria_for(comparison.prompt.criteria)),
        progress=Progress(history.done, _target(desk.rater, desk.version)),
    )


def _side(completion: Completion) -> Side:
    return Side(completion.text, tuple(completion.turns) or (completion.text,))
