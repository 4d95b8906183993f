"""A real server on a SQLite file of its own, for benchmarks that ask it for pages."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._begin import end

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass(frozen=True)
class Served:
    """Where the server listens, its process, and what was made before it started."""

    base: str
    pid: int
    made: Any


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def served(prepare: Callable[[], Any]) -> Iterator[Served]:
    """Make a database, call `prepare` with Django set up, and serve it until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        os.environ |= {
            "PREFERENDUM_DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PREFERENDUM_LOG_LEVEL": "WARNING",
            "PREFERENDUM_SECRET_KEY": secrets.token_urlsafe(48),
        }
        made = _made(prepare)
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_for(f"{base}/healthz")
            yield Served(base, server.pid, made)
        finally:
            end(server)


def session_of(user: Any) -> str:
    """Sign a user in and return the session's key."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def burnt(pid: int) -> float:
    """The seconds that a process and its children took of the processor; 0 where /proc is not there."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(burnt(int(child)) for child in listed)


def _made(prepare: Callable[[], Any]) -> Any:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    made = prepare()
    connections.close_all()
    return made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(900):
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The server did not start.")
