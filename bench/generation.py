"""Completions a second, end to end on PostgreSQL, against bare clients at the same 50 ms endpoint.

One run measures, against one stub on loopback and with 200 calls in flight: a bare aiohttp loop, a
bare httpx loop, this project's adapter alone, and two Celery workers on a PostgreSQL database that
is created and dropped, every row, attempt and result committed. CPU is read from the processes' own
clocks. `--long` adds a limit of 600 requests a minute with 1, 2 and 4 workers, counted at the stub.
DATABASE_URL names the server to use (default postgres://postgres@127.0.0.1:5432/), not the
database; REDIS_URL the broker (default redis://127.0.0.1:6379/15).
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)

from bench._begin import arguments_of, end  # noqa: E402 - found by the path above

URL = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
SERVER = urlsplit(URL)._replace(path="/postgres").geturl()
REDIS = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/15"
IN_FLIGHT, DELAY, WORKERS = 200, 0.05, 2
CALLS, COMPLETIONS, CELLS, LOOKS = 10_000, 10_000, 50_000, 15
WARM = 1_000  # calls before each measurement: a process's first ones import and compile
LIMIT, LIMITED_SECONDS = 600, 150
TICKS = os.sysconf("SC_CLK_TCK")
TARGETS = {
    "ratio_to_aiohttp": (">=", 0.5),
    "http_ratio_to_aiohttp": (">=", 0.6),
    "cpu_ms_per_completion": ("<=", 0.8),
    "enqueue_seconds": ("<=", 5.0),
    "progress_ms": ("<=", 30.0),
    "progress_queries": ("<=", 12),
}


def main() -> int:
    parser = arguments_of(__doc__)
    parser.add_argument("--long", action="store_true", help="measure the limit of requests too")
    long = parser.parse_args().long
    result: dict = {"benchmark": "generation", "in_flight": IN_FLIGHT, "workers": WORKERS}
    with stub() as port:
        result |= asyncio.run(bare_clients(f"http://127.0.0.1:{port}/v1"))
        with database() as url:
            result |= end_to_end(url, port)
            if long:
                result["limited"] = [limited(url, port, workers) for workers in (1, 2, 4)]
    result["ratio_to_aiohttp"] = round(result["completions_s"] / result["aiohttp_s"], 3)
    result["http_ratio_to_aiohttp"] = round(result["http_alone_s"] / result["aiohttp_s"], 3)
    result["targets"] = {
        name: f"{sign} {target}" for name, (sign, target) in TARGETS.items() if name in result
    }
    result["met"] = all(met(result[name], *TARGETS[name]) for name in result["targets"])
    if long:
        result["met"] &= all(one["most_in_60_s"] <= LIMIT for one in result["limited"])
    table(result)
    print(json.dumps(result))
    return 0


def met(value: float, sign: str, target: float) -> bool:
    return value >= target if sign == ">=" else value <= target


def table(result: dict) -> None:
    for name, value in result.items():
        if name not in {"targets", "limited"}:
            print(f"{name:26} {value!s:>12}  {result['targets'].get(name, '')}")
    for one in result.get("limited", []):
        print(f"{LIMIT} a minute: {one}")


# ---- the parts around it ------------------------------------------------------------------------


@contextmanager
def stub() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(ROOT / "bench" / "_stub.py"), str(port), str(DELAY)]
    server = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        end(server)


def ledger(port: int, path: str = "ledger") -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as answer:
        return json.load(answer)


@contextmanager
def database() -> Iterator[str]:
    name = f"bench_generation_{secrets.token_hex(4)}"
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(SERVER)._replace(path=f"/{name}").geturl()
        finally:
            from django.db import connections

            connections.close_all()
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


# ---- bare clients -------------------------------------------------------------------------------


async def bare_clients(url: str) -> dict:
    import aiohttp
    import httpx

    from models_registry.providers.base import ChatRequest, Message
    from models_registry.providers.http import make_client
    from models_registry.providers.openai_chat import OpenAIChat

    path = f"{url}/chat/completions"
    body = {"model": "stub", "messages": [{"role": "user", "content": question(7)}]}
    told: dict = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def with_aiohttp() -> None:
            async with session.post(path, json=body) as answer:
                (await answer.json())["choices"][0]["message"]["content"]

        await many(with_aiohttp, WARM)
        told |= await measured("aiohttp", with_aiohttp, CALLS)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def with_httpx() -> None:
            answer = await client.post(path, json=body)
            answer.json()["choices"][0]["message"]["content"]

        told |= await measured("httpx", with_httpx, 1_000)
    adapter = OpenAIChat(deadline=60)
    request = ChatRequest(model="stub", messages=[Message("user", question(7))])
    async with make_client(
        base_url=f"{url}/", headers={}, private_hosts=["127.0.0.1"], in_flight=IN_FLIGHT
    ) as ours:

        async def with_ours() -> None:
            await adapter.complete(ours, adapter.payload(request))

        await many(with_ours, WARM)
        told |= await measured("http_alone", with_ours, CALLS)
    return told


async def measured(name: str, one: Callable[[], Awaitable[None]], calls: int) -> dict:
    started, cpu = time.perf_counter(), time.process_time()
    await many(one, calls)
    seconds, burned = time.perf_counter() - started, time.process_time() - cpu
    return {
        f"{name}_s": round(calls / seconds, 1),
        f"{name}_cpu_ms": round(burned / calls * 1000, 3),
    }


async def many(one: Callable[[], Awaitable[None]], calls: int) -> None:
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await one()

    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))


def question(number: int) -> str:
    return f"Question {number}: what would you tell somebody who asks this for the first time?"


# ---- end to end ---------------------------------------------------------------------------------


def end_to_end(url: str, port: int) -> dict:
    os.environ |= {
        "DATABASE_URL": url,
        "REDIS_URL": REDIS,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PREFERENDUM_PRIVATE_HOSTS": "127.0.0.1",
        "PREFERENDUM_CALLS_PER_TASK": str(IN_FLIGHT // WORKERS),
        "PREFERENDUM_CANARY_HOURS": "0",
        "PREFERENDUM_LOG_LEVEL": "WARNING",
        "PREFERENDUM_QUEUE_PREFIX": f"bench-{secrets.token_hex(4)}:",
    }
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from accounts.services import create_user
    from models_registry.models import Completion
    from models_registry.services.runs import cancel_run, start_run

    call_command("migrate", verbosity=0)
    pool, models = prepare(port, prompts=5_000, models=10)
    started = time.perf_counter()
    run = start_run(pool_version=pool, language_models=models, now=timezone.now()).run
    told = {"cells": CELLS, "enqueue_seconds": round(time.perf_counter() - started, 2)}
    browser = Client(HTTP_HOST="127.0.0.1")
    browser.force_login(create_user(username="bench", role="admin"))
    look = f"/runs/{run.pk}/"
    browser.get(look)
    times = []
    for _ in range(LOOKS):
        started = time.perf_counter()
        assert browser.get(look).status_code == 200
        times.append(time.perf_counter() - started)
    with CaptureQueriesContext(connection) as queries:
        browser.get(look)
    told["progress_ms"] = round(sorted(times)[LOOKS // 2] * 1000, 1)
    told["progress_queries"] = len(queries)
    cancel_run(run=run)
    Completion.objects.all().delete()
    return told | throughput(url, port)


def throughput(url: str, port: int) -> dict:
    """Let the workers have their completions, and read the clocks once all of them are warm."""
    from django.db import connection
    from django.utils import timezone

    from models_registry import tasks
    from models_registry.models import Completion
    from models_registry.services.runs import start_run

    pool, models = prepare(port, prompts=(WARM + COMPLETIONS) // 10, models=10, pool="second")
    done = Completion.objects.filter(state="succeeded")
    with workers(WORKERS) as processes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            clock = Cpu(processes, url, without=cursor.fetchone()[0])
            cursor.execute("CHECKPOINT")
        start_run(pool_version=pool, language_models=models, now=timezone.now())
        ledger(port, "forget")
        for _ in range(WORKERS):
            tasks.drain_endpoint.delay(models[0].endpoint_id)
        while (warm := done.count()) < WARM:
            time.sleep(0.02)
        before, started = clock.read(), time.perf_counter()
        while (stored := done.count() - warm) < WARM + COMPLETIONS - warm:
            if time.perf_counter() - started > 120:
                break
            burned = clock.read()
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        burned = clock.read()
    arrived = ledger(port)
    return {
        "completions": stored,
        "calls": len(arrived["arrivals"]),
        "most_in_flight": arrived["most_in_flight"],
        "completions_s": round(stored / seconds, 1),
        "worker_cpu_ms": round((burned[0] - before[0]) / stored * 1000, 3),
        "postgresql_cpu_ms": round((burned[1] - before[1]) / stored * 1000, 3),
        "cpu_ms_per_completion": round((sum(burned) - sum(before)) / stored * 1000, 3),
    }


def limited(url: str, port: int, count: int) -> dict:
    """Set 600 requests a minute, let `count` workers have a go, and count at the stub."""
    from django.utils import timezone

    from models_registry import tasks
    from models_registry.models import ModelEndpoint
    from models_registry.services.runs import cancel_run, start_run

    pool, models = prepare(port, prompts=3_000, models=1, pool=f"limited-{count}")
    ModelEndpoint.objects.update(requests_per_minute=LIMIT, next_request_at=None)
    ledger(port, "forget")
    with workers(count):
        run = start_run(pool_version=pool, language_models=models, now=timezone.now()).run
        until = time.monotonic() + LIMITED_SECONDS
        while time.monotonic() < until:
            for _ in range(count):
                tasks.drain_endpoint.delay(models[0].endpoint_id)
            time.sleep(5)
        cancel_run(run=run)
        time.sleep(2)
    ModelEndpoint.objects.update(requests_per_minute=None)
    arrivals = ledger(port)["arrivals"]
    return {"workers": count} | per_minute(arrivals)


def per_minute(arrivals: list[float]) -> dict:
    """Return the most arrivals in any sliding 60 s, and the rate over the steady part."""
    most = first = 0
    for at, moment in enumerate(arrivals):
        while arrivals[first] <= moment - 60:
            first += 1
        most = max(most, at - first + 1)
    steady = [one for one in arrivals if arrivals[0] + 5 <= one <= arrivals[-1] - 5]
    rate = (len(steady) - 1) / (steady[-1] - steady[0]) * 60
    return {"most_in_60_s": most, "per_minute": round(rate, 1)}


def prepare(port: int, *, prompts: int, models: int, pool: str = "first") -> tuple:
    from django.utils import timezone

    from models_registry.models import LanguageModel, ModelEndpoint
    from models_registry.services.endpoints import register_endpoint
    from models_registry.services.language_models import register_language_model, set_price
    from prompts.models import Prompt, PromptPool, PromptPoolVersion

    made = PromptPool.objects.create(slug=pool, name=pool)
    version = PromptPoolVersion.objects.create(
        pool=made, number=1, state="published", digest="0" * 64, published_at=timezone.now()
    )
    Prompt.objects.bulk_create(
        (
            Prompt(
                version=version,
                position=at,
                external_id=f"q{at}",
                kind="fixed_history",
                messages=[{"role": "user", "content": question(at)}],
            )
            for at in range(prompts)
        ),
        batch_size=1_000,
    )
    endpoint = ModelEndpoint.objects.first() or register_endpoint(
        slug="stub",
        name="Stub",
        kind="openai_chat",
        base_url=f"http://127.0.0.1:{port}/v1",
        max_concurrency=IN_FLIGHT,
    )
    for number in range(LanguageModel.objects.count(), models):
        model = register_language_model(
            slug=f"stub-{number}", name=f"Stub {number}", endpoint=endpoint, remote_name="stub"
        )
        set_price(
            language_model=model,
            valid_from=timezone.now().date() - timedelta(days=1),
            input_per_million=1,
            output_per_million=2,
        )
    return version, list(LanguageModel.objects.order_by("pk")[:models])


@contextmanager
def workers(count: int) -> Iterator[list[subprocess.Popen]]:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--concurrency=1"]
    options = ["--without-gossip", "--without-mingle", "-l", "WARNING"]
    started = [
        subprocess.Popen(
            [*command, *options, "-n", f"bench-{at}"], cwd=ROOT, start_new_session=True
        )
        for at in range(count)
    ]
    try:
        time.sleep(8)  # both have started and found nothing to do
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class Cpu:
    """CPU seconds of the workers with their children, and of the database's processes.

    Left out is the backend `without`, by which this benchmark counts. Read again and again: the
    time of a process that has ended can no longer be read.
    """

    def __init__(self, processes: list[subprocess.Popen], url: str, *, without: int) -> None:
        self._without = without
        self._groups = {process.pid for process in processes}
        self._database = urlsplit(url).path[1:]
        self._ticks: dict[int, int] = {}
        self._backends: set[int] = set()
        self._admin = psycopg.connect(SERVER, autocommit=True)

    def read(self) -> tuple[float, float]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s OR datname IS NULL"
        self._backends |= {row[0] for row in self._admin.execute(query, [self._database])}
        self._backends.discard(self._without)
        ours = set(self._backends)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            pid = int(entry.name)
            if int(fields[2]) in self._groups or pid in self._backends:
                self._ticks[pid] = int(fields[11]) + int(fields[12])
        backends = sum(ticks for pid, ticks in self._ticks.items() if pid in ours)
        return (sum(self._ticks.values()) - backends) / TICKS, backends / TICKS


if __name__ == "__main__":
    sys.exit(main())
