"""An admin's work without JavaScript or before it is there, and how an upload shows that it goes on."""

import random

import pytest

from judging.models import Study
from judging.services.studies import create_study
from models_registry.models import ModelEndpoint
from models_registry.services.drains import produce_completions
from tests.fake_provider import FakeProvider, strict
from tests.scenarios import published_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEY = "sk-right-0123456789abcdef"
NAMES = ["one", "two"]
FILE = {
    "name": "questions.csv",
    "mimeType": "text/csv",
    "buffer": b"prompt,category\nWhy is the sky blue?,science\nWrite a haiku.,writing\n",
}


@pytest.fixture
def server():
    with FakeProvider(strict(KEY, *NAMES)) as running:
        running.models = NAMES
        yield running


def test_the_whole_way_without_javascript(page_of, alice, server):
    page = page_of(alice, javascript=False)
    page.set_default_timeout(30_000)
    page.goto("/pools/upload/")
    page.get_by_label("File").set_input_files(FILE)
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_role("button", name="Import 2 prompts").click()
    page.get_by_role("button", name="Publish").click()

    for name in NAMES:
        page.goto("/models/new/")
        if page.get_by_label("Endpoint", exact=True).count():
            page.get_by_label("Endpoint", exact=True).select_option(index=1)
        else:
            page.get_by_label("Base URL").fill(server.base_url)
            page.get_by_label("API key").fill("sk-wrong")
        page.get_by_label("Model name at the endpoint").fill(name)
        page.get_by_role("button", name="Test and connect").click()
        if page.get_by_text("The address is right, the key is not").count():
            # The key is never sent back: without scripts it has to be entered again.
            assert page.get_by_label("API key").input_value() == ""
            page.get_by_label("API key").fill(KEY)
            page.get_by_role("button", name="Test again and connect").click()
        page.get_by_role("heading", name=name, exact=True).wait_for()

    page.goto("/runs/new/")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Estimate first").click()
    page.get_by_text("4 answers to generate").wait_for()
    page.get_by_role("button", name="Start").click()
    produce_completions(endpoint_id=ModelEndpoint.objects.get().pk, rng=random.Random(1))
    page.reload()
    page.get_by_text("Finished").wait_for()

    page.goto("/studies/new/")
    page.get_by_label("Name").fill("Quiet")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Prompts").select_option(index=1)
    for box in page.get_by_role("checkbox").all():
        box.check()
    for heading in (
        "Comparisons",
        "Who judges what",
        "Criteria",
        "Rules and guidelines",
        "Limits, checks and blinding",
        "Review and publish",
    ):
        page.get_by_role("button", name="Save and go on").last.click()
        page.get_by_role("heading", name=heading, level=1).wait_for()
    page.get_by_role("button", name="Publish and open the study").click()
    assert Study.objects.get().state == "open"


def test_what_is_chosen_before_the_scripts_are_there_counts(page_of):
    scenario = published_study(slug="study")
    create_study(slug="drafted", name="Drafted", created_by=scenario.alice)
    page = page_of(scenario.alice)
    held = []
    page.route("**/htmx*.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright sets an attribute on it
    page.goto("/studies/drafted/set-up/material/", wait_until="commit")
    page.get_by_label("Prompts").select_option("pool-study@1")
    assert page.get_by_text("complete", exact=True).count() == 0
    held.pop().continue_()
    page.get_by_text("complete", exact=True).first.wait_for()


def test_an_upload_shows_that_it_goes_on(page_of, alice):
    page = page_of(alice)
    page.set_default_timeout(30_000)
    held = []

    def hold(route) -> None:
        held.append(route)

    page.goto("/pools/upload/")
    page.route("**/pools/upload/", hold)
    page.get_by_label("File").set_input_files(FILE)
    page.get_by_text("1 kB").wait_for()
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_text("Uploading…").or_(
        page.get_by_text("Reading and checking the file…")
    ).wait_for()
    assert page.get_by_role("button", name="Upload and preview").is_disabled()
    held.pop().continue_()
    page.unroute_all()
    page.get_by_role("button", name="Import 2 prompts").wait_for()
    page.route("**/pools/uploads/**", hold)
    page.get_by_role("button", name="Import 2 prompts").click()
    page.get_by_text("Importing…").wait_for()
    held.pop().continue_()
    page.unroute_all()
    page.get_by_text("2 prompts imported.").wait_for()


def test_a_file_is_dropped_on_the_page(page_of, alice):
    page = page_of(alice)
    page.set_default_timeout(30_000)
    page.goto("/pools/upload/")
    data = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['{"prompt": "Hi?"}'], "dropped.jsonl"));
            return data;
        }"""
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})
    page.get_by_text("1 kB").wait_for()
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_role("button", name="Import 1 prompt").wait_for()
