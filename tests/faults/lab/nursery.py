"""Workers as processes of their own, each a copy of one that has loaded everything already.

What runs in them is `manage.py work`. Loading it anew takes seconds of CPU for each worker; the
copies are made by a process with one thread and no connections, as Celery makes those of its pool.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command

from tests.faults.lab.patches import apply
from tests.faults.lab.servers import children_of, wait_for

# What a worker loads at its start: once here, instead of in each of them.
NEEDED = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "celery.worker.components",
    "celery.worker.strategy",
    "kombu.transport.redis",
    "redis.asyncio",
    "config.management.commands.work",
)


@dataclass
class Worker:
    """A worker, which leads a process group of its own."""

    name: str
    pid: int
    log: Path

    def children(self) -> list[int]:
        return children_of(self.pid)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{self.pid}").exists())

    def kill_child(self) -> None:
        os.kill(self.children()[0], signal.SIGKILL)

    def told(self, mark: str) -> int:
        """Return how often a mark stands in its log."""
        return self.log.read_text(encoding="utf-8", errors="replace").count(mark)


class Nursery:
    """Begun before this process has threads or connections."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for module in NEEDED:
            importlib.import_module(module)
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _raise_workers(theirs)
        theirs.close()
        self._line = ours.makefile("rw", encoding="utf-8")
        self._born = 0

    def worker(self, name: str, patches: list[str], *, beat: bool) -> Worker:
        self._born += 1
        log = self._folder / f"{self._born}-{name}.log"
        order = {"name": name, "patches": patches, "beat": beat, "log": str(log)}
        self._line.write(json.dumps(order) + "\n")
        self._line.flush()
        return Worker(name, int(self._line.readline()), log)

    def close(self) -> None:
        self._line.close()
        os.waitpid(self._pid, 0)


def _raise_workers(line: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    with line.makefile("rw", encoding="utf-8") as orders:
        for order in orders:
            pid = os.fork()
            if pid == 0:
                _be_worker(line, **json.loads(order))
            orders.write(f"{pid}\n")
            orders.flush()
    os._exit(0)


def _be_worker(line: socket.socket, *, name: str, patches: list[str], beat: bool, log: str) -> None:
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        line.close()
        with Path(log).open("wb", buffering=0) as to:
            os.dup2(to.fileno(), sys.stdout.fileno())
            os.dup2(to.fileno(), sys.stderr.fileno())
        apply(patches)
        options = ["--concurrency=1", "--without-gossip", "--without-mingle", "-n", name]
        call_command("work", *([] if beat else ["--no-beat"]), *options)
        code = 0
    except BaseException:  # noqa: BLE001 - the copy must never return into its parent's code
        traceback.print_exc()
    finally:
        os._exit(code)
