"""Named filters over comparisons and judgments."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from core.models import InsertOnlyQuerySet


class ComparisonQuerySet(QuerySet):
    def open_in(self, study_id: int) -> "ComparisonQuerySet":
        return self.filter(study_id=study_id, open_places__gt=0)

    def readable_in(self, languages: Sequence[str]) -> "ComparisonQuerySet":
        """Comparisons in one of these languages, and those whose language was not told."""
        return self.filter(language__in=["", *languages])

    def unseen_by(self, rater_id: int) -> "ComparisonQuerySet":
        return self.exclude(assignments__rater_id=rater_id)


class JudgmentQuerySet(InsertOnlyQuerySet):
    def countable(self) -> "JudgmentQuerySet":
        """The judgments that count: of each assignment the latest revision."""
        later = self.model._default_manager.filter(
            assignment=OuterRef("assignment"), revision__gt=OuterRef("revision")
        )
        return self.filter(~Exists(later))
