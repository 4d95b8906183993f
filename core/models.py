"""Bases of the apps' models."""

from typing import Any, ClassVar, NoReturn

from django.db import models

from core.errors import Conflict


class TimestampedModel(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class InsertOnlyQuerySet(models.QuerySet):
    def update(self, **_kwargs: Any) -> NoReturn:
        raise Conflict(
            f"{self.model._meta.verbose_name} rows are never changed.", code="insert_only"
        )

    def delete(self) -> NoReturn:
        raise Conflict(
            f"{self.model._meta.verbose_name} rows are never deleted.", code="insert_only"
        )


class InsertOnlyModel(models.Model):
    """A row that is written once: its updates and deletions are refused."""

    objects: ClassVar[models.Manager] = InsertOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Conflict(f"{self._meta.verbose_name} rows are never changed.", code="insert_only")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise Conflict(f"{self._meta.verbose_name} rows are never deleted.", code="insert_only")
