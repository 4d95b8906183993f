"""A real Chromium against a real server; any console error or request off the machine fails."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """A headless Chromium of this machine; nothing is downloaded.

    For a module, not longer: Playwright keeps an event loop running in this thread, beside which
    other tests could start none of their own.
    """
    if not CHROMIUM:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    # Playwright keeps an event loop in this thread, and Django would refuse to query beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(live_server) -> str:
    """The address of a running server on the test database."""
    return str(live_server.url)


@pytest.fixture
def page_of(browser, site) -> Iterator[Callable]:
    """Open a page signed in as a user: page_of(user, width=390, dark=True, javascript=False).

    `expected`: what a console error may hold, for a test that cuts the connection, say.
    """
    contexts, troubles = [], []

    def open_page(
        user: User | None = None,
        *,
        width=1280,
        height=900,
        dark=False,
        javascript=True,
        expected=(),
    ):
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
        page = context.new_page()

        def heard(said) -> None:
            if said.type == "error" and not any(one in said.text for one in expected):
                troubles.append(said.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((site, "data:")) else troubles.append(asked.url)
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be evaluated in a page."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def violations(axe) -> Callable:
    """What axe-core finds wrong with a page, one line each."""

    def find(page) -> list[str]:
        page.evaluate(axe)
        found = page.evaluate("async () => (await axe.run()).violations")
        return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]

    return find
