"""Take back the places of leases that ran out."""

from celery import shared_task
from django.utils import timezone

from judging.services import assignments


@shared_task
def expire_leases() -> int:
    return assignments.expire_leases(now=timezone.now())
