"""Named filters over completions."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet


class GenerationRunQuerySet(QuerySet):
    def with_counts(self) -> "GenerationRunQuerySet":
        """Add `n_own`, the completions this run makes, and how many of them `n_open` and `n_failed`."""
        return self.annotate(
            n_own=Count("completions"),
            n_open=Count("completions", filter=Q(completions__state__in=["pending", "leased"])),
            n_failed=Count("completions", filter=Q(completions__state="failed")),
        )


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
        return self.filter(waiting | abandoned, state__in=["pending", "leased"])

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
