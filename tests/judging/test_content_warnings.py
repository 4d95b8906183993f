"""Difficult prompts: blurred until asked for, left out for whoever wants that, never held against anybody."""

import pytest
from django.utils import timezone

from accounts.services import avoid_tags
from judging.models import Assignment
from judging.services.assignments import (
    busy_until,
    find_assignment,
    lease_next,
    open_studies,
)
from judging.services.content_warnings import avoid_warnings, warnings_in_use
from judging.services.endings import Reason, ending_of, stop_judging
from judging.services.raters import rater_work
from prompts.models import Prompt
from tests.scenarios import published_study

ODD = 'köln 50%_!"\\'


@pytest.fixture
def scene(db):
    """Six prompts, two models: of violence, of violence and illness, of an odd tag, three plain."""
    made = published_study(prompts=6, models=2)
    for position, tags in enumerate((["violence"], ["illness", "violence"], [ODD])):
        Prompt.objects.filter(position=position).update(risk_tags=tags)
    return made


def shown_to(rater, scene) -> list[tuple[str, ...]]:
    """The tags of everything a rater is given until nothing is left, skipping all."""
    seen = []
    while leased := lease_next(rater=rater, slug=scene.study.slug, now=timezone.now()):
        seen.append(leased.blinded.risk_tags)
        assignment = find_assignment(rater=rater, token=leased.blinded.token)
        Assignment.objects.filter(pk=assignment.pk).update(state="judged")
    return sorted(seen)


@pytest.mark.parametrize(
    ("avoided", "left"),
    [
        ([], [(), (), (), ("illness", "violence"), (ODD,), ("violence",)]),
        (["violence"], [(), (), (), (ODD,)]),
        (["illness"], [(), (), (), (ODD,), ("violence",)]),
        ([ODD], [(), (), (), ("illness", "violence"), ("violence",)]),
        (["viol", "%", "_"], [(), (), (), ("illness", "violence"), (ODD,), ("violence",)]),
        (["*"], [(), (), ()]),
    ],
)
def test_what_is_avoided_is_never_given(scene, avoided, left):
    avoid_tags(profile=scene.bob, tags=avoided)
    assert shown_to(scene.bob, scene) == left


def test_the_same_holds_for_tags_that_an_upload_stored(db, django_user_model):
    from prompts.services import create_pool, import_prompts, publish_version

    del django_user_model
    pool = create_pool(slug="up", name="up", description="", source="")
    lines = '{"id": "1", "prompt": "?", "language": "en", "risk_tags": ["köln"]}\n'
    report = import_prompts(pool=pool, data=lines.encode(), filename="p.jsonl")
    version = publish_version(version=report.version, now=timezone.now())
    scene = published_study(prompts=1, models=2)
    stored = version.prompts.get()
    scene.comparisons.update(prompt=stored)
    avoid_tags(profile=scene.bob, tags=["köln"])
    assert shown_to(scene.bob, scene) == []
    assert shown_to(scene.carol, scene) == [("köln",)]


def test_what_was_given_back_before_is_not_given_again(scene):
    Prompt.objects.update(risk_tags=["violence"])
    assert lease_next(rater=scene.bob, slug=scene.study.slug, now=timezone.now())
    stop_judging(rater=scene.bob, now=timezone.now())
    avoid_tags(profile=scene.bob, tags=["violence"])
    assert lease_next(rater=scene.bob, slug=scene.study.slug, now=timezone.now()) is None


def test_opting_out_takes_back_what_is_open_and_counts_against_nobody(scene):
    Prompt.objects.update(risk_tags=["violence"])
    lease_next(rater=scene.bob, slug=scene.study.slug, now=timezone.now())
    avoid_warnings(rater=scene.bob, tags=["violence"], now=timezone.now())
    assert Assignment.objects.get().skip_reason == "harmful"
    assert rater_work(raters=[scene.bob])[0].skips == 0


def test_the_page_offers_the_warnings_there_are_and_keeps_the_choice(scene, client):
    client.force_login(scene.bob.user)
    html = client.get("/warnings/").content.decode()
    assert "Illness" in html
    answer = client.post("/warnings/", {"tags": ["illness"], "next": "/judge/"})
    assert answer["Location"] == "/judge/"
    scene.bob.refresh_from_db()
    assert scene.bob.avoided_tags == ["illness"]
    assert client.post("/warnings/", {"tags": ["made up"]}).status_code == 400
    assert client.post("/warnings/", {"next": "https://else.example/"})["Location"] == "/account/"
    assert warnings_in_use() == ["illness", ODD, "violence"]


