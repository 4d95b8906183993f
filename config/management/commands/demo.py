"""Build the demo once, then serve it, or print its boards."""

import socket
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import issue_sign_in_link
from config import embedded
from config.demo import FINISHED, WAITING, endpoint
from judging.models import Study

PORT = 8700
PEOPLE = ("admin", "researcher", "rater")


class Command(BaseCommand):
    help = "Build the demo on this machine and serve it; --exit prints its boards instead."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help="print the boards and stop")
        parser.add_argument("--port", type=int, default=PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED or connection.vendor != "sqlite":
            raise CommandError(
                "The demo is for the embedded mode: unset DATABASE_URL and REDIS_URL."
            )
        if not _is_ready():
            self._build()
        if options["exit"]:
            call_command("leaderboard", FINISHED, stdout=self.stdout)
            return
        port = options["port"] if _is_free(options["port"]) else _any_free()
        self._invite(port)
        call_command("serve", port=port)

    def _build(self) -> None:
        """Build from nothing: what an interrupted build left behind goes first."""
        # What builds brings numbers with it, which a second start has no use for.
        from config.demo import build

        started = time.monotonic()
        self.stdout.write("Building the demo:")
        _remove_database()
        call_command("migrate", verbosity=0)
        url = endpoint.start()
        embedded.start()
        build.build(base_url=url, say=lambda line: self.stdout.write(f"  {line}"))
        self.stdout.write(f"  ready after {time.monotonic() - started:.1f} s")

    def _invite(self, port: int) -> None:
        """Print where the site is, and a one-time link for each role."""
        now = timezone.now()
        self.stdout.write("One-time sign-in links:")
        for name in PEOPLE:
            secret = issue_sign_in_link(user=User.objects.get(username=name), now=now)
            # The accounts' routes alone: all routes together take a second to load.
            path = reverse("sign-in", urlconf="accounts.urls", args=[secret])
            self.stdout.write(f"  {name:10}  http://127.0.0.1:{port}{path}")


def _is_ready() -> bool:
    """Whether a demo was built to its end, by this version's migrations."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    return Study.objects.filter(slug=WAITING, state=Study.State.OPEN).exists()


def _remove_database() -> None:
    connection.close()
    path = Path(settings.DATABASES["default"]["NAME"])
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
