"""Named filters over completions."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

OPEN = ["pending", "leased"]


def _own(**states: Any) -> Coalesce:
    """Return how many completions of a run are in some states, read from the index of those states."""
    completions = apps.get_model("models_registry", "Completion")._default_manager
    counted = completions.filter(run=OuterRef("pk"), **states).order_by().values("run")
    return Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0)


class GenerationRunQuerySet(QuerySet):
    def with_counts(self) -> "GenerationRunQuerySet":
        """Add how many of the completions that this run makes are open, `n_open`, and `n_failed`."""
        return self.annotate(n_open=_own(state__in=OPEN), n_failed=_own(state="failed"))

    def with_told_state(self) -> "GenerationRunQuerySet":
        """Add `told_state`: the state, or "finished" when nothing that the run asks for is open.

        It is told, not stored: what failed may be asked again, and then the run goes on.
        """
        completions = apps.get_model("models_registry", "Completion")._default_manager
        asked = completions.filter(
            prompt__version=OuterRef("pool_version"),
            language_model__runs=OuterRef("pk"),
            sample__lt=OuterRef("samples"),
            state__in=OPEN,
        )
        finished = When(~Q(state="cancelled") & ~Exists(asked), then=Value("finished"))
        return self.annotate(told_state=Case(finished, default=F("state")))


class CompletionQuerySet(QuerySet):
    def succeeded(self) -> "CompletionQuerySet":
        return self.filter(state="succeeded")

    def of_endpoint(self, endpoint_id: int) -> "CompletionQuerySet":
        return self.filter(language_model__endpoint_id=endpoint_id)

    def open_and_due(self, *, now: datetime) -> "CompletionQuerySet":
        """Completions whose time has come, or whose lease ran out."""
        waiting = Q(state="pending") & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
        abandoned = Q(state="leased", leased_until__lt=now)
        # The second condition follows from the first; it names the index of open completions.
        return self.filter(waiting | abandoned, state__in=OPEN)

    def due(self, *, now: datetime) -> "CompletionQuerySet":
        """Those of running runs and of models that are not paused."""
        return self.open_and_due(now=now).filter(
            run__state="running", language_model__paused_at=None
        )

    def in_flight(self, *, now: datetime) -> "CompletionQuerySet":
        return self.filter(state="leased", leased_until__gte=now)

    def cells_of(self, run: object) -> "CompletionQuerySet":
        """Every completion that a run asks for, whichever run made it."""
        return self.filter(
            prompt__version=run.pool_version_id,  # type: ignore[attr-defined] # a GenerationRun
            language_model__in=run.language_models.all(),  # type: ignore[attr-defined]
            sample__lt=run.samples,  # type: ignore[attr-defined]
        )
