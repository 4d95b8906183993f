"""Take back places, ask more where raters disagree, and seal what was judged."""

from celery import shared_task
from django.utils import timezone

from judging.services import assignments, checks, ledger


@shared_task
def expire_leases() -> int:
    return assignments.expire_leases(now=timezone.now())


@shared_task
def seal_judgments() -> int:
    batch = ledger.seal_judgments(now=timezone.now())
    return batch.count if batch else 0


@shared_task
def add_extra_places() -> int:
    return checks.add_extra_places_everywhere()
