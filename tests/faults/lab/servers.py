"""A PostgreSQL and a Redis of our own, on free ports of loopback: they are there to be killed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

PATIENCE_SECONDS = 60.0


def missing_programs() -> list[str]:
    """Return what has to be installed before faults can be injected; empty when nothing is missing."""
    found = {"redis-server": shutil.which("redis-server"), "initdb": _postgres_program("initdb")}
    return [name for name, path in found.items() if path is None]


def wait_for(
    condition: Callable[[], object], seconds: float = PATIENCE_SECONDS, step: float = 0.02
) -> bool:
    """Wait until a condition holds; say whether it did in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(step)
    return True


class Server:
    """One server process; `start` returns when it accepts connections."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        if owner := _owner():
            shutil.chown(folder, **owner)
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **_owner(),
            )
        if not wait_for(self.is_ready):
            raise RuntimeError(f"{type(self).__name__} did not start; see {self._folder}")

    def is_ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End the server and its children without giving any a chance to clean up."""
        if self._process is None:
            return
        family = [self._process.pid, *children_of(self._process.pid)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family[1:]))
        self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _command(self) -> list[str]:
        raise NotImplementedError


class Redis(Server):
    """Every write is on disk before it is acknowledged."""

    def forget(self) -> None:
        """Delete what a killed server had, as if it had kept nothing."""
        shutil.rmtree(self._folder / "appendonlydir", ignore_errors=True)

    def be_full(self) -> None:
        """Refuse whatever takes memory, as one does that has used up its own and evicts nothing."""
        self._tell("CONFIG SET", "maxmemory", "1")

    def have_room(self) -> None:
        self._tell("CONFIG SET", "maxmemory", "0")

    def be_a_replica(self) -> None:
        """Refuse every write, as a replica does that was the primary a moment ago."""
        self._tell("REPLICAOF", "127.0.0.1", "1")

    def be_the_primary(self) -> None:
        self._tell("REPLICAOF", "NO", "ONE")

    def _tell(self, *command: str) -> None:
        with redis.Redis(port=self.port) as client:
            client.execute_command(*command)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        return [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "always",
        ]  # fmt: skip


class Postgres(Server):
    """Without fsync: what a killed process wrote is safe with the operating system."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._data = folder / "data"
        subprocess.run(
            [str(_postgres_program("initdb")), "-D", str(self._data), "-U", "postgres",
             "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"],
            check=True,
            capture_output=True,
            cwd=folder,
            **_owner(),
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def is_ready(self) -> bool:
        """It accepts connections while it still recovers, and refuses them."""
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url):
            return True
        return False

    def _command(self) -> list[str]:
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "32MB",
        }
        told = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(_postgres_program("postgres")), "-D", str(self._data), *told]


def children_of(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(child) for child in told.split()]
    return []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_program(name: str) -> Path | None:
    if found := shutil.which(name):
        return Path(found)
    return max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default=None)


def _owner() -> dict[str, str]:
    # PostgreSQL refuses to run as root.
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
