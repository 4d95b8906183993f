"""What carries a warning stays blurred and out of reach until it is asked for."""

import pytest

from judging.models import Assignment, Judgment
from prompts.models import Prompt
from tests.browser.raters import KEYS, judge, open_pair, press, said, three_criteria, token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = {"light": {}, "dark": {"dark": True}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def scene(transactional_db):
    made = three_criteria(prompts=3)
    Prompt.objects.update(risk_tags=["self-harm", "medical"])
    return made


def blur(page) -> str:
    return page.locator("#material").evaluate("one => getComputedStyle(one).filter")


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_blurred_and_accessible_before_and_after(page_of, scene, violations, look):
    page = page_of(scene.bob.user, **LOOKS[look])
    open_pair(page, scene)
    assert page.get_by_text("Content warning:", exact=True).is_visible()
    assert "blur" in blur(page)
    assert violations(page) == []
    press(page, "v")
    assert blur(page) == "none"
    assert page.get_by_text("Content warning:", exact=True).is_visible()
    assert violations(page) == []
    page.goto("/warnings/")
    assert violations(page) == []


def test_it_cannot_be_judged_before_it_was_seen(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, *KEYS, "Enter")
    assert page.locator("#judgment input:checked").count() == 0
    assert said(page) == "Still blurred: V shows it, X skips it"
    press(page, "v")
    assert said(page) == ""
    judge(page)
    assert said(page) == "Saved"
    assert "blur" in blur(page)  # the next one carries a warning too


def test_one_key_skips_it_and_that_is_what_is_noted(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    before = token(page)
    press(page, "x")
    page.wait_for_function("() => document.getElementById('said').textContent === 'Skipped'")
    skipped = Assignment.objects.get(state="skipped")
    assert (skipped.token, skipped.skip_reason) == (before, "harmful")


def test_without_scripts_a_link_shows_it(page_of, scene):
    page = page_of(scene.bob.user, javascript=False)
    page.goto(f"/judge/{scene.study.slug}/")
    assert page.locator("#material[inert]").count()
    page.get_by_role("link", name="Show it").click()
    assert not page.locator("#material[inert]").count()


def test_a_rater_leaves_out_a_kind_from_the_warning_on(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    page.get_by_role("link", name="Leave out such pairs").click()
    page.get_by_label("medical").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Nothing is left that you want to read").wait_for()
    assert not Judgment.objects.exists()
