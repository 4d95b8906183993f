"""Nothing a rater did is lost or stored twice: undo, drafts, a lost connection, other tabs."""

import pytest
from django.utils import timezone

from accounts.services.consent import PARTS, current_consent, publish_consent
from judging.models import Assignment, Judgment
from judging.services.studies import amend_study, close_study
from tests.browser.raters import (
    KEYS,
    judge,
    open_pair,
    press,
    said,
    three_criteria,
    token,
    wait_for_another,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


@pytest.fixture
def scene(transactional_db):
    return three_criteria(prompts=4)


def chosen(page) -> list[str]:
    return [one.input_value() for one in page.locator("#judgment input:checked").all()]


def drafts(page) -> int:
    return page.evaluate(
        "Object.keys(sessionStorage).filter((key) => key.startsWith('draft ')).length"
    )


def helpfulness(revision: int) -> str:
    return Judgment.objects.get(revision=revision).votes.get(criterion="helpfulness").display_value


def test_undo_shows_what_was_chosen_and_keeps_the_first_impression(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    first = judge(page)
    assert said(page) == "Saved"
    second = token(page)
    press(page, "1", "u")
    page.wait_for_selector("#pair[data-changing]")
    assert (token(page), chosen(page)) == (first, ["-2", "a", "2"])
    press(page, "7", "Enter")
    page.wait_for_selector("#pair:not([data-changing])")
    assert said(page) == "Change saved"
    # The pair that waited is there again, with what was chosen for it.
    assert (token(page), chosen(page)) == (second, ["-3"])
    assert (helpfulness(0), helpfulness(1)) == ("-2", "3")


def test_escape_leaves_the_judgment_as_it_was(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    judge(page)
    second = token(page)
    press(page, "u")
    page.wait_for_selector("#pair[data-changing]")
    press(page, "5", "Escape")
    page.wait_for_selector("#pair:not([data-changing])")
    assert token(page) == second
    assert Judgment.objects.count() == 1


def test_undo_is_there_after_a_reload_and_goes_when_the_time_is_over(page_of, transactional_db):
    scene = three_criteria(prompts=4, undo_seconds=3)
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    judge(page)
    page.reload()
    assert page.locator("#undo").is_visible()
    page.wait_for_selector("#undo", state="hidden", timeout=6_000)


def test_a_draft_outlives_a_reload_and_goes_with_the_judgment(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, "3", "2", "c")
    page.keyboard.type("half a thought")
    page.reload()
    page.wait_for_load_state("networkidle")
    assert chosen(page) == ["-1", "b"]
    assert page.locator("#comment").input_value() == "half a thought"
    kept = page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert "half a thought" in kept
    assert "Answer" not in kept
    press(page, "4", "Enter")
    page.wait_for_function("() => document.getElementById('said').textContent === 'Saved'")
    assert drafts(page) == 0


def test_signing_out_clears_the_drafts(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    press(page, "3")
    assert drafts(page) == 1
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    assert drafts(page) == 0


def test_without_a_connection_nothing_is_lost_and_nothing_is_stored_twice(page_of, scene):
    page = page_of(scene.bob.user, expected=OFFLINE)
    open_pair(page, scene)
    before = token(page)
    page.context.set_offline(True)
    press(page, *KEYS, "Enter")
    page.get_by_text("Not saved yet").wait_for()
    assert said(page) != "Saved"
    assert (token(page), chosen(page)) == (before, ["-2", "a", "2"])
    press(page, "Enter", "Enter")
    page.context.set_offline(False)
    wait_for_another(page, before)
    assert said(page) == "Saved"
    assert not page.locator("#trouble").is_visible()
    assert Judgment.objects.count() == 1


def test_an_answer_that_never_arrived_is_asked_for_again_and_stored_once(page_of, scene):
    page = page_of(scene.bob.user, expected=OFFLINE)
    open_pair(page, scene)
    before, lost = token(page), []

    def lose_the_first(route) -> None:
        if not lost:
            lost.append(route.fetch())
            return route.abort()
        return route.continue_()

    page.route("**/judgment/", lose_the_first)
    press(page, *KEYS, "Enter")
    wait_for_another(page, before)
    assert lost[0].status == 201
    assert Judgment.objects.count() == 1


def test_a_pair_judged_in_another_tab_is_told_and_passed(page_of, scene):
    page = page_of(scene.bob.user, expected=("409",))
    other = page.context.new_page()
    open_pair(page, scene)
    open_pair(other, scene)
    before = token(page)
    assert token(other) == before
    judge(other)
    press(page, "7", "1", "1", "Enter")
    wait_for_another(page, before)
    assert "was judged already" in said(page)
    assert Judgment.objects.count() == 1
    assert token(page) == token(other)


def counted(page) -> str:
    return page.locator("[data-said]").inner_text()


def test_the_counter_knows_what_was_judged_in_another_tab(page_of, scene):
    page = page_of(scene.bob.user, expected=("409",))
    other = page.context.new_page()
    open_pair(page, scene)
    open_pair(other, scene)
    judge(other)
    assert counted(other) == "1 judged, 3 left"
    judge(page, ("7", "1", "1"))  # the same pair otherwise: refused, and the next one comes
    assert counted(page) == "1 judged, 3 left"
    judge(page)
    assert counted(page) == "2 judged, 2 left"
    judge(other)  # as it was judged there: that is one judgment, and the next one comes
    assert counted(other) == "2 judged, 2 left"
    judge(other)
    assert counted(other) == "3 judged, 1 left"
    other.reload()
    assert counted(other) == "3 judged, 1 left"


def test_a_new_consent_text_is_shown_before_the_next_new_pair(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    texts = {part: getattr(current_consent(), part) + " New." for part in PARTS}
    publish_consent(created_by=scene.alice, texts=texts, now=timezone.now())
    judge(page)
    press(page, *KEYS, "Enter")
    page.wait_for_url("**/consent/**")
    assert Judgment.objects.count() == 2


def test_stop_gives_back_what_is_open_and_says_how_to_come_back(page_of, scene):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    open_ones = Assignment.objects.filter(rater=scene.bob, state="leased")
    with page.expect_response("**/ahead/**"):
        before = judge(page)
    assert open_ones.count() == 2
    shown = token(page)
    press(page, "5")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert not open_ones.exists()
    page.get_by_role("link", name="Go on judging").click()
    page.get_by_role("link", name="Go on").click()
    page.wait_for_selector("#pair")
    page.wait_for_load_state("networkidle")
    assert token(page) == shown != before
    assert chosen(page) == ["1"]


def test_guidelines_that_an_amendment_changed_are_shown_with_the_first_pair_under_them(
    page_of, scene
):
    page = page_of(scene.bob.user)
    open_pair(page, scene)
    with page.expect_response("**/ahead/**"):
        judge(page)
    amend_study(study=scene.study, changes={"guidelines": "Read twice."}, now=timezone.now())
    # The one that was fetched ahead is judged by the version it was issued under.
    judge(page)
    assert not page.locator("#guidelines").is_visible()
    press(page, *KEYS, "Enter")
    page.wait_for_selector("#guidelines:popover-open")
    assert "Read twice." in page.inner_text("#guidelines")
    assert "have changed" in page.inner_text("#guidelines")


def test_a_judgment_that_comes_after_the_end_of_the_study_is_told_and_no_other_is_asked(
    page_of, scene
):
    page = page_of(scene.bob.user, expected=("410",))
    open_pair(page, scene)
    with page.expect_response("**/ahead/**"):
        judge(page)
    close_study(study=scene.study, now=timezone.now())
    press(page, *KEYS, "Enter")
    page.get_by_role("heading", name="This study has ended").wait_for()
    assert "came after that and is not stored" in page.inner_text("main")
    assert Judgment.objects.count() == 1
