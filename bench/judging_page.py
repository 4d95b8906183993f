"""The judging page in Chromium: bytes after the first load, key to next pair, layout shift, server time.

Starts the real server on a SQLite file that it makes and removes, signs a rater in, and judges pairs
by keyboard. Server times are those of the page, of the pair fetched ahead, and of the judgment, asked
over loopback by the same client; `server_cpu_ms` is what one pair, all three of them, costs the server's
processor. The times wait for whatever else runs on the machine (`load`), the processor's do not.
"""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path[0] = str(Path(__file__).parents[1])

from bench._begin import arguments_of  # noqa: E402 - found by the path above
from bench._served import FLAGS, burnt, chromium, served, session_of  # noqa: E402 - as above

PAIRS, REQUESTS = 20, 100
BYTES, SERVER_MS, KEY_MS = 60_000, 60.0, 150.0
ANSWER = (
    "A paragraph with **bold** words, `code`, and enough of a text to be read by somebody.\n\n" * 12
)
SHIFT = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""
# From the key that saves to the frame in which the next pair is on the screen.
TIMED = """(before) => {
  const timed = (event) => {
    if (event.key !== "Enter") return;
    removeEventListener("keydown", timed, true);
    const pressed = performance.now();
    const look = () => document.getElementById("pair").dataset.token === before
      ? requestAnimationFrame(look)
      : requestAnimationFrame(() => { window.took = performance.now() - pressed; });
    look();
  };
  addEventListener("keydown", timed, true);
}"""


def main() -> int:
    arguments_of(__doc__).parse_args()
    browser = chromium()
    if not browser:
        print(json.dumps({"skipped": "no chromium on this machine"}))
        return 0
    with served(prepare) as server:
        address, session = server.made
        result = in_browser(browser, server.base, address, session)
        before = burnt(server.pid)
        result["server_p95_ms"] = server_times(server.base, address, session)
        result["server_cpu_ms"] = round(1_000 * (burnt(server.pid) - before) / REQUESTS, 1)
        result["load"] = os.getloadavg()[0]
    result["met"] = (
        result["bytes_after_first_load"] <= BYTES
        and result["key_to_next_p95_ms"] <= KEY_MS
        and result["layout_shift"] == 0
        and max(result["server_p95_ms"].values()) <= SERVER_MS
    )
    print(json.dumps(result))
    return 0


def prepare() -> tuple[str, str]:
    """Build a study of enough pairs; return the judging page's path and a session's key."""
    from tests.scenarios import DEFAULT, published_study

    scene = published_study(
        prompts=PAIRS + REQUESTS + 10,
        models=2,
        criteria=DEFAULT,
        completion={"text": ANSWER, "turns": [ANSWER]},
    )
    return f"/judge/{scene.study.slug}/", session_of(scene.bob.user)


def in_browser(executable: str, base: str, address: str, session: str) -> dict:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        first = sent(page)
        page.evaluate(SHIFT)
        took = [judge(page) for _ in range(PAIRS)]
        page.wait_for_load_state("networkidle")
        result = {
            "pairs": PAIRS,
            "bytes_first_load": first,
            "bytes_after_first_load": round((sent(page) - first) / PAIRS),
            "key_to_next_p50_ms": round(quantile(took, 0.5), 1),
            "key_to_next_p95_ms": round(quantile(took, 0.95), 1),
            "layout_shift": page.evaluate("window.shift"),
        }
        browser.close()
    return result


def judge(page: Page) -> float:
    """Judge one pair by key; return the milliseconds from the last key to the next pair."""
    before = page.locator("#pair").get_attribute("data-token")
    page.evaluate("window.took = 0")
    page.evaluate(TIMED, before)
    for key in ("2", "1", "6", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function("() => window.took > 0")
    took = page.evaluate("window.took")
    # A person reads; the pair after this one arrives meanwhile.
    page.wait_for_timeout(250)
    return took


def sent(page: Page) -> int:
    """The bytes that the page's requests took so far, headers included."""
    return page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".reduce((sum, one) => sum + one.transferSize, 0)"
    )


def server_times(base: str, address: str, session: str) -> dict[str, float]:
    """The 95th percentiles of the page, the pair ahead and a judgment, in milliseconds."""
    times: dict[str, list[float]] = {"page": [], "ahead": [], "judgment": []}
    for _ in range(REQUESTS):
        html, took = asked(base + address, session)
        times["page"].append(took)
        token = html.split('data-token="')[1].split('"')[0]
        csrf = html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        _, took = asked(f"{base}{address}ahead/?shown={token}", session)
        times["ahead"].append(took)
        body = {"votes": {"helpfulness": 1, "harmlessness": "a", "truthfulness": 1}}
        url = f"{base}/api/v1/assignments/{token}/judgment/"
        _, took = asked(url, session, body=body, csrf=csrf)
        times["judgment"].append(took)
    return {name: round(quantile(found, 0.95), 1) for name, found in times.items()}


def asked(url: str, session: str, *, body: dict | None = None, csrf: str = "") -> tuple[str, float]:
    request = urllib.request.Request(url, data=body and json.dumps(body).encode())  # noqa: S310 - loopback
    # The form's token is masked; the cookie may be the same, which the check accepts.
    request.add_header("Cookie", f"sessionid={session}; csrftoken={csrf or 'x' * 32}")
    request.add_header("HX-Request", "true")
    if body:
        request.add_header("X-CSRFToken", csrf)
        request.add_header("Content-Type", "application/json")
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        text = answer.read().decode()
    return text, 1_000 * (time.perf_counter() - started)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


if __name__ == "__main__":
    sys.exit(main())
