"""What a rater agrees to before the first comparison, and again when the text changed."""

import pytest
from django.utils import timezone

from accounts.services import create_user
from accounts.services.consent import PARTS, current_consent, give_consent, publish_consent

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


@pytest.fixture
def erin(client):
    """A rater who has agreed to the text that ships, in two languages, signed in."""
    user = create_user(username="erin", role="rater", languages=["de", "en"])
    give_consent(
        rater=user.rater_profile,
        number=current_consent().number,
        languages=["de", "en"],
        guidelines_read=True,
        now=timezone.now(),
    )
    client.force_login(user)
    return user


def publish(by, **changes):
    texts = {part: getattr(current_consent(), part) for part in PARTS}
    return publish_consent(created_by=by, texts=texts | changes, now=timezone.now())


def test_who_is_asked_again_reads_which_parts_changed(client, erin, alice):
    assert "What you agreed to" in client.get("/consent/").content.decode()
    publish(alice, pay="Twelve euros an hour.")
    answer = client.get("/consent/")
    html = answer.content.decode()
    assert "The text has changed" in html
    assert "Agree and go on" in html
    assert answer.context["changed"] == ["pay"]
    assert html.count('<span class="badge note">changed</span>') == 1


def test_a_text_that_came_meanwhile_is_read_before_it_is_agreed_to(client, erin, alice):
    read = publish(alice, pay="Twelve euros an hour.")
    publish(alice, pay="Two euros an hour.")
    ticked = {"languages": ["de", "en"], "guidelines_read": "on", "agreed": "on"}
    answer = client.post("/consent/", {"number": read.number, **ticked})
    html, form = answer.content.decode(), answer.context["form"]
    assert answer.status_code == 400
    assert "The text has changed since" in html
    assert "Something is missing" not in html
    assert [form["guidelines_read"].value(), form["agreed"].value()] == [False, False]
    assert [one.data["value"] for one in form["languages"] if one.data["selected"]] == ["en", "de"]
    assert erin.rater_profile.consents.count() == 1


def test_admins_read_every_version_and_how_many_agreed_to_it(client, erin, alice):
    publish(alice, pay="Twelve euros an hour.")
    client.force_login(alice)
    html = client.get("/consent/text/").content.decode()
    assert "Nothing is paid through this site." in html
    assert "1 rater agreed" in html
    assert "0 raters agreed" in html
