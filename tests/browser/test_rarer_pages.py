"""Pages that need something to have happened first: in light, dark and on a phone, all folds open.

A changed model, held raters and gold comparisons, questions after a session, second factors, and what
is said when something goes wrong.
"""

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.urls import path
from django.utils import timezone

from accounts.models import RaterProfile
from accounts.services import issue_sign_in_link
from accounts.services.holds import hold_rater
from config.urls import urlpatterns as real
from judging.models import GoldComparison
from judging.services.assignments import find_assignment, lease_next
from judging.services.endings import stop_judging
from judging.services.judgments import record_judgment
from models_registry.models import DriftNotice
from models_registry.services import drift
from ratings.services.snapshots import take_snapshot
from tests.ratings.studies import GRADED, build_study, judge_at_random, make_raters
from tests.scenarios import make_models, published_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = {"light": {}, "dark": {"dark": True}, "phone": {"width": 390, "height": 844}}
OPENED = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


def broken(request):
    raise RuntimeError("on purpose")


def suspicious(request):
    raise SuspiciousOperation("on purpose")


urlpatterns = [path("broken/", broken), path("suspicious/", suspicious), *real]


@pytest.fixture(params=LOOKS)
def look(request) -> dict:
    return LOOKS[request.param]


@pytest.fixture
def is_fine(violations):
    """Accessible with all folds open, and nothing wider than the screen."""

    def check(page) -> None:
        page.evaluate(OPENED)
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], page.url
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], page.url

    return check


def test_changes_of_models_open_and_decided(page_of, look, is_fine, alice, dave):
    model, other = make_models(2)
    for one, before, after in ((model, "fp_1", "fp_2"), (other, "small", "x" * 200)):
        notice = drift.raise_notice(
            language_model=one,
            what=DriftNotice.What.FINGERPRINT,
            before=before,
            after=after,
            now=timezone.now(),
        )
    for user in (alice, dave):
        page = page_of(user, **look)
        page.goto("/models/changes/")
        is_fine(page)
    page = page_of(alice, **look)
    page.goto(f"/models/{other}/")
    is_fine(page)
    page.goto("/models/changes/")
    page.get_by_label("Why").first.fill("Their notes say so.")
    page.get_by_role("button", name="It is the same model").first.click()
    page.get_by_role("heading", name="Decided").wait_for()
    is_fine(page)
    assert DriftNotice.objects.exclude(decision="").count() == 1
    assert notice.pk


def test_what_a_board_folds_away_and_how_raters_judged(page_of, look, is_fine, alice, dave):
    built = build_study(prompts=8, criteria=[GRADED], holds={"checks": ["position"], "level": 0.01})
    raters = make_raters(5)
    judge_at_random(built, raters, each=3)
    board, _ = take_snapshot(version=built.version, now=timezone.now())
    hold_rater(rater=raters[0], by=alice, reason="Too quick.", now=timezone.now())
    GoldComparison.objects.create(
        comparison=built.comparisons[0],
        answers={"truthfulness": "first"},
        reason="Plain.",
        by=alice,
    )
    a, b = (one["model"] for one in board.result["models"][:2])
    for user in (alice, dave):
        page = page_of(user, **look)
        names = (a, b) if user == alice else ("model-1", "model-2")
        for address in (
            "/studies/birds/board/",
            "/studies/birds/raters/",
            f"/boards/{board.pk}/two/?a={names[0]}&b={names[1]}",
        ):
            page.goto(address)
            is_fine(page)
            if "two" in address:
                page.get_by_text("The fewest without which").wait_for()
                is_fine(page)


def test_who_wrote_it(page_of, look, is_fine):
    scene = published_study(
        models=2, prompts=6, guessing={"answers": 2, "decoys": ["Decoy One", "Decoy Two"]}
    )
    bob: RaterProfile = scene.bob
    for _ in range(3):
        token = lease_next(rater=bob, slug="study", now=timezone.now()).blinded.token
        held = find_assignment(rater=bob, token=token)
        record_judgment(assignment=held, body=scene.body, now=timezone.now())
    stop_judging(rater=bob, now=timezone.now())
    page = page_of(bob.user, expected=("Failed to load resource",), **look)
    page.goto("/stop/")
    is_fine(page)
    page.goto("/judge/study/guesses/")
    is_fine(page)
    page.locator("form:has(.guessed)").evaluate("one => { one.noValidate = true; }")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    is_fine(page)


def test_the_way_of_a_second_factor(page_of, look, is_fine, alice):
    page = page_of(**look)
    link = f"/sign-in/{issue_sign_in_link(user=alice, now=timezone.now())}/"
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/account/second-factor/totp/activate/")
    is_fine(page)
    secret = "".join(page.locator("code.fours span").all_text_contents())

    def code() -> str:
        cache.clear()  # each code is taken once, and the clock is not waited for
        return format_hotp_value(hotp_value(secret, int(time.time()) // 30))

    page.get_by_label("code").first.fill("000000")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    is_fine(page)
    page.get_by_label("code").first.fill(code())
    page.keyboard.press("Enter")
    page.get_by_text("10 of 10 codes are unused").wait_for()
    for address in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        page.goto(f"/account/second-factor/{address}")
        is_fine(page)
    page.goto("/account/second-factor/reauthenticate/")
    is_fine(page)
    again = page_of(**look)
    again.goto(f"/sign-in/{issue_sign_in_link(user=alice, now=timezone.now())}/")
    again.get_by_role("button", name="Sign in").click()
    again.wait_for_url("**/second-factor/authenticate/**")
    is_fine(again)
    again.get_by_label("code").first.fill(code())
    again.keyboard.press("Enter")
    again.get_by_role("heading", name="Studies").wait_for()


@pytest.mark.urls(__name__)
def test_what_is_said_when_something_goes_wrong(page_of, look, is_fine, settings, dave):
    page = page_of(dave, expected=("Failed to load resource",), **look)
    for address, status in {
        "/nowhere/": 404,
        "/raters/": 403,
        "/account/tokens/": 405,
        "/suspicious/": 400,
        "/broken/": 500,
    }.items():
        assert page.goto(address).status == status
        is_fine(page)
    page.goto("/account/")
    page.locator("input[name=csrfmiddlewaretoken]").evaluate_all(
        "all => all.forEach((one) => { one.value = 'x'; })"
    )
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_text("Please send it again").wait_for()
    is_fine(page)
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    newcomer = page_of(expected=("Failed to load resource",), **look)
    for _ in range(2):
        newcomer.goto("/sign-in/")
        newcomer.get_by_label("Name", exact=True).fill("x")
        newcomer.get_by_label("Password").fill("x")
        with newcomer.expect_navigation():
            newcomer.keyboard.press("Enter")
    assert "too" in newcomer.locator("main").inner_text().lower()
    is_fine(newcomer)