def test_people_read_warnings_in_words_and_tags_that_say_the_same_are_one_box(scene, client):
    tags = ["self_harm", "self-harm", "made_up_tag"]
    Prompt.objects.update(risk_tags=tags)
    client.force_login(scene.bob.user)
    html = client.get(f"/judge/{scene.study.slug}/").content.decode()
    html = html[html.index('id="warning"') : html.index('id="material"')]
    assert html.count(">Self-harm<") == 1
    assert ">made up tag<" in html
    assert not any(one in html for one in tags)
    form = client.get("/warnings/").content.decode()
    assert form.count(">Self-harm<") == 1
    client.post("/warnings/", {"tags": ["self-harm"]})
    scene.bob.refresh_from_db()
    assert scene.bob.avoided_tags == ["self-harm", "self_harm"]
    assert client.get("/warnings/").content.decode().count("checked") == 1
    assert client.get("/account/").content.decode().count(">Self-harm<") == 1


def test_the_consent_page_asks_and_the_account_shows_it(scene, client, make_user):
    newcomer = make_user("erin", "rater", languages=["en"])
    client.force_login(newcomer)
    given = {
        "number": 1,
        "languages": ["en"],
        "guidelines_read": "on",
        "agreed": "on",
        "avoid_every_warning": "on",
    }
    for name, place in (("languages", "#languages"), ("agreed", "#id_agreed")):
        html = client.post("/consent/", {**given, name: []}).content.decode()
        # Said at the top, where the page begins anew, with the way to it.
        assert f'href="{place}"' in html[: html.index("What this is for")]
    assert client.post("/consent/", given).status_code == 302
    newcomer.rater_profile.refresh_from_db()
    assert newcomer.rater_profile.avoided_tags == ["*"]
    html = client.get("/account/").content.decode()
    assert "You are shown nothing that carries a content warning" in html


def test_a_pair_with_a_warning_is_out_of_reach_until_it_is_asked_for(scene, client):
    Prompt.objects.update(risk_tags=["violence"])
    client.force_login(scene.bob.user)
    address = f"/judge/{scene.study.slug}/"
    html = client.get(address).content.decode()
    token = Assignment.objects.get().token
    assert html.count("inert") == 2
    assert "Violence" in html
    assert " inert" not in client.get(f"{address}?show={token}").content.decode()
    assert " inert" in client.get(f"{address}?show=another").content.decode()


def test_capital_and_small_letters_are_other_tags_on_every_database(scene):
    avoid_tags(profile=scene.bob, tags=["VIOLENCE", "Illness"])
    assert len(shown_to(scene.bob, scene)) == 6


def test_what_is_left_out_is_not_counted_as_left(scene):
    assert _target(scene, scene.bob) == 6
    avoid_tags(profile=scene.bob, tags=["violence"])
    assert _target(scene, scene.bob) == 4
    assert open_studies(rater=scene.bob)[0].progress.target == 4
    avoid_tags(profile=scene.bob, tags=["*"])
    assert _target(scene, scene.bob) == 3
    assert _target(scene, scene.carol) == 6


def _target(scene, rater) -> int:
    leased = lease_next(rater=rater, slug=scene.study.slug, now=timezone.now())
    return leased.blinded.progress.target


def test_the_ending_says_what_was_left_out(scene, client):
    avoid_tags(profile=scene.bob, tags=["violence"])
    shown_to(scene.bob, scene)
    assert ending_of(rater=scene.bob, study=scene.study).reason == Reason.LEFT_OUT
    client.force_login(scene.bob.user)
    html = client.get(f"/judge/{scene.study.slug}/").content.decode()
    assert "they were left out for you" in html
    shown_to(scene.carol, scene)
    assert ending_of(rater=scene.carol, study=scene.study).reason == Reason.DONE


def test_nobody_waits_for_what_others_hold_and_they_would_never_be_shown(scene):
    Prompt.objects.update(risk_tags=["violence"])
    avoid_tags(profile=scene.bob, tags=["violence"])
    assert lease_next(rater=scene.carol, slug=scene.study.slug, now=timezone.now())
    assert busy_until(rater=scene.bob, slug=scene.study.slug) is None
    avoid_tags(profile=scene.bob, tags=["illness"])
    assert busy_until(rater=scene.bob, slug=scene.study.slug)
