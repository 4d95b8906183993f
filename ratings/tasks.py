"""Doorbells of the long work on boards and files; the work itself is rows."""

from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from ratings.models import BoardRequest, ExportFile
from ratings.services import board_requests, export_files, steering, works


def ring(task: Any, pk: int) -> None:
    """Have a worker do it once this request's rows are committed."""
    # A broker that is away fails no request: `tend_work` rings again.
    transaction.on_commit(lambda: task.delay(pk), robust=True)


@shared_task
def take_board(pk: int) -> None:
    board_requests.take_requested(pk=pk, now=timezone.now())


@shared_task
def write_export(pk: int) -> None:
    export_files.write_requested(pk=pk, now=timezone.now())


@shared_task
def tend_work() -> None:
    """Ring for what waits or lost its worker, and delete what expired; every 30 s."""
    now = timezone.now()
    for pk in works.due(kind=BoardRequest, now=now):
        take_board.delay(pk)
    for pk in works.due(kind=ExportFile, now=now):
        write_export.delay(pk)
    export_files.delete_expired(now=now)


@shared_task
def push_pair_weights() -> int:
    return steering.steer_open_studies()
