"""Take and give back the places of comparisons, together with the assignment that holds them."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from core.leases import lock, transition
from judging.models import Assignment, Comparison, KeptPlaces
from judging.models.comparisons import SKIPPED_KEY
from judging.protocol import ANYBODY
from judging.querysets import AssignmentQuerySet

Purpose, State = Assignment.Purpose, Assignment.State

# Their place was given back; while it is free the same rater may still have it.
LAPSED = (State.EXPIRED, State.RETURNED)
# These have no place of their own, and take none from others.
PLACELESS = (Purpose.REPEAT, Purpose.GOLD)


def place_is_free() -> Q:
    """Assignments whose place, given back before, can be had again."""
    kept = KeptPlaces.objects.filter(
        comparison=OuterRef("comparison"), kept_for=OuterRef("kept_for"), open_places__gt=0
    )
    planned = Q(purpose=Purpose.PLANNED, kept_for="", comparison__open_places__gt=0) | Q(
        Exists(kept), purpose=Purpose.PLANNED
    )
    extra = Q(purpose=Purpose.EXTRA, comparison__open_extra_places__gt=0)
    return planned | extra | Q(purpose__in=PLACELESS)


def take_place(
    *, comparison_id: int, purpose: str = Purpose.PLANNED, kept_for: str = ANYBODY
) -> bool:
    """Take one open place of this purpose and group, if there still is one; say whether there was."""
    if purpose in PLACELESS:
        return True
    comparisons = Comparison.objects.filter(pk=comparison_id)
    if purpose == Purpose.EXTRA:
        extra = comparisons.filter(open_extra_places__gt=0)
        return extra.update(open_extra_places=F("open_extra_places") - 1) == 1
    if kept_for:
        kept = KeptPlaces.objects.filter(comparison=comparison_id, kept_for=kept_for)
        return kept.filter(open_places__gt=0).update(open_places=F("open_places") - 1) == 1
    return comparisons.filter(open_places__gt=0).update(open_places=F("open_places") - 1) == 1


@transaction.atomic
def give_back(
    *,
    pk: int,
    comparison_id: int,
    state: str,
    now: datetime,
    rows: AssignmentQuerySet | None = None,
    **values: str,
) -> bool:
    """End a lease without a judgment and free its place; say whether this call did.

    With `rows`, only while the lease still is one of them: one renewed in between stays.
    """
    ended = transition(
        Assignment.objects.all() if rows is None else rows,
        pk,
        was=State.LEASED,
        state=state,
        closed_at=now,
        **values,
    )
    if ended:
        held = Assignment.objects.values_list("purpose", "kept_for").get(pk=pk)
        _free(comparison_id, *held, skipped=state == State.SKIPPED)
    return ended


def give_back_all(*, assignments: AssignmentQuerySet, state: str, now: datetime) -> int:
    """End these leases one short transaction each, so that nobody waits for all; count them."""
    leased = assignments.leased().order_by("pk").values_list("pk", "comparison_id")
    return sum(
        give_back(pk=pk, comparison_id=comparison_id, state=state, now=now, rows=assignments)
        for pk, comparison_id in leased
    )


def put_last(*, comparison_id: int) -> None:
    """Let those that nobody skipped come before one that was: who comes next would skip it too."""
    untouched = Comparison.objects.filter(pk=comparison_id, draw_key__lt=SKIPPED_KEY)
    untouched.update(draw_key=F("draw_key") + SKIPPED_KEY)


def _free(comparison_id: int, purpose: str, kept_for: str, *, skipped: bool) -> None:
    comparisons = Comparison.objects.filter(pk=comparison_id)
    if skipped:
        put_last(comparison_id=comparison_id)
    if purpose in PLACELESS:
        return
    # Whether the place is wanted still is asked in one statement and acted on in the next: between
    # them nobody else may give one back, and no amendment change how many are wanted.
    lock(comparisons).values_list("pk").get()
    if purpose == Purpose.EXTRA:
        if not comparisons.filter(withdrawn=False).update(
            open_extra_places=F("open_extra_places") + 1
        ):
            comparisons.update(extra_places=F("extra_places") - 1)
        return
    # A withdrawn comparison, and one with more places than an amendment left it, loses the
    # place instead: nobody is to be asked again.
    if kept_for:
        kept = KeptPlaces.objects.filter(comparison=comparison_id, kept_for=kept_for)
        if not kept.filter(comparison__withdrawn=False, places__lte=F("wanted")).update(
            open_places=F("open_places") + 1
        ):
            kept.update(places=F("places") - 1)
        return
    wanted = comparisons.filter(withdrawn=False, places__lte=F("wanted"))
    if not wanted.update(open_places=F("open_places") + 1):
        comparisons.update(places=F("places") - 1)
