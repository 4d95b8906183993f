"""Serve this installation with granian."""

import os
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

# More only wait for each other: at eight, a judgment cost 15 % more CPU (bench/judging.py).
BLOCKING_THREADS = 4


class Command(BaseCommand):
    help = "Serve with granian; further arguments are granian's own."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8700)
        parser.add_argument("granian", nargs=REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        site = _site(options["host"], options["port"])
        self.stdout.write(f"Preferendum on {site}/")
        self._invite_first_admin(site)
        self.stdout.flush()
        # The in-memory broker lives in one process: embedded installations have one worker.
        workers = "1" if settings.EMBEDDED else str(min(4, os.cpu_count() or 1))
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--host", options["host"], "--port", str(options["port"]), "--workers", workers,
            "--blocking-threads", str(BLOCKING_THREADS), "--log-level", "warning",
            *options["granian"],
        ]  # fmt: skip
        os.execv(sys.executable, command)  # noqa: S606 - arguments are the operator's own

    def _invite_first_admin(self, site: str) -> None:
        """Print a one-time link as long as nobody has ever signed in."""
        # Imported here, because others take this module's constants without Django set up.
        from accounts.services import first_admin_link

        try:
            secret = first_admin_link(now=timezone.now())
        except DatabaseError as error:
            raise CommandError(f"Run manage.py migrate first: {error}") from error
        if secret is not None:
            # The accounts' routes alone: all routes together take a second to load.
            path = reverse("sign-in", urlconf="accounts.urls", args=[secret])
            self.stdout.write(f"First start: sign in as admin, once, with {site}{path}")


def _site(host: str, port: int) -> str:
    """Return the address people use: behind a proxy that ends TLS it is not the one bound."""
    if settings.HTTPS and settings.ALLOWED_HOSTS:
        return f"https://{settings.ALLOWED_HOSTS[0].lstrip('.')}"
    return f"http://{host}:{port}"
