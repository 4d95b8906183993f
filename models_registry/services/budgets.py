"""What was spent, and stopping in time: a limit of a run, and one of a calendar month."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import BigAutoField, DateField, F, Value
from django.db.models.functions import Least
from django.utils.translation import gettext as _

from core.compiled import CompiledUpdate, Slot
from models_registry.models import MOST_SPENT, GenerationRun, MonthlySpending

_COST = Slot("cost", GenerationRun._meta.get_field("spent"))
# More than the column holds, as of usage that an endpoint made up, would make the row unreadable.
_MORE = Least(F("spent") + _COST, Value(MOST_SPENT))
_BOOK_RUN = CompiledUpdate(
    lambda: GenerationRun.objects.filter(pk=Slot("run", BigAutoField())), spent=_MORE
)
_BOOK_MONTH = CompiledUpdate(
    lambda: MonthlySpending.objects.filter(month=Slot("month", DateField())),
    spent=_MORE,
)


def book_costs(*, costs: Mapping[int | None, Decimal], now: datetime) -> None:
    """Add what calls have cost to their runs and to the month."""
    total = sum(costs.values(), Decimal(0))
    if not total:
        return
    # In the order of their keys, so that two bookings never wait for each other in a circle.
    for run, cost in sorted((run, cost) for run, cost in costs.items() if run is not None):
        _BOOK_RUN.execute(run=run, cost=cost)
    month = _month(now)
    if not _BOOK_MONTH.execute(month=month, cost=total):
        MonthlySpending.objects.get_or_create(month=month)
        _BOOK_MONTH.execute(month=month, cost=total)


def spent_in_month(*, now: datetime) -> Decimal:
    spent = MonthlySpending.objects.filter(month=_month(now)).values_list("spent", flat=True)
    return spent.first() or Decimal(0)


def monthly_limit() -> Decimal | None:
    """Return the operator's limit in US dollars, or None."""
    return Decimal(settings.GENERATION_MONTHLY_LIMIT) if settings.GENERATION_MONTHLY_LIMIT else None


def stop_what_is_spent(
    *, budgets: Mapping[int, tuple[Decimal | None, Decimal]], now: datetime
) -> list[int]:
    """Pause the runs, given as (limit, spent) by key, that may begin no further call; return them.

    Called before every claim: what is spent beyond a limit are the calls then in flight.
    """
    limit = monthly_limit()
    if limit is not None and budgets and spent_in_month(now=now) >= limit:
        reason = _(
            "The limit of $%(limit)s a month (PREFERENDUM_MONTHLY_LIMIT) is reached. Raise it, or"
            " go on next month."
        ) % {"limit": limit}
        return _pause(list(budgets), reason)
    stopped = []
    for run, (cost_limit, spent) in budgets.items():
        if cost_limit is not None and spent >= cost_limit:
            reason = _("Its limit of $%(limit)s is reached. Raise it to go on.") % {
                "limit": cost_limit
            }
            stopped += _pause([run], reason)
    return stopped


def _pause(runs: list[int], reason: str) -> list[int]:
    GenerationRun.objects.filter(pk__in=runs, state=GenerationRun.State.RUNNING).update(
        state=GenerationRun.State.PAUSED, pause_reason=reason
    )
    return runs


def _month(now: datetime) -> date:
    return now.date().replace(day=1)
