"""The rater's pages work without JavaScript and say nothing about models."""

import pytest

from judging.models import Assignment, Judgment, Study
from tests.scenarios import published_study

CANARY = "canary7xq"


@pytest.fixture
def scene(db):
    return published_study(canary=CANARY)


@pytest.fixture
def page(scene, client):
    client.force_login(scene.bob.user)
    return client


def form(scene, page) -> tuple[str, str]:
    """The open page's text and the address its form posts to."""
    html = page.get(f"/judge/{scene.study.slug}/").content.decode()
    token = Assignment.objects.get(rater=scene.bob, state="leased").token
    return html, f"/judge/{scene.study.slug}/{token}/"


def test_lists_open_studies_with_ones_progress(scene, page):
    html = page.get("/judge/").content.decode()
    assert scene.study.name in html
    assert f"/judge/{scene.study.slug}/" in html
    assert "pairs at most; stop whenever you like." in html
    assert "judged so far" not in html
    answer = page.post(form(scene, page)[1], {"quality": "-2"})
    assert answer.status_code == 302
    assert "1 judged so far." in page.get("/judge/").content.decode()


def test_shows_both_answers_and_every_criterion(scene, page):
    html, action = form(scene, page)
    assert action in html
    assert "Answer A" in html
    assert "Answer B" in html
    assert html.count("<fieldset") == 1
    assert 'name="comment"' in html


def test_a_question_between_two_replies_stands_in_each_answer_the_first_above(db, client):
    replies = ["In the east.", "In the west."]
    scene = published_study(completion={"turns": replies, "text": replies[-1]})
    asked = [{"role": "user", "content": one} for one in ("Where is Oslo?", "And Bergen?")]
    scene.pool_version.prompts.update(kind="own_conversation", messages=asked)
    client.force_login(scene.bob.user)
    html, _ = form(scene, client)
    assert html.count("Where is Oslo?") == 1
    assert html.count("And Bergen?") == html.count("Reply 1") == html.count("Reply 2") == 2


def test_no_byte_tells_a_model(scene, page):
    html, _ = form(scene, page)
    assert CANARY not in html


def test_judging_stores_one_judgment_and_goes_on(scene, page):
    _, action = form(scene, page)
    answer = page.post(action, {"quality": "-2", "comment": "clear\r\nbetter"})
    assert (answer.status_code, answer["Location"]) == (302, f"/judge/{scene.study.slug}/")
    again = page.post(action, {"quality": "-2", "comment": "clear\r\nbetter"})
    assert again.status_code == 302
    judgment = Judgment.objects.get()
    assert judgment.comment == "clear\nbetter"
    assert judgment.votes.get().display_value == "-2"


def test_a_missing_vote_brings_the_form_back_as_it_was(scene, page):
    _, action = form(scene, page)
    answer = page.post(action, {"comment": "half done"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "half done" in html
    assert "no vote" in html
    assert not Judgment.objects.exists()


def test_what_was_filled_in_never_lands_on_another_comparison(scene, page):
    _, action = form(scene, page)
    page.post(action, {"quality": "2"})
    answer = page.post(action, {"comment": "about the first one"})
    assert answer.status_code == 200
    assert "about the first one" not in answer.content.decode()


def test_a_second_different_judgment_is_refused_with_words(scene, page):
    _, action = form(scene, page)
    page.post(action, {"quality": "1"})
    answer = page.post(action, {"quality": "3"}, follow=True)
    assert "judged already, with other choices" in answer.content.decode()
    assert Judgment.objects.get().votes.get().display_value == "1"


def test_after_a_skip_undo_says_that_it_undoes_the_judgment_before(scene, page):
    _, action = form(scene, page)
    page.post(action, {"quality": "1"})
    html, action = form(scene, page)
    assert ">Undo</span>" in html
    skipped = page.post(f"{action}skip/", {"reason": "unclear"}, follow=True).content.decode()
    assert ">Undo the judgment before</span>" in skipped
    assert ">Skipped</p>" in skipped


def test_of_a_paused_study_nothing_is_fetched_ahead_and_no_error_is_told(scene, page):
    _, action = form(scene, page)
    ahead = f"/judge/{scene.study.slug}/ahead/?shown={action.split('/')[-2]}"
    assert page.get(ahead).status_code == 200
    Study.objects.update(state=Study.State.PAUSED)
    assert page.get(ahead).status_code == 204


def test_skipping_needs_a_reason_from_the_list(scene, page):
    _, action = form(scene, page)
    assert page.post(f"{action}skip/", {"reason": "because"}).status_code == 400
    assert page.post(f"{action}skip/", {"reason": "unclear"}).status_code == 302
    assert Assignment.objects.get(state="skipped").skip_reason == "unclear"


def test_somebody_elses_assignment_does_not_exist(scene, page, client):
    _, action = form(scene, page)
    client.force_login(scene.carol.user)
    assert client.post(action, {"quality": "1"}).status_code == 404


def test_ends_with_a_page_when_nothing_is_left(scene, page):
    for _ in range(scene.pool_version.prompts.count()):
        _, action = form(scene, page)
        page.post(action, {"quality": "1"})
    html = page.get(f"/judge/{scene.study.slug}/").content.decode()
    assert "Nothing is left" in html


def test_others_are_told_that_only_raters_judge(scene, client):
    client.force_login(scene.alice)
    assert client.get("/judge/").status_code == 403


def test_strangers_are_sent_to_sign_in(scene, client):
    assert client.get("/judge/")["Location"].startswith("/sign-in/")
