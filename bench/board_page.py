"""The board page of a study with 100,000 judgments: milliseconds on the server, bytes, queries.

Builds the study in a SQLite file of its own, or in the PostgreSQL database that PREFERENDUM_BENCH_URL
names and that is empty; takes its board once, then asks for the page through the whole stack of
middleware, signed in as a researcher. `first_ms` is the request that draws the board for the process,
the others find it drawn. Beside the board: the page of two models and the list of studies, and as a
yardstick the empty answer of /healthz in the same process. CPU is this process's own.
"""

import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from bench._begin import arguments_of

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

EACH = 4
ROUNDS = 40
MOST_MS, MOST_BYTES = 100, 60_000


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def build(judgments: int, models: int):
    from django.core.management import call_command
    from django.utils import timezone

    from ratings.services.snapshots import take_snapshot
    from tests.ratings.studies import FOUR_WAY, GRADED, build_study, judge_at_random, make_raters

    harmless = FOUR_WAY | {"key": "harmlessness", "label": "Harmlessness"}
    call_command("migrate", verbosity=0)
    pairs = models * (models - 1) // 2
    prompts = -(-judgments // (pairs * EACH))
    names = [f"model-number-{at}" for at in range(models)]
    built = build_study(
        models=names, prompts=prompts, criteria=[FOUR_WAY, GRADED, harmless], state="closed"
    )
    judge_at_random(built, make_raters(300), each=EACH)
    started = time.perf_counter()
    snapshot, _ = take_snapshot(version=built.version, now=timezone.now())
    say(
        f"{prompts * pairs * EACH:,} judgments, board taken in {time.perf_counter() - started:.1f} s"
    )
    return snapshot, names, prompts * pairs * EACH


def measure(client: "Client", address: str) -> dict[str, float]:
    """Return the first request, median and 95th percentile of `ROUNDS` more, bytes and queries."""
    from django.core.cache import caches
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    response = client.get(address)  # templates are compiled
    assert response.status_code == 200, (address, response.status_code)
    caches["process"].clear()
    started = time.perf_counter()
    client.get(address)
    first = 1000 * (time.perf_counter() - started)
    times, cpu = [], []
    for _ in range(ROUNDS):
        started, burnt = time.perf_counter(), time.process_time()
        response = client.get(address)
        times.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - burnt))
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    times.sort()
    return {
        "first_ms": round(first, 2),
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(0.95 * ROUNDS)], 2),
        "cpu_p50_ms": round(statistics.median(cpu), 2),
        "bytes": len(response.content),
        "bytes_plain": len(_plain(response)),
        "queries": len(queries),
    }


def _plain(response: "HttpResponse") -> bytes:
    compressed = response.get("Content-Encoding") == "gzip"
    return gzip.decompress(response.content) if compressed else response.content


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("judgments", nargs="?", type=int, default=100_000)
    parser.add_argument("models", nargs="?", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PREFERENDUM_DATA_DIR"] = folder
        for name in ("DATABASE_URL", "REDIS_URL", "PREFERENDUM_PRODUCTION"):
            os.environ.pop(name, None)
        if address := os.environ.get("PREFERENDUM_BENCH_URL"):
            os.environ["DATABASE_URL"] = address
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        print(json.dumps(run(asked.judgments, asked.models)))


def run(judgments: int, models: int) -> dict:
    from django.db import connection
    from django.test import Client

    from accounts.models import User

    snapshot, names, counted = build(judgments, models)
    # As a browser asks, so that what is counted is what goes over the line; and not as in tests,
    # which copy every context.
    client = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    client.force_login(User.objects.create(username="reader", role="researcher"))
    pages = {
        "board": "/studies/birds/board/",
        "head_to_head": f"/boards/{snapshot.pk}/head-to-head/helpfulness/",
        "two_models": f"/boards/{snapshot.pk}/two/?a={names[0]}&b={names[1]}",
        "studies": "/",
        "boards": "/studies/birds/boards/",
        "yardstick": "/healthz",
    }
    found = {name: measure(client, address) for name, address in pages.items()}
    connection.close()
    for name, one in found.items():
        say(
            f"{name:13} first {one['first_ms']:7.2f}  p50 {one['p50_ms']:7.2f} ms  p95 {one['p95_ms']:7.2f}  {one['bytes']:7,} bytes"
            f" of {one['bytes_plain']:8,}  {one['queries']} queries"
        )
    board = found["board"]
    return {
        "bench": "board_page",
        "judgments": counted,
        "database": connection.vendor,
        "models": models,
        "criteria": 3,
        "pages": found,
        "board_to_yardstick": round(board["p50_ms"] / found["yardstick"]["p50_ms"], 1),
        "limits": {"p50_ms": MOST_MS, "bytes": MOST_BYTES},
        "met": board["bytes"] <= MOST_BYTES
        and all(found[name]["p50_ms"] <= MOST_MS for name in pages),
    }


if __name__ == "__main__":
    main()
