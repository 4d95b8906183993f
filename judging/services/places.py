"""Take and give back the places of comparisons, together with the assignment that holds them."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from core.leases import transition
from judging.models import Assignment, Comparison
from judging.querysets import AssignmentQuerySet

# Their place was given back; while it is free the same rater may still have it.
LAPSED = (Assignment.State.EXPIRED, Assignment.State.RETURNED)


def take_place(*, comparison_id: int) -> bool:
    """Take one open place, if there still is one; say whether there was."""
    open_ones = Comparison.objects.filter(pk=comparison_id, open_places__gt=0)
    return open_ones.update(open_places=F("open_places") - 1) == 1


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
        was=Assignment.State.LEASED,
        state=state,
        closed_at=now,
        **values,
    )
    if ended:
        comparisons = Comparison.objects.filter(pk=comparison_id)
        # A withdrawn comparison, and one with more places than an amendment left it, loses the
        # place instead: nobody is to be asked again.
        wanted = comparisons.filter(withdrawn=False, places__lte=F("wanted"))
        if not wanted.update(open_places=F("open_places") + 1):
            comparisons.update(places=F("places") - 1)
    return ended


def give_back_all(*, assignments: AssignmentQuerySet, state: str, now: datetime) -> int:
    """End these leases one short transaction each, so that nobody waits for all; count them."""
    leased = assignments.leased().order_by("pk").values_list("pk", "comparison_id")
    return sum(
        give_back(pk=pk, comparison_id=comparison_id, state=state, now=now, rows=assignments)
        for pk, comparison_id in leased
    )
