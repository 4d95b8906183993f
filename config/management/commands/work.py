"""Work off what is due: a Celery worker, with the beat in it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.celery import app
from config.management.further import collect_further
from config.management.services import require_services

BEAT = {"-B", "--beat"}
LOG_LEVEL = ("-l", "--loglevel")


class Command(BaseCommand):
    help = "A worker, with the beat unless --no-beat; further arguments are celery's own."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-beat", action="store_true", help="another worker has the beat")
        collect_further(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EMBEDDED:
            raise CommandError(
                "REDIS_URL is not set: without Redis the worker runs inside `run.py serve`."
            )
        require_services()
        app.worker_main(worker_arguments(options["further"], beat=not options["no_beat"]))


def worker_arguments(further: list[str], *, beat: bool) -> list[str]:
    """Return celery's arguments: what was asked for, and what is missing for a whole worker."""
    asked = [*further]
    if beat and not BEAT & set(asked):
        asked.append("--beat")
    if BEAT & set(asked):
        # The schedule is in the code, so that nothing has to be remembered in a file.
        asked += ["--scheduler", "celery.beat:Scheduler"]
    if not any(one.startswith(LOG_LEVEL) for one in asked):
        asked += ["--loglevel", "INFO"]
    return ["worker", *asked]
