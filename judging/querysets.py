"""Named filters over study versions, assignments and judgments."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from core.models import InsertOnlyQuerySet


class StudyVersionQuerySet(QuerySet):
    def in_brief(self) -> "StudyVersionQuerySet":
        """Newest first, without what is long."""
        return self.defer("protocol", "exclusions").order_by("-number")

    def newest(self) -> "StudyVersionQuerySet":
        """Of each study the newest version, with its study; protocols are read by digest."""
        later = self.model._default_manager.filter(
            study=OuterRef("study"), number__gt=OuterRef("number")
        )
        return self.filter(~Exists(later)).select_related("study").defer("protocol")


class AssignmentQuerySet(QuerySet):
    def leased(self) -> "AssignmentQuerySet":
        return self.filter(state="leased")

    def judged_as_planned(self) -> "AssignmentQuerySet":
        """Those judged that fill a place: no repeats, no known answers, none asked on disagreement."""
        return self.filter(state="judged", purpose="planned")

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
