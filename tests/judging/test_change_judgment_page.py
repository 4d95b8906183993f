"""The pair fetched ahead, and the page on which the last judgment is changed."""

import time_machine
from django.utils import timezone

from judging.models import Assignment, Judgment
from tests.scenarios import published_study

PIECE = {"HX-Request": "true"}


def page_url(scene) -> str:
    return f"/judge/{scene.study.slug}/"


def shown(scene) -> str:
    return Assignment.objects.leased().get(rater=scene.bob, prefetched=False).token


def judged(scene, client) -> str:
    """Judge one pair over the pages; return its address."""
    client.force_login(scene.bob.user)
    client.get(page_url(scene))
    address = f"{page_url(scene)}{shown(scene)}/"
    client.post(address, {"quality": "-2", "comment": "first"})
    return address


def test_ahead_is_the_piece_of_the_pair_after_the_shown_one(scene, client):
    client.force_login(scene.bob.user)
    client.get(page_url(scene))
    answer = client.get(f"{page_url(scene)}ahead/", {"shown": shown(scene)}, headers=PIECE)
    token = Assignment.objects.leased().get(prefetched=True).token
    html = answer.content.decode()
    assert html.lstrip().startswith('<div class="pair"')
    assert f'data-token="{token}"' in html


def test_ahead_is_empty_when_something_else_is_on_the_screen(scene, client):
    client.force_login(scene.bob.user)
    client.get(page_url(scene))
    assert client.get(f"{page_url(scene)}ahead/", {"shown": "else"}).status_code == 204


def test_ahead_is_empty_at_the_end(db, client):
    scene = published_study(prompts=1, models=2)
    client.force_login(scene.bob.user)
    client.get(page_url(scene))
    assert client.get(f"{page_url(scene)}ahead/", {"shown": shown(scene)}).status_code == 204


def test_the_change_page_shows_what_was_chosen_and_stores_a_new_row(scene, client):
    address = judged(scene, client)
    html = client.get(f"{address}change/").content.decode()
    assert 'value="-2"' in html
    assert html.count("checked") == 1
    assert "first" in html
    answer = client.post(f"{address}change/", {"quality": "3", "comment": ""})
    assert answer["Location"] == page_url(scene)
    newest = Judgment.objects.order_by("-revision")[0]
    assert (newest.revision, newest.votes.get().display_value) == (1, "3")


def test_an_incomplete_change_comes_back_as_it_was_filled_in(scene, client):
    address = judged(scene, client)
    answer = client.post(f"{address}change/", {"comment": "second thoughts"})
    assert answer.status_code == 400
    assert "second thoughts" in answer.content.decode()
    assert Judgment.objects.count() == 1


def test_after_the_window_the_page_says_so(scene, client):
    address = judged(scene, client)
    with time_machine.travel(timezone.now().timestamp() + 61):
        answer = client.get(f"{address}change/")
    assert answer.status_code == 409
    assert "time for changes is over" in answer.content.decode()


def test_what_was_not_judged_cannot_be_changed(scene, client):
    client.force_login(scene.bob.user)
    client.get(page_url(scene))
    assert client.get(f"{page_url(scene)}{shown(scene)}/change/").status_code == 409


def test_somebody_elses_judgment_does_not_exist(scene, client):
    address = judged(scene, client)
    client.force_login(scene.carol.user)
    assert client.get(f"{address}change/").status_code == 404


def test_signing_out_asks_the_browser_to_forget_the_drafts(scene, client):
    client.force_login(scene.bob.user)
    assert client.post("/sign-out/")["Clear-Site-Data"] == '"storage"'
