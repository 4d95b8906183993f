"""Serve this installation with granian."""

import os
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

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
        self.stdout.write(f"Preferendum on http://{options['host']}:{options['port']}/")
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
