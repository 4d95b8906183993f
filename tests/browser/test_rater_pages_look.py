"""The rater's pages in light, dark, on a phone and without scripts: accessible, and nothing moves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.services import create_user
from accounts.services.invitations import create_invitation
from judging.models import Judgment
from judging.services.studies import close_study, pause_study
from tests.browser.raters import choice, judge, open_pair, press, three_criteria, token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = {
    "light": {},
    "dark": {"dark": True},
    "phone": {"width": 390, "height": 844},
}
TABLE = (
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('long ' * 200)  # " + "x" * 300 + "\n```\n"
)
RICH = TABLE + "\n$$\\sum_{i=1}^{n} x_i$$\n\nשלום עולם\n\n日本語のテキスト\n"
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 400);
})"""


@pytest.fixture(params=LOOKS)
def look(request) -> dict:
    return LOOKS[request.param]


@pytest.fixture
def scene(transactional_db):
    return three_criteria(prompts=4, completion={"text": RICH, "turns": [RICH]})


@pytest.fixture
def is_fine(violations):
    """Accessible, and nothing wider than the screen."""

    def check(page) -> None:
        assert violations(page) == []
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    return check


def test_the_judging_page_and_its_menus(page_of, scene, look, is_fine):
    page = page_of(scene.bob.user, **look)
    open_pair(page, scene)
    is_fine(page)
    press(page, "1", "2")
    is_fine(page)
    for key in ("d", "s", "k", "g"):
        press(page, key)
        is_fine(page)
        press(page, "Escape")
    judge(page, keys=("3",))
    is_fine(page)
    press(page, "u")
    page.wait_for_selector("#pair[data-changing]")
    is_fine(page)


def test_on_a_phone_one_tap_leads_from_an_answer_to_the_other_and_to_the_questions(page_of, scene):
    from playwright.sync_api import expect

    page = page_of(scene.bob.user, **LOOKS["phone"])
    open_pair(page, scene)
    page.locator("#side-A").get_by_role("link", name="To B").click()
    expect(page.locator("#side-B .top")).to_be_in_viewport(ratio=1)
    page.locator("#side-B").get_by_role("link", name="To the questions").click()
    expect(page.locator("#judgment legend").first).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert not page.get_by_role("link", name="To the questions").first.is_visible()


def test_the_pages_around_it(page_of, scene, look, is_fine):
    newcomer = create_user(username="erin", role="rater", languages=["en"])
    page = page_of(newcomer, **look)
    for address in (f"/judge/{scene.study.slug}/", "/account/", "/account/withdraw/", "/judge/"):
        page.goto(address)
        is_fine(page)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    is_fine(page)


def test_every_end_of_the_work(page_of, scene, look, is_fine, now):
    page = page_of(scene.bob.user, **look)
    scene.bob.held = True
    scene.bob.save()
    page.goto(f"/judge/{scene.study.slug}/")
    assert page.get_by_role("heading", name="on hold").is_visible()
    is_fine(page)
    scene.bob.held = False
    scene.bob.save()
    pause_study(study=scene.study, now=timezone.now())
    page.reload()
    assert page.get_by_role("heading", name="paused").is_visible()
    is_fine(page)
    close_study(study=scene.study, now=now)
    page.reload()
    assert page.get_by_role("heading", name="ended").is_visible()
    is_fine(page)


def test_before_one_is_signed_in(page_of, scene, look, is_fine, now):
    issued = create_invitation(
        created_by=scene.alice,
        note="",
        languages=["en"],
        max_uses=1,
        lifetime=timedelta(days=1),
        now=timezone.now(),
    )
    page = page_of(**look)
    for address in (f"/join/{issued.secret}/", "/sign-in/"):
        page.goto(address)
        is_fine(page)


def test_one_pair_on_a_phone_by_touch(page_of, scene):
    page = page_of(scene.bob.user, width=390, height=844)
    open_pair(page, scene)
    panels = page.locator(".panel").evaluate_all("all => all.map(one => one.offsetTop)")
    assert panels[0] < panels[1]
    before = token(page)
    for label in ("A is better", "Both are fine", "About the same"):
        choice(page, "[data-current]", label).click()
    page.get_by_role("button", name="Save and next").click()
    page.wait_for_function(
        "before => document.getElementById('pair').dataset.token !== before", arg=before
    )
    votes = dict(Judgment.objects.get().votes.values_list("criterion", "display_value"))
    assert votes == {"helpfulness": "-2", "harmlessness": "tie", "truthfulness": "0"}


def test_one_pair_without_scripts_with_undo_and_skip(page_of, scene):
    page = page_of(scene.bob.user, javascript=False)
    page.goto(f"/judge/{scene.study.slug}/")
    for criterion, label in (
        ("helpfulness", "B is better"),
        ("harmlessness", "A is safer"),
        ("truthfulness", "Cannot judge"),
    ):
        choice(page, f"[data-criterion={criterion}]", label).click()
    page.get_by_role("button", name="Save and next").click()
    page.get_by_role("link", name="Undo").click()
    choice(page, "[data-criterion=helpfulness]", "A is better").click()
    page.get_by_role("button", name="Save the change").click()
    assert page.get_by_text("Your change is saved").is_visible()
    first, changed = Judgment.objects.order_by("revision")
    assert first.votes.get(criterion="helpfulness").display_value == "2"
    assert changed.votes.get(criterion="helpfulness").display_value == "-2"
    page.get_by_role("button", name="What Helpfulness means").click()
    assert page.get_by_text("does what was asked").is_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="The prompt is unclear").click()
    assert scene.bob.assignments.get(state="skipped").skip_reason == "unclear"
    page.get_by_role("button", name="Stop").click()
    assert page.get_by_role("heading", name="Thank you").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_pairs_come_and_go(page_of, scene, width):
    page = page_of(scene.bob.user, width=width)
    open_pair(page, scene)
    for _ in range(4):
        judge(page)
        page.wait_for_timeout(600)
    assert page.evaluate(SHIFTS) == 0


def test_wide_tables_and_code_scroll_inside_their_panel(page_of, scene):
    page = page_of(scene.bob.user, width=390)
    open_pair(page, scene)
    code = page.locator(".code").first
    assert code.evaluate("one => one.scrollWidth > one.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
