"""An admin's way from a prompt file to a published study, in a browser, with three mistakes on it."""

import random
import re

import pytest

from judging.models import Study
from models_registry.models import Completion, ModelEndpoint
from models_registry.services.drains import produce_completions
from tests.data import shared_data
from tests.fake_provider import FakeProvider, strict

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.django_db(transaction=True)]

KEY = "sk-right-0123456789abcdef"
NAME = "llama2:70b-chat"
PROMPTS = 80


@pytest.fixture
def server():
    """An OpenAI-compatible server that lists its models, and takes one key."""
    with FakeProvider(strict(KEY, NAME)) as running:
        running.models = [NAME, "mistral:7b"]
        yield running


def test_from_a_prompt_file_to_a_published_study(page_of, alice, server):
    questions = shared_data("prompts/mt_bench/question.jsonl")
    outputs = shared_data("outputs/mt_bench/gpt-3.5-turbo.jsonl").parent
    page = page_of(alice)
    page.set_default_timeout(30_000)
    page.goto("/")

    page.get_by_role("link", name="Upload prompts").click()
    page.get_by_label("File").set_input_files(questions)
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_text("recognised as “mt_bench”").wait_for()
    page.get_by_label("Name of the new pool").fill("MT-bench")
    page.get_by_role("button", name=f"Import {PROMPTS} prompts").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("Published. Studies and generation runs can use it now.").wait_for()

    for file in ("gpt-3.5-turbo", "Qwen__Qwen2-7B-Instruct"):
        _import_answers(page, outputs / f"{file}.jsonl", file.rpartition("__")[2])
    _connect_with_three_mistakes(page, server)

    page.get_by_role("button", name="Ask it").click()
    page.get_by_text("It answers.").wait_for()
    page.get_by_text("echo: Answer with the single word: ready").last.wait_for()

    page.get_by_role("link", name="Generate answers").click()
    page.get_by_text(f"{PROMPTS} answers").wait_for()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name=re.compile(r"Run \d+")).wait_for()
    page.get_by_text(f"of {PROMPTS} answers").wait_for()
    produce_completions(endpoint_id=ModelEndpoint.objects.get().pk, rng=random.Random(1))
    # The page looks by itself every two seconds.
    page.get_by_text("Finished").wait_for()
    assert Completion.objects.succeeded().count() == 3 * PROMPTS

    _publish_a_study(page)
    study = Study.objects.get()
    assert (study.state, study.versions.count()) == ("open", 1)
    assert study.comparisons.count() == 3 * PROMPTS

    page.get_by_role("link", name="Preferendum").click()
    page.get_by_role("link", name="Invite raters").click()
    page.get_by_label("How many people may use it").fill("20")
    page.get_by_role("button", name="Make the link").click()
    assert "/join/" in page.get_by_label("The invitation link").input_value()


def _import_answers(page, file, name) -> None:
    page.goto("/")
    page.get_by_role("link", name="Import answers").first.click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Model", exact=True).fill(name)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("heading", name=f"{PROMPTS} answers imported").wait_for()


def _connect_with_three_mistakes(page, server) -> None:
    page.get_by_role("link", name="Models").first.click()
    page.get_by_role("link", name="Connect a model").click()
    page.get_by_label("Base URL").fill(server.base_url.removesuffix("/v1"))
    page.get_by_label("API key").fill("sk-wrong-0123456789")
    page.get_by_label("Model name at the endpoint").fill("llama2-70b")
    page.get_by_label("Name on boards").fill("LLaMA 2 70B")
    page.get_by_role("button", name="Test and connect").click()

    page.get_by_text("Nothing understands the question at this address").wait_for()
    page.get_by_role("button", name=f"Use {server.base_url}").click()

    page.get_by_text("The address is right, the key is not.").wait_for()
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Test again and connect").click()

    page.get_by_text("there is no model of this name").wait_for()
    page.get_by_role("button", name=NAME).click()

    page.get_by_role("heading", name="LLaMA 2 70B").wait_for()
    page.get_by_text("it answered: “echo: Answer with the single word: ready”").wait_for()


def _publish_a_study(page) -> None:
    page.get_by_role("link", name="Preferendum").click()
    page.get_by_role("link", name="Make a study").click()
    page.get_by_label("Name").fill("Who helps most?")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Prompts").select_option("mt-bench@1")
    page.get_by_text("complete", exact=True).first.wait_for()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_text("Judgments", exact=True).wait_for()
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
    page.get_by_text("Version 1 is published.").wait_for()
