"""Web pages of the one process without services while it generates 5,000 completions.

Starts the real server on a SQLite file that it makes and removes, with an endpoint beside it that
answers after half a second, begins a run over the page, and asks for pages over loopback, one every
tenth of a second, as a person would who looks around. The same pages are asked for before the run:
what they take on this machine anyway.
"""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)

from bench._begin import arguments_of, end  # noqa: E402 - found by the path above
from bench._served import free_port, served, session_of  # noqa: E402 - as above

PROMPTS, DELAY, PAUSE, BEFORE = 5_000, 0.5, 0.1, 60
PAGES = ("/", "/runs/", "/models/", "/pools/")
P95_MS = 100.0
MOST_SECONDS = 300


def main() -> int:
    arguments_of(__doc__).parse_args()
    stub_port = free_port()
    stub = subprocess.Popen(
        [sys.executable, "-P", str(ROOT / "bench" / "_stub.py"), str(stub_port), str(DELAY)]
    )
    try:
        with served(lambda: prepare(stub_port)) as server:
            result = {"benchmark": "embedded", "completions": PROMPTS}
            result |= measured(Browser(server.base, server.made))
    finally:
        end(stub)
    result["target"] = f"p95_ms <= {P95_MS}"
    result["met"] = result["p95_ms"] <= P95_MS and result["done"] == PROMPTS
    for name, value in result.items():
        print(f"{name:20} {value!s:>12}", file=sys.stderr)
    print(json.dumps(result))
    return 0


def measured(browser: "Browser") -> dict:
    before = [browser.timed(PAGES[at % len(PAGES)]) for at in range(BEFORE)]
    run = browser.begin_run()
    during: dict[str, list[float]] = {}
    started, done = time.monotonic(), 0
    while done < PROMPTS and time.monotonic() - started < MOST_SECONDS:
        for page in (run, *PAGES):
            during.setdefault(page, []).append(browser.timed(page))
            time.sleep(PAUSE)
        done = browser.done(run)
    every = [one for times in during.values() for one in times]
    return {
        "seconds": round(time.monotonic() - started, 1),
        "done": done,
        "pages": len(every),
        "before_p50_ms": quantile(before, 0.5),
        "before_p95_ms": quantile(before, 0.95),
        "p50_ms": quantile(every, 0.5),
        "p95_ms": quantile(every, 0.95),
        "run_page_p95_ms": quantile(during[run], 0.95),
    }


def quantile(times: list[float], part: float) -> float:
    return round(sorted(times)[round(part * (len(times) - 1))] * 1000, 1)


def prepare(stub_port: int) -> str:
    """Make prompts, an endpoint with a model, and an admin; return the key of a session."""
    from accounts.services import create_user
    from bench.generation import prepare as prepare_rows

    prepare_rows(stub_port, prompts=PROMPTS, models=1)
    return session_of(create_user(username="bench", role="admin"))


class Browser:
    """Asks for pages with one session, as a browser does."""

    def __init__(self, base: str, session: str) -> None:
        self._base = base
        self._cookies = {"sessionid": session}

    def get(self, path: str, data: dict | None = None) -> str:
        told = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        request = urllib.request.Request(  # noqa: S310 - our own server on loopback
            self._base + path,
            data=urllib.parse.urlencode(data, doseq=True).encode() if data else None,
            headers={"Cookie": told, "Origin": self._base},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            self.address = urllib.parse.urlsplit(answer.url).path
            return answer.read().decode()

    def timed(self, path: str) -> float:
        started = time.perf_counter()
        self.get(path)
        return time.perf_counter() - started

    def begin_run(self) -> str:
        """Begin the run over its page; return the address of its progress."""
        page = self.get("/runs/new/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        chosen = {
            name: re.search(rf'name="{name}"[^>]*?value="([^"]+)"', page)
            or re.search(rf'<select name="{name}".*?<option value="([^"]+)"', page, re.DOTALL)
            for name in ("pool_version", "language_models")
        }
        assert token is not None
        data = {name: found[1] for name, found in chosen.items() if found}
        self.get("/runs/new/", data | {"csrfmiddlewaretoken": token[1], "samples": "1"})
        return self.address

    def done(self, run: str) -> int:
        told = json.loads(self.get("/api/v1/generation-runs" + run.removeprefix("/runs")))
        return told["progress"]["states"]["succeeded"]


if __name__ == "__main__":
    sys.exit(main())
