"""Lease comparisons to raters, one on the screen and at most one ahead, and take them back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import RaterProfile
from core.errors import Conflict, Invalid, Missing, NotAllowed
from core.leases import transition
from judging import blinding
from judging.blinding import BlindedAssignment, Lean, Progress, SideDraw
from judging.models import (
    Assignment,
    Comparison,
    KeptPlaces,
    SeenCompletion,
    Study,
    StudyVersion,
)
from judging.models.assignments import new_assignment_token
from judging.pairing import skips_allowed
from judging.protocol import Protocol
from judging.services.cohorts import Standing, judgeable_by_groups, standing_of
from judging.services.left_out import left_out_by_language
from judging.services.places import (
    LAPSED,
    give_back,
    give_back_all,
    place_is_free,
    put_last,
    take_place,
)
from judging.services.statements import (
    Candidate,
    Desk,
    Held,
    Search,
    Texts,
    draw_candidate,
    find_extra,
    find_gold,
    find_held,
    find_in_pairs,
    find_kept,
    lease,
    read_desk,
    read_texts,
)
from judging.services.versions import protocol_under

TRIES = 100  # each failed one means that somebody else got on
OFFSETS = 1 << 20
LONGEST_REASON = 200
REPEAT_GAP = 10  # so many others lie between a comparison and its repeat
Purpose, State = Assignment.Purpose, Assignment.State


@dataclass(frozen=True, slots=True)
class Leased:
    """What a rater got, and the protocol it is judged by.

    `created` is False for the one that was open already.
    """

    blinded: BlindedAssignment
    protocol: Protocol
    created: bool


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study that can be judged now: its version in force, with the study, and one's progress."""

    version: StudyVersion
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Work:
    """One rater at one study, now."""

    rater: RaterProfile
    desk: Desk
    protocol: Protocol
    now: datetime
    standing: Standing

    @property
    def expires_at(self) -> datetime:
        return self.now + timedelta(minutes=self.protocol.lease_minutes)

    @property
    def progress(self) -> Progress:
        desk = self.desk
        of = {
            "study_id": desk.study_id,
            "version_id": desk.version_id,
            "seed": desk.seed,
            "groups": self.standing.groups,
        }
        return _progress(self.rater, self.protocol, desk.judgeable, desk.done, of)

    @property
    def search(self) -> Search:
        """What this rater may be shown next, a prompt only as far apart as the protocol says."""
        caps, issued = self.protocol.caps, self.desk.issued
        return Search(
            study_id=self.desk.study_id,
            rater_id=self.rater.pk,
            languages=readable_languages(self.rater),
            seen_since=max(issued - caps.prompt_gap, 0),
            views=caps.prompt_views,
            per_pair=caps.judgments_per_pair,
            avoided=self.rater.avoided_tags,
            groups=self.standing.groups if self.protocol.keeps_places else None,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What is leased next, and for what purpose; `draw` where the sides are not to be drawn."""

    candidate: Candidate
    purpose: str
    draw: SideDraw | None = None


class _Lost(Exception):
    """Somebody else was faster; look again."""


def lease_next(
    *, rater: RaterProfile, slug: str, now: datetime, prefetch: bool = False
) -> Leased | None:
    """Return the comparison a rater is to judge next, blinded; None when nothing is left for them.

    The open assignment comes back as it was; then one whose lease lapsed while its place stayed
    free; then a new one, in a language the rater declared and with two answers never shown to them.
    With `prefetch`, the one after the shown one. Exact under concurrency: no place is given twice,
    none is lost, and None means that no place is free for this rater: `busy_until` tells whether
    others still hold some. Raises `Missing` for a study that was never published, `Conflict` while
    it is not open, `NotAllowed` for a rater on hold or who skipped as much as the protocol allows;
    both may finish what is on the screen.
    """
    for _turn in range(TRIES):
        desk = read_desk(slug=slug, rater_id=rater.pk)
        if desk is None:
            raise Missing(_("There is no such study."))
        _require_open(desk.state)
        protocol = protocol_under(desk.digest)
        standing = standing_of(rater=rater, study_id=desk.study_id, slug=slug, protocol=protocol)
        work = _Work(rater, desk, protocol, now, standing)
        try:
            leased = _lease(work, prefetch=prefetch)
        except (_Lost, IntegrityError):
            # Somebody took the place, or another request of this rater opened or closed one.
            continue
        # Leases that ran out hold their places until they are swept: not while somebody asks.
        if leased or not expire_leases(now=now, study_id=desk.study_id):
            return leased
    raise Conflict(_("Too many requests at once; try again."), code="busy")


def busy_until(*, rater: RaterProfile, slug: str) -> datetime | None:
    """Return when the first lease ends that others hold on what this rater could judge.

    None: nothing is left for this rater, whatever the others do.
    """
    desk = read_desk(slug=slug, rater_id=rater.pk)
    if desk is None:
        return None
    protocol = protocol_under(desk.digest)
    if _reached_cap(protocol, desk):
        return None
    standing = standing_of(rater=rater, study_id=desk.study_id, slug=slug, protocol=protocol)
    mine = {"rater": rater, "study_id": desk.study_id, "prompt": OuterRef("comparison__prompt")}
    seen = SeenCompletion.objects.filter(**mine)
    pair = (
        {"completion": OuterRef("comparison__first")},
        {"completion": OuterRef("comparison__second")},
    )
    others = (
        Assignment.objects.leased()
        .filter(
            ~Exists(seen.filter(Q(**pair[0]) | Q(**pair[1]))),
            study_id=desk.study_id,
            purpose=Assignment.Purpose.PLANNED,
            kept_for__in=["", *standing.groups],
            comparison__language__in=["", *readable_languages(rater)],
            comparison__withdrawn=False,
        )
        .exclude(rater=rater)
    )
    if protocol.caps.prompt_views == 1:
        others = others.filter(~Exists(seen))
    held = others.order_by("expires_at").values_list("comparison__prompt__risk_tags", "expires_at")
    return next((ends for tags, ends in held if not rater.avoids(tags)), None)


def open_studies(*, rater: RaterProfile) -> list[OpenStudy]:
    """Return the studies that are open for judging, each with the rater's progress."""
    open_ones = StudyVersion.objects.newest().filter(study__state=Study.State.OPEN)
    mine = Assignment.objects.filter(rater=rater, state=State.JUDGED).order_by()
    done = dict(mine.values_list("study_id").annotate(Count("pk")))
    return [
        OpenStudy(one, _progress_in(one, rater, done.get(one.study_id, 0)))
        for one in open_ones.order_by("study__name", "pk")
    ]


def _progress_in(version: StudyVersion, rater: RaterProfile, done: int) -> Progress:
    study, protocol = version.study, protocol_under(version.digest)
    standing = standing_of(rater=rater, study_id=study.pk, slug=study.slug, protocol=protocol)
    of = {
        "study_id": study.pk,
        "version_id": version.pk,
        "seed": study.secret_seed,
        "groups": standing.groups,
    }
    return _progress(rater, protocol, version.judgeable_by_language, done, of)


def find_assignment(*, rater: RaterProfile, token: str) -> Held:
    """Return a rater's own assignment. Raises `Missing` for any other, known or not."""
    held = find_held(token=token, rater_id=rater.pk)
    if held is None:
        raise Missing(_("There is no such assignment."))
    return held


def skip_assignment(*, assignment: Held, reason: str, now: datetime) -> None:
    """Give a comparison back for good: this rater is not shown it again.

    A second call changes nothing. Raises `Conflict` when it was judged, `Invalid` without a reason.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid(
            _("Give a reason of at most %(longest_reason)s characters.")
            % {"longest_reason": LONGEST_REASON},
            code="skip_reason",
        )
    skipped: dict[str, Any] = {"state": State.SKIPPED, "skip_reason": reason}
    if give_back(pk=assignment.pk, comparison_id=assignment.comparison_id, now=now, **skipped):
        return
    if transition(Assignment.objects.all(), assignment.pk, was=LAPSED, **skipped):
        put_last(comparison_id=assignment.comparison_id)
        return
    if Assignment.objects.filter(pk=assignment.pk, state=State.JUDGED).exists():
        raise Conflict(_("This comparison was judged already."), code="already_judged")


def expire_leases(*, now: datetime, study_id: int | None = None) -> int:
    """Free the places of leases that ran out, of one study or of all; count them.

    Safe to run twice, and at once.
    """
    overdue = Assignment.objects.overdue(now=now)
    if study_id is not None:
        overdue = overdue.filter(study_id=study_id)
    return give_back_all(assignments=overdue, state=State.EXPIRED, now=now)


def _require_open(state: str) -> None:
    if state == Study.State.PAUSED:
        raise Conflict(_("This study is paused; come back later."), code="study_paused")
    if state != Study.State.OPEN:
        raise Conflict(_("This study is closed."), code="study_closed")


def readable_languages(rater: RaterProfile) -> list[str]:
    """Return the declared languages, and of regional ones such as pt-br the language too."""
    declared = rater.languages
    return sorted({*declared, *(code.split("-")[0] for code in declared)})


def _progress(
    rater: RaterProfile,
    protocol: Protocol,
    judgeable: dict[str, int],
    done: int,
    of: dict[str, Any],
) -> Progress:
    """Count what is done against what this rater can judge at most.

    `of` names the version, and the groups whose places the rater may have.
    """
    out = left_out_by_language(rater=rater, views=protocol.caps.prompt_views, **of)
    named = {name: of[name] for name in ("version_id", "seed", "groups")}
    kept = judgeable_by_groups(**named) if of["groups"] else {}
    codes = ["", *readable_languages(rater)]
    readable = sum(judgeable.get(code, 0) + kept.get(code, 0) - out.get(code, 0) for code in codes)
    checks = protocol.checks.repeats + protocol.checks.gold
    caps = [int(readable / (1 - checks))]
    if protocol.judgments_per_rater is not None:
        caps.append(protocol.judgments_per_rater)
    if protocol.caps.judgments_per_pair is not None:
        caps.append(protocol.caps.judgments_per_pair * len(protocol.pairs()))
    return Progress(done, max(done, min(caps)))


def _reached_cap(protocol: Protocol, desk: Desk) -> bool:
    open_ones = (desk.shown is not None) + (desk.ahead is not None)
    cap = protocol.judgments_per_rater
    return cap is not None and desk.done + open_ones >= cap


def _lease(work: _Work, *, prefetch: bool) -> Leased | None:
    desk = work.desk
    ahead = prefetch and desk.shown is not None
    if open_pk := desk.ahead if ahead else desk.shown:
        return _reopened(work, open_pk)
    if work.rater.held:
        raise NotAllowed(
            _("Your work is on hold. What you judged is kept; ask whoever invited you."),
            code="rater_held",
        )
    if desk.ahead and not ahead:
        _show_prefetched(desk.ahead)
        return _reopened(work, desk.ahead)
    if _reached_cap(work.protocol, desk):
        return None
    if desk.skipped > skips_allowed(work.protocol.caps.skips, issued=desk.issued):
        raise NotAllowed(
            _(
                "You skipped as many comparisons as this study allows. What you judged is kept; "
                "ask whoever invited you."
            ),
            code="skip_cap",
        )
    revived = _revive(work, prefetched=ahead) if desk.lapsed else None
    return _reopened(work, revived, created=True) if revived else _lease_new(work, prefetched=ahead)


def _show_prefetched(pk: int) -> None:
    if not transition(Assignment.objects.all(), pk, was=State.LEASED, prefetched=False):
        raise _Lost


def _revive(work: _Work, *, prefetched: bool) -> int | None:
    """Lease a lapsed assignment again, with its token and its sides, if its place is still free."""
    lapsed = Assignment.objects.lapsed().filter(
        place_is_free(),
        rater=work.rater,
        study_id=work.desk.study_id,
        comparison__withdrawn=False,
        comparison__language__in=["", *readable_languages(work.rater)],
        kept_for__in=["", *work.standing.groups],
    )
    fields = ("comparison__prompt__risk_tags", "pk", "comparison_id", "purpose", "kept_for")
    rows = lapsed.order_by("pk").values_list(*fields)
    found = next((row for tags, *row in rows if not work.rater.avoids(tags)), None)
    if found is None:
        return None
    pk, comparison_id, purpose, kept_for = found
    with transaction.atomic():
        won = transition(
            Assignment.objects.all(),
            pk,
            was=LAPSED,
            state=State.LEASED,
            prefetched=prefetched,
            study_version_id=work.desk.version_id,
            expires_at=work.expires_at,
            closed_at=None,
        )
        if not won or not take_place(
            comparison_id=comparison_id, purpose=purpose, kept_for=kept_for
        ):
            raise _Lost
    return int(pk)


def _reopened(work: _Work, pk: int, *, created: bool = False) -> Leased:
    """Show an open assignment again, renewing its lease."""
    leased = Assignment.objects.leased().filter(pk=pk)
    assignment = leased.first()
    if assignment is None:
        raise _Lost
    # Renewed by activity, but not at every look: each renewal is a write.
    if assignment.expires_at - work.now < (work.expires_at - work.now) / 2:
        assignment.expires_at = work.expires_at
        if not leased.update(expires_at=work.expires_at):
            raise _Lost
    # One that was leased before an amendment is judged by the protocol it was leased under.
    same = assignment.study_version_id == work.desk.version_id
    protocol = work.protocol if same else protocol_under(assignment.study_version.digest)
    blinded = _present(
        work,
        protocol,
        assignment.token,
        assignment.expires_at,
        swapped=assignment.swapped,
        texts=read_texts(comparison_id=assignment.comparison_id),
    )
    return Leased(blinded, protocol, created=created)


def _lease_new(work: _Work, *, prefetched: bool) -> Leased | None:
    """Find the next comparison, draw its sides, and lease it; None when there is none.

    Found without a lock, so that nobody waits, and leased by statements that a constraint refuses
    once its last place is gone: then the caller looks again.
    """
    desk, token = work.desk, new_assignment_token()
    found = _check(work) or _planned(work) or _extra(work)
    if found is None:
        return None
    draw = found.draw or _side(work, found.candidate)
    texts = lease(
        candidate=found.candidate,
        purpose=found.purpose,
        desk=desk,
        rater_id=work.rater.pk,
        token=token,
        prefetched=prefetched,
        draw=draw,
        now=work.now,
        expires_at=work.expires_at,
        cohort=work.standing.cohort,
    )
    blinded = _present(
        work, work.protocol, token, work.expires_at, swapped=draw.swapped, texts=texts
    )
    return Leased(blinded, work.protocol, created=True)


def _side(work: _Work, candidate: Candidate) -> SideDraw:
    desk = work.desk
    return blinding.draw_side(
        seed=desk.seed,
        label=f"side {candidate.comparison_id} {work.rater.pseudonym}",
        lean=Lean(
            rater=2 * desk.swapped - desk.issued,
            pair=candidate.pair_lean,
            prompt=candidate.prompt_lean,
        ),
    )


def _check(work: _Work) -> _Found | None:
    """Return a repeat or a gold comparison where the protocol's shares and the seed say so."""
    checks, desk = work.protocol.checks, work.desk
    if not checks.repeats and not checks.gold:
        return None
    u = blinding.unit_interval(desk.seed, f"check {desk.issued} {work.rater.pseudonym}")
    if u < checks.repeats:
        return _repeat(work, u / checks.repeats)
    if u < checks.repeats + checks.gold:
        nearer = replace(work.search, seen_since=desk.issued)
        candidate = find_gold(nearer, offset=int(u * OFFSETS))
        return _Found(candidate, Purpose.GOLD) if candidate else None
    return None


def _repeat(work: _Work, u: float) -> _Found | None:
    """Return a comparison this rater judged a while ago, with the sides it was not shown with."""
    mine = Assignment.objects.filter(rater=work.rater, study_id=work.desk.study_id)
    recent = mine.order_by("-pk").values("pk")[:REPEAT_GAP]
    again = mine.filter(purpose=Purpose.REPEAT).values("comparison")
    judged = mine.filter(state=State.JUDGED, purpose=Purpose.PLANNED)
    old = judged.exclude(pk__in=list(recent.values_list("pk", flat=True)))
    fields = ("comparison_id", "comparison__pair_id", "swapped", "swap_probability")
    rows = list(old.exclude(comparison__in=again).order_by("pk").values_list(*fields))
    if not rows:
        return None
    pk, pair_id, swapped, probability = rows[int(u * len(rows))]
    # The mirror of a draw: it leans the other way, and is as likely as the draw was.
    mirror = SideDraw(not swapped, probability if swapped else 1 - probability)
    return _Found(Candidate(pk, pair_id, 0, 1.0, 0), Purpose.REPEAT, mirror)


def _planned(work: _Work) -> _Found | None:
    candidate = _candidate(work)
    return _Found(candidate, Purpose.PLANNED) if candidate else None


def _extra(work: _Work) -> _Found | None:
    if not work.protocol.checks.extra_judgments:
        return None
    candidate = find_extra(replace(work.search, seen_since=work.desk.issued))
    return _Found(candidate, Purpose.EXTRA) if candidate else None


def _candidate(work: _Work) -> Candidate | None:
    """Draw a comparison; look further only where nothing is left of what was drawn from.

    First what nobody skipped and lies far enough from the last view of its prompt; then nearer
    ones; then what others skipped: whatever there is comes before nothing. All of it first among
    places that are kept for this rater's groups, which nobody else can fill.
    """
    desk, rater = work.desk, work.rater
    if not work.progress.target and not _reads_any(work):
        return None
    u = blinding.unit_interval(desk.seed, f"pair {desk.issued} {rater.pseudonym}")
    # A number of its own: those that led to a pair without anything would all lead to its neighbour.
    again = blinding.unit_interval(desk.seed, f"pair again {desk.issued} {rater.pseudonym}")
    offset = int(
        blinding.unit_interval(desk.seed, f"pick {desk.issued} {rater.pseudonym}") * OFFSETS
    )
    search = work.search
    nearer = replace(search, seen_since=desk.issued)
    last = replace(nearer, skipped=True)
    tries: list[Callable[[], Candidate | None]] = [
        *(partial(find_kept, one, u=u) for one in (search, nearer, last) if search.groups),
        lambda: draw_candidate(search, u=u, offset=offset),
        lambda: find_in_pairs(search, u=again),
        lambda: find_in_pairs(nearer, u=again),
        lambda: find_in_pairs(last, u=again),
    ]
    return next((found for one in tries if (found := one())), None)


def _reads_any(work: _Work) -> bool:
    """Say whether anything is in a language the rater reads, before much is looked through thrice."""
    languages = ["", *readable_languages(work.rater)]
    open_ones = Comparison.objects.filter(pair__study_id=work.desk.study_id, open_places__gt=0)
    kept = KeptPlaces.objects.filter(
        pair__study_id=work.desk.study_id,
        open_places__gt=0,
        kept_for__in=work.standing.groups,
        comparison__language__in=languages,
    )
    return bool(
        open_ones.filter(language__in=languages).exists()
        or (work.standing.groups and kept.exists())
    )


def _present(
    work: _Work,
    protocol: Protocol,
    token: str,
    expires_at: datetime,
    *,
    swapped: bool,
    texts: Texts,
) -> BlindedAssignment:
    first, second = texts.sides(masked=protocol.masks_makers)
    return blinding.present(
        token=token,
        expires_at=expires_at,
        messages=texts.messages,
        first=first,
        second=second,
        swapped=swapped,
        criteria=tuple(one.blinded() for one in protocol.criteria_for(texts.criteria)),
        progress=work.progress,
        risk_tags=texts.risk_tags,
    )
