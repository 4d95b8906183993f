"""Build the demo once, then serve it, or print its boards."""

import os
import subprocess
import sys
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
from config import embedded, ports
from config.demo import FINISHED, WAITING, endpoint
from judging.models import Study

HOST, PORT = "127.0.0.1", 8700
PEOPLE = ("admin", "researcher", "rater")


class Command(BaseCommand):
    help = "Build the demo on this machine and serve it; --exit prints its boards instead."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help="print the boards and stop")
        parser.add_argument("--port", type=int, help=f"{PORT}, or the next that is free")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED or connection.vendor != "sqlite":
            raise CommandError(
                "The demo is for the embedded mode: unset DATABASE_URL and REDIS_URL."
            )
        port = PORT if options["exit"] else self._port(options["port"])
        if not _is_ready():
            self._build()
            if not options["exit"]:
                _start_anew()
        if options["exit"]:
            call_command("leaderboard", FINISHED, stdout=self.stdout)
            return
        self._invite(port)
        call_command("serve", port=port)

    def _port(self, wanted: int | None) -> int:
        """Return the port that was asked for, or else the usual one or another that is free."""
        if wanted is None:
            port = ports.free_port(HOST, PORT)
            if port != PORT:
                self.stdout.write(f"Port {PORT} is taken by another program; using {port}.")
            return port
        try:
            ports.require_port(HOST, wanted)
        except ports.PortRefused as error:
            raise CommandError(str(error)) from error
        return wanted

    def _build(self) -> None:
        """Build from nothing: what an interrupted build left behind goes first."""
        # What builds brings numbers with it, which a second start has no use for.
        from config.demo import build

        started = time.monotonic()
        self.stdout.write(f"Building the demo in {settings.DATA_DIR}:")
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
            self.stdout.write(f"  {name:10}  http://{HOST}:{port}{path}")


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


def _start_anew() -> None:
    """Begin again in a process without the threads that built: a server is to be forked from it."""
    connection.close()
    command = [sys.executable, *sys.argv]
    if os.name == "nt":  # which has no exec worth the name
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - what was called
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - what was called
