"""Signing in by a one-time link, in a browser."""

import pytest
from django.utils import timezone

from accounts.services import issue_sign_in_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_link_signs_in_and_the_page_is_accessible(page_of, violations, alice, width, dark):
    page = page_of(width=width, dark=dark)
    page.goto(f"/sign-in/{issue_sign_in_link(user=alice, now=timezone.now())}/")
    assert violations(page) == []
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Studies").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
