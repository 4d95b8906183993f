"""Serve this installation with granian."""

import gc
import multiprocessing
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from config import ports
from config.management.further import collect_further
from config.management.services import require_services

# More only wait for each other: at eight, a judgment cost 15 % more CPU (bench/serving.py).
BLOCKING_THREADS = 4


class Command(BaseCommand):
    help = "Serve with granian; further arguments are granian's own."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8700)
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date")
        collect_further(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        _require(host, port)
        require_services()
        _require_migrated(migrate=options["migrate"])
        site = _site(host, port)
        self._invite_first_admin(site)
        self.stdout.write(f"Preferendum on {site}/")
        self.stdout.flush()
        connections.close_all()
        _serve(host, port, options["further"])

    def _invite_first_admin(self, site: str) -> None:
        """Print a one-time link as long as nobody has ever signed in."""
        # Imported here, because others take this module's constants without Django set up.
        from accounts.services import first_admin_link

        secret = first_admin_link(now=timezone.now())
        if secret is not None:
            # The accounts' routes alone: all routes together take a second to load.
            path = reverse("sign-in", urlconf="accounts.urls", args=[secret])
            self.stdout.write(f"First start: sign in as admin, once, with {site}{path}")


def _require(host: str, port: int) -> None:
    try:
        ports.require_port(host, port)
    except ports.PortRefused as error:
        raise CommandError(str(error)) from error


def _require_migrated(*, migrate: bool) -> None:
    """Migrate only where something is missing: the command itself takes a second to find out."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if not migrate:
        raise CommandError("The database is not up to date; run: manage.py migrate")
    call_command("migrate", verbosity=0)


def _serve(host: str, port: int, further: list[str]) -> None:
    from granian.cli import cli

    if sys.platform == "linux":
        # The workers are copies of this process, in which all is loaded already.
        multiprocessing.set_start_method("fork", force=True)
        _load_all()
    # The in-memory broker lives in one process: embedded installations have one worker.
    workers = "1" if settings.EMBEDDED else str(min(4, os.cpu_count() or 1))
    _require(host, port)  # again: loading took a while
    cli.main(
        [
            "--interface", "wsgi", "config.wsgi:application",
            "--host", host, "--port", str(port), "--workers", workers,
            "--blocking-threads", str(BLOCKING_THREADS), "--log-level", "warning", *further,
        ],
        prog_name="granian",
        auto_envvar_prefix="GRANIAN",
    )  # fmt: skip


def _load_all() -> None:
    """Load what the first request needs; the copies then share it, and no collection touches it."""
    gc.disable()
    _load_routes(get_resolver())
    gc.freeze()
    gc.enable()


def _load_routes(resolver: URLResolver) -> None:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            _load_routes(one)


def _site(host: str, port: int) -> str:
    """Return the address people use: behind a proxy that ends TLS it is not the one bound."""
    if settings.HTTPS and settings.ALLOWED_HOSTS:
        return f"https://{settings.ALLOWED_HOSTS[0].lstrip('.')}"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
