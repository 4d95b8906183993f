"""Named filters of pools, versions and prompts."""

from typing import Self

from django.db import models
from django.db.models import Count, Max, Q


class PromptPoolQuerySet(models.QuerySet):
    def with_counts(self) -> Self:
        """Add `n_versions` and `latest_published` (its number, or None)."""
        return self.annotate(
            n_versions=Count("versions"),
            latest_published=Max("versions__number", filter=Q(versions__state="published")),
        )

    def with_draft(self) -> Self:
        """Add `draft`, the number of the pool's draft, or None."""
        return self.annotate(draft=Max("versions__number", filter=Q(versions__state="draft")))


class PromptPoolVersionQuerySet(models.QuerySet):
    def with_counts(self) -> Self:
        """Add `n_prompts`."""
        return self.annotate(n_prompts=Count("prompts"))

    def drafts(self) -> Self:
        return self.filter(state="draft")

    def published(self) -> Self:
        return self.filter(state="published")
