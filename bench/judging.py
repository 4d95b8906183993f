"""CPU of the web server and PostgreSQL for one judgment (next + submit), 8 raters at once.

Starts the real server on a PostgreSQL database that it creates and drops, lets the raters judge
over loopback, and reads the processes' own clocks: what the clients burn is not counted.
DATABASE_URL names the server to use (default postgres://postgres@127.0.0.1:5432/), not the database.
"""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).parents[1]
# The folder of a script comes first on the path, and there this file hides the app of its name.
sys.path[0] = str(ROOT)

from config.management.commands.serve import BLOCKING_THREADS  # noqa: E402 - needs the path

URL = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
SERVER = urlsplit(URL)._replace(path="/postgres").geturl()  # where databases are created
RATERS, WARM_UP, JUDGMENTS = 8, 10, 100  # the last two for each rater
PROMPTS, MODELS = 100, 5  # 1,000 comparisons of one place
TARGET_MS = 8.0
TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = "A sentence of an answer that is long enough to have to be read by somebody. " * 20


def main() -> int:
    name = f"bench_judging_{secrets.token_hex(4)}"
    url = urlsplit(SERVER)._replace(path=f"/{name}").geturl()
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            result = measure(admin, name, url)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    print(json.dumps(result))
    return 0 if result["met"] else 1


def measure(admin: psycopg.Connection, name: str, url: str) -> dict:
    # With REDIS_URL no worker runs inside the web process: that would be counted as well.
    os.environ |= {
        "DATABASE_URL": url,
        "REDIS_URL": os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/15",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PREFERENDUM_SECRET_KEY": secrets.token_urlsafe(48),
        "PREFERENDUM_ENDPOINT_KEY_SECRETS": secrets.token_urlsafe(48),
        "PREFERENDUM_LOG_LEVEL": "WARNING",
    }
    path, tokens = prepare()
    admin.execute("CHECKPOINT")
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--blocking-threads", str(BLOCKING_THREADS), "--log-level", "warning",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_for(port)
        raters = [Rater(port, path, token) for token in tokens]
        together(raters, WARM_UP)
        before, started = cpu(admin, name, server.pid), time.perf_counter()
        together(raters, JUDGMENTS)
        seconds = time.perf_counter() - started
        after = cpu(admin, name, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=20)
    return report(before, after, seconds, raters)


def prepare() -> tuple[str, list[str]]:
    """Fill the database; return the path that issues assignments, and the raters' tokens."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from accounts.services import issue_token
    from tests.scenarios import DEFAULT, make_rater, published_study

    call_command("migrate", verbosity=0)
    scene = published_study(
        prompts=PROMPTS,
        models=MODELS,
        completion={"text": ANSWER, "turns": [ANSWER]},
        criteria=DEFAULT,
    )
    tokens = []
    for number in range(RATERS):
        user = make_rater(f"rater-{number}").user
        tokens.append(issue_token(user=user, name="bench", now=timezone.now()).secret)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()
    return scene.url, tokens


class Rater:
    """One client on one connection: takes the next comparison and submits, noting the times."""

    def __init__(self, port: int, path: str, token: str) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.path = path
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.next_ms: list[float] = []
        self.submit_ms: list[float] = []

    def judge(self, count: int) -> None:
        for _ in range(count):
            moments = [time.perf_counter()]
            shown = self.send(self.path, {})
            moments.append(time.perf_counter())
            votes = {one["key"]: one["choices"][0]["value"] for one in shown["criteria"]}
            self.send(f"/api/v1/assignments/{shown['token']}/judgment/", {"votes": votes})
            moments.append(time.perf_counter())
            took = [(end - start) * 1000 for start, end in pairwise(moments)]
            self.next_ms.append(took[0])
            self.submit_ms.append(took[1])

    def send(self, path: str, body: dict) -> dict:
        self.http.request("POST", path, json.dumps(body), self.headers)
        response = self.http.getresponse()
        raw = response.read()
        if response.status != 201:
            raise RuntimeError(f"{path}: {response.status} {raw[:300]!r}")
        return json.loads(raw)


def together(raters: list[Rater], count: int) -> None:
    threads = [threading.Thread(target=one.judge, args=[count]) for one in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def cpu(admin: psycopg.Connection, database: str, web_pid: int) -> tuple[float, float]:
    """Return the seconds burnt so far by the web processes and by the database's backends."""
    rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [database])
    backends = sum(burnt(pid) for (pid,) in rows)
    return sum(burnt(pid) for pid in family(web_pid)), backends


def burnt(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [pid, *(one for child in children for one in family(int(child)))]


def report(
    before: tuple[float, float], after: tuple[float, float], seconds: float, raters: list[Rater]
) -> dict:
    done = RATERS * JUDGMENTS
    counted = [len(one.next_ms) for one in raters]
    if counted != [WARM_UP + JUDGMENTS] * RATERS:
        raise RuntimeError(f"a rater stopped early: {counted}")
    web, postgres = ((end - start) * 1000 / done for start, end in zip(before, after, strict=True))
    total = web + postgres
    return {
        "bench": "judging",
        "raters": RATERS,
        "judgments": done,
        "cpu_ms_per_judgment": round(total, 2),
        "web_cpu_ms": round(web, 2),
        "postgres_cpu_ms": round(postgres, 2),
        "judgments_per_second": round(done / seconds, 1),
        "next_ms": quantiles([ms for one in raters for ms in one.next_ms[WARM_UP:]]),
        "submit_ms": quantiles([ms for one in raters for ms in one.submit_ms[WARM_UP:]]),
        "target_cpu_ms": TARGET_MS,
        "met": total <= TARGET_MS,
    }


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        name: round(ordered[int(share * (len(ordered) - 1))], 1)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
