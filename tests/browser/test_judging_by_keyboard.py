"""A rater judges with the keyboard alone: at most four keys for three criteria."""

import pytest

from accounts.services import create_user
from judging.models import Assignment, Judgment
from tests.browser.raters import (
    judge,
    open_pair,
    press,
    said,
    three_criteria,
    token,
    wait_for_another,
)

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.django_db(transaction=True)]

COUNT_KEYS = "window.keys = 0; document.addEventListener('keydown', () => window.keys++, true);"


@pytest.fixture
def scene(transactional_db):
    return three_criteria(prompts=21, models=2)


def tab_to(page, name: str) -> None:
    """Press Tab until the element of this accessible name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "() => { const e = document.activeElement;"
            " return [e.innerText, e.labels?.[0]?.innerText, e.ariaLabel].join(' ') }"
        )
        if name in label:
            return
    raise AssertionError(f"{name} cannot be reached by Tab")


def test_a_rater_consents_and_judges_twenty_pairs_without_a_mouse(page_of, scene):
    newcomer = create_user(username="erin", role="rater", languages=["en"])
    page = page_of(newcomer)
    page.goto("/judge/")
    tab_to(page, "Start")
    press(page, "Enter")
    page.wait_for_url("**/consent/**")
    tab_to(page, "I have read the guidelines")
    press(page, "Space")
    tab_to(page, "I agree")
    press(page, "Space")
    tab_to(page, "Agree and begin")
    press(page, "Enter")
    page.wait_for_selector("#pair")
    page.wait_for_load_state("networkidle")
    page.evaluate(COUNT_KEYS)
    for _ in range(20):
        judge(page)
    assert page.evaluate("window.keys") == 20 * 4
    assert "20 judged, 1 left" in page.locator(".where").inner_text()
    judged = Judgment.objects.filter(assignment__rater=newcomer.rater_profile)
    assert judged.count() == 20
    votes = {one.criterion: one.display_value for one in judged.first().votes.all()}
    assert votes == {"helpfulness": "-2", "harmlessness": "a", "truthfulness": "2"}


def test_letters_choose_too_and_zero_is_cannot_judge(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    judge(page, keys=("b", "n", "0"))
    votes = dict(Judgment.objects.get().votes.values_list("criterion", "display_value"))
    assert votes == {"helpfulness": "2", "harmlessness": "both_bad", "truthfulness": "cannot_judge"}


def test_every_key_that_chooses_is_printed_on_its_choice(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    printed = page.locator("[data-criterion=harmlessness] kbd").all_inner_texts()
    assert printed == ["D", "1", "2", "3", "4", "0"]
    printed = page.locator("[data-criterion=helpfulness] kbd").all_inner_texts()
    assert printed == ["D", "1", "2", "3", "4", "5", "6", "7", "0"]


def test_enter_before_the_last_answer_goes_to_the_missing_one(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, "1", "Enter")
    assert said(page) == "Not answered yet: Harmlessness"
    assert page.evaluate("document.activeElement.dataset.criterion") == "harmlessness"
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("width", [390, 900, 1280, 2560])
def test_what_is_missing_is_said_without_moving_the_choices(page_of, scene, width):
    page = page_of(scene.bob.user, width=width, height=800)
    open_pair(page, scene)
    question = page.locator("[data-criterion=helpfulness]")
    legend, choices = question.locator("legend"), question.locator(".choices")
    before = choices.bounding_box(), legend.bounding_box()
    page.get_by_role("button", name="Save and next").click()
    missed = question.locator(".missed")
    assert missed.is_visible()
    after = choices.bounding_box(), legend.bounding_box()
    for was, now in zip(before, after, strict=True):
        assert [now[one] for one in ("x", "width", "height")] == [
            was[one] for one in ("x", "width", "height")
        ]
    assert not _overlap(missed.bounding_box(), choices.bounding_box())
    panels = page.locator(".panels").bounding_box()
    assert panels["y"] + panels["height"] <= question.bounding_box()["y"]


def _overlap(one, other) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize("width", [390, 1366])
def test_a_comment_without_a_space_stays_within_the_page(page_of, scene, width):
    page = page_of(scene.bob.user, width=width, height=800)
    open_pair(page, scene)
    page.locator("#comment").fill("ü" * 4000)
    right = page.locator("#save").bounding_box()
    assert right["x"] + right["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_what_is_not_answered_is_said_at_the_question(page_of, scene):
    page = page_of(scene.bob.user, width=390, height=844)
    open_pair(page, scene)
    page.get_by_role("button", name="Save and next").click()
    missed = page.locator("[data-criterion=helpfulness] .missed")
    assert missed.inner_text() == "Not answered yet: Helpfulness"
    page.wait_for_function(
        "one => { const box = one.getBoundingClientRect();"
        " return box.top >= 0 && box.bottom <= innerHeight }",
        arg=missed.element_handle(),
    )
    press(page, "2")
    assert page.locator(".missed").count() == 0
    assert said(page) == ""


@pytest.mark.parametrize("key", ["d", "?"])
def test_the_definition_is_one_key_away_and_the_same_key_closes_it(page_of, scene, key):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, "1", key)
    meaning = page.locator("#what-harmlessness")
    assert meaning.is_visible()
    assert "does not insult" in meaning.inner_text()
    press(page, key)
    assert not meaning.is_visible()


def test_single_keys_are_off_where_somebody_writes_and_with_other_keys_held(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, "c")
    page.keyboard.type("1 2 a b s u d g k ? 0")
    assert page.locator("#comment").input_value() == "1 2 a b s u d g k ? 0"
    press(page, "Escape", "Control+1", "Alt+2", "Meta+3", "Control+s", "Shift+A")
    assert page.locator("#judgment input:checked").count() == 0
    assert page.locator("[popover]:popover-open").count() == 0


def test_backspace_does_nothing(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    before = token(page)
    press(page, "3", "Backspace", "Backspace", "Delete")
    assert token(page) == before
    assert page.locator("#judgment input:checked").count() == 1


def test_skipping_takes_a_key_for_the_menu_and_a_key_for_the_reason(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    before = token(page)
    press(page, "s", "Escape")
    assert token(page) == before
    press(page, "s", "4")
    page.wait_for_function("() => document.getElementById('said').textContent === 'Skipped'")
    assert Assignment.objects.get(state="skipped").skip_reason == "harmful"


def test_undo_says_after_a_skip_that_it_undoes_the_judgment_before(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    judge(page)
    undo = page.locator("#undo [data-last]")
    assert undo.inner_text() == "Undo"
    before = token(page)
    press(page, "s", "1")
    wait_for_another(page, before)
    assert undo.inner_text() == "Undo the judgment before"
    judge(page)
    assert undo.inner_text() == "Undo"


def test_arrows_scroll_both_answers_and_go_between_questions(page_of, transactional_db):
    long = {"text": "A line.\n\n" * 80, "turns": ["A line.\n\n" * 80]}
    scene = three_criteria(prompts=1, completion=long)
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, "ArrowDown", "Space")
    tops = page.locator(".scroller").evaluate_all("all => all.map(one => one.scrollTop)")
    page.wait_for_timeout(300)
    tops = page.locator(".scroller").evaluate_all("all => all.map(one => one.scrollTop)")
    assert tops[0] == tops[1] > 100
    press(page, "1", "ArrowLeft", "7")
    chosen = page.locator("[data-criterion=helpfulness] input:checked").input_value()
    assert chosen == "3"


def test_the_study_ends_with_words_and_the_last_one_can_be_undone(page_of, transactional_db):
    scene = three_criteria(prompts=1, models=2)
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, *"216", "Enter")
    page.get_by_role("heading", name="All done").wait_for()
    page.get_by_role("link", name="Undo").click()
    page.wait_for_selector("#pair[data-changing]")
    press(page, "7", "Enter")
    page.get_by_role("heading", name="All done").wait_for()
    assert "Your change is saved." in page.inner_text("main")
    newest = Judgment.objects.get(revision=1)
    assert newest.votes.get(criterion="helpfulness").display_value == "3"
