"""Named filters over completions."""

from datetime import datetime

from django.db.models import Q, QuerySet


class CompletionQuerySet(QuerySet):
    def succeeded(self) -> "CompletionQuerySet":
        return self.filter(state="succeeded")

    def due(self, *, now: datetime) -> "CompletionQuerySet":
        """Open completions of running runs whose time has come, or whose lease ran out."""
        waiting = Q(state="pending") & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
        abandoned = Q(state="leased", leased_until__lt=now)
        return self.filter(waiting | abandoned, run__state="running")
