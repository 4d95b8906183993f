"""What a rater does on the judging page, for the tests in a browser."""

import re

from tests.scenarios import DEFAULT, Scenario, published_study

KEYS = ("2", "1", "6")  # one for each of the three criteria


def three_criteria(*, prompts=4, **options) -> Scenario:
    """A published study with the default criteria: three comparisons for each prompt."""
    return published_study(prompts=prompts, criteria=DEFAULT, **options)


def open_pair(page, scene) -> None:
    """Open the judging page, and wait until the next pair is there too."""
    page.goto(f"/judge/{scene.study.slug}/")
    page.wait_for_load_state("networkidle")


def token(page) -> str:
    return page.locator("#pair").get_attribute("data-token")


def said(page) -> str:
    return page.locator("#said").inner_text()


def choice(page, question: str, label: str):
    """The choice with these words, in the question that a selector finds."""
    ends = re.compile(rf"{re.escape(label)}\s*$")
    return page.locator(f"{question} label").filter(has_text=ends)


def press(page, *keys) -> None:
    for key in keys:
        page.keyboard.press(key)


def wait_for_another(page, before: str) -> None:
    page.wait_for_function(
        "before => document.getElementById('pair')?.dataset.token !== before", arg=before
    )


def judge(page, keys=KEYS) -> str:
    """Judge the pair on the screen by key; return its token once the next one is there."""
    before = token(page)
    press(page, *keys, "Enter")
    wait_for_another(page, before)
    return before
