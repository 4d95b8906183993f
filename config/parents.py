"""A server's process ends with the one that started it, so that it never keeps the port alone."""

import multiprocessing
import os
import signal
import threading
import time

PATIENCE_SECONDS = 10.0


def end_with_parent() -> None:
    """Watch the process that started this one; do nothing in a process started by hand.

    A parent that is killed tells nobody. Its end of a pipe closes on every system, though, and
    that ends the wait. A parent that is stopped passes that on: so Ctrl+C is to reach it alone. A
    terminal interrupts a whole group, and granian's workers may hang when they are interrupted and
    stopped at once.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        if hasattr(os, "setpgrp"):
            os.setpgrp()
        threading.Thread(target=_end_after, args=[parent], name="parent watch", daemon=True).start()


def _end_after(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    # What is being answered may finish, but not hold up the end.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os._exit(1)
