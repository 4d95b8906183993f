"""Named filters over studies, comparisons, assignments and judgments."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet

from core.models import InsertOnlyQuerySet


class StudyQuerySet(QuerySet):
    def with_versions(self) -> "StudyQuerySet":
        """With what lists tell of the versions; the protocols stay in the database."""
        versions = self.model._meta.get_field("versions").related_model._default_manager
        return self.select_related("created_by").prefetch_related(
            Prefetch("versions", versions.defer("protocol").order_by("-number"))
        )


class StudyVersionQuerySet(QuerySet):
    def newest(self) -> "StudyVersionQuerySet":
        """Of each study the newest version, with its study; protocols are read by digest."""
        later = self.model._default_manager.filter(
            study=OuterRef("study"), number__gt=OuterRef("number")
        )
        return self.filter(~Exists(later)).select_related("study").defer("protocol")


class ComparisonQuerySet(QuerySet):
    def open_in(self, study_id: int) -> "ComparisonQuerySet":
        return self.filter(study_id=study_id, open_places__gt=0)

    def readable_in(self, languages: Sequence[str]) -> "ComparisonQuerySet":
        """Comparisons in one of these languages, and those whose language was not told."""
        return self.filter(language__in=["", *languages])

    def unseen_by(self, rater_id: int) -> "ComparisonQuerySet":
        return self.exclude(assignments__rater_id=rater_id)

    def in_order_of_draw(self) -> "ComparisonQuerySet":
        """Those with most judgments still wanted first, at random among equals."""
        return self.order_by("-open_places", "draw_key")


class AssignmentQuerySet(QuerySet):
    def leased(self) -> "AssignmentQuerySet":
        return self.filter(state="leased")

    def lapsed(self) -> "AssignmentQuerySet":
        """Those that gave their place back and may still get it again."""
        return self.filter(state__in=["expired", "returned"])

    def overdue(self, *, now: datetime) -> "AssignmentQuerySet":
        return self.leased().filter(expires_at__lt=now)

    def history(self) -> dict[str, int | None]:
        """Count what was issued and judged, and name the open ones, in one query."""
        leased = Q(state="leased")
        return self.aggregate(
            issued=Count("pk"),
            swapped=Count("pk", filter=Q(swapped=True)),
            done=Count("pk", filter=Q(state="judged")),
            lapsed=Count("pk", filter=Q(state__in=["expired", "returned"])),
            shown=Max("pk", filter=leased & Q(prefetched=False)),
            ahead=Max("pk", filter=leased & Q(prefetched=True)),
        )


class JudgmentQuerySet(InsertOnlyQuerySet):
    def countable(self) -> "JudgmentQuerySet":
        """The judgments that count: of each assignment the latest revision."""
        later = self.model._default_manager.filter(
            assignment=OuterRef("assignment"), revision__gt=OuterRef("revision")
        )
        return self.filter(~Exists(later))
