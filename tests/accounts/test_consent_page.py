"""Before the first comparison: what the consent page proposes."""

import pytest

from accounts.services import create_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("header", "declared", "ticked"),
    [
        ("de-CH,de;q=0.9,en-GB;q=0.7,tlh;q=0.5", (), ["en", "de"]),
        ("de", ("fr",), ["fr"]),
        ("*", (), []),
        ("", (), []),
    ],
)
def test_the_browsers_languages_are_proposed_where_none_are_declared(
    client, header, declared, ticked
):
    client.force_login(create_user(username="erin", role="rater", languages=declared))
    form = client.get("/consent/", headers={"accept-language": header}).context["form"]
    assert [one.data["value"] for one in form["languages"] if one.data["selected"]] == ticked
