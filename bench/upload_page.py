"""Upload 50,000 prompts in Chromium: the seconds until the preview, and until they are imported.

Starts the real server on a SQLite file that it makes and removes. `bars` counts the different values
that the page's visible progress bar had while the file was sent and checked, and while its rows were
imported.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path[0] = str(Path(__file__).parents[1])

from bench._begin import arguments_of  # noqa: E402 - found by the path above
from bench._served import FLAGS, burnt, chromium, served, session_of  # noqa: E402 - as above
from bench.import_prompts import ROWS, make_file  # noqa: E402 - as above

SECONDS = 10.0
# Counts the values of the bar while it can be seen, one of which only shows that something goes on.
# Kept where the next page finds it.
WATCHED = """() => {
  let last = null;
  sessionStorage.bars = 0;
  const look = () => {
    const bar = document.querySelector(".busy progress");
    if (bar?.checkVisibility() && bar.position !== last) {
      last = bar.position;
      sessionStorage.bars = Number(sessionStorage.bars) + 1;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> int:
    arguments_of(__doc__).parse_args()
    browser = chromium()
    if not browser:
        print(json.dumps({"skipped": "no chromium on this machine"}))
        return 0
    with served(prepare) as server, tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "prompts.jsonl")
        file.write_bytes(make_file(random.Random(1)))
        before = burnt(server.pid)
        result = in_browser(browser, server.base, server.made, file)
        result["server_cpu_seconds"] = round(burnt(server.pid) - before, 1)
    result |= {"load": os.getloadavg()[0], "target_seconds": SECONDS}
    result["met"] = result["seconds"] <= SECONDS and all(result["bars"])
    print(json.dumps(result))
    return 0


def prepare() -> str:
    """Make an admin; return the key of a session."""
    from accounts.services import create_user

    return session_of(create_user(username="alice", role="admin"))


def in_browser(executable: str, base: str, session: str, file: Path) -> dict:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        context = browser.new_context(base_url=base)
        context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto("/pools/upload/")
        page.set_input_files("input[type=file]", file)
        sent, sent_bars = pressed(page, "Upload and preview", "#preview form[data-import] button")
        page.locator("[name=pool_name]").fill("Fifty thousand")
        imported, read_bars = pressed(
            page, f"Import {ROWS:,} prompts", "h1:has-text('Fifty thousand')"
        )
        browser.close()
    return {
        "rows": ROWS,
        "megabytes": round(file.stat().st_size / 1e6, 1),
        "preview_seconds": round(sent, 2),
        "import_seconds": round(imported, 2),
        "seconds": round(sent + imported, 2),
        "bars": [sent_bars, read_bars],
    }


def pressed(page: Page, button: str, then: str) -> tuple[float, int]:
    """Press a button; return the seconds until `then` is there, and how many values the bar had."""
    page.evaluate(WATCHED)
    started = time.perf_counter()
    page.get_by_role("button", name=button).click()
    page.locator(then).first.wait_for()
    took = time.perf_counter() - started
    return took, page.evaluate("Number(sessionStorage.bars)")


if __name__ == "__main__":
    sys.exit(main())
