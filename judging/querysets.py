"""Named filters over studies, assignments and judgments."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

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


class AssignmentQuerySet(QuerySet):
    def leased(self) -> "AssignmentQuerySet":
        return self.filter(state="leased")

    def lapsed(self) -> "AssignmentQuerySet":
        """Those that gave their place back and may still get it again."""
        return self.filter(state__in=["expired", "returned"])

    def overdue(self, *, now: datetime) -> "AssignmentQuerySet":
        return self.leased().filter(expires_at__lt=now)


class JudgmentQuerySet(InsertOnlyQuerySet):
    def countable(self) -> "JudgmentQuerySet":
        """The judgments that count: of each assignment the latest revision."""
        later = self.model._default_manager.filter(
            assignment=OuterRef("assignment"), revision__gt=OuterRef("revision")
        )
        return self.filter(~Exists(later))
