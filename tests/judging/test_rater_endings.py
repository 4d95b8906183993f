"""A rater's work ends kindly: by stopping, and with the reason when nothing is left."""

import pytest
from django.utils import timezone

from accounts.services.consent import PARTS, current_consent, publish_consent
from accounts.services.holds import hold_rater
from judging.models import Assignment
from judging.services.assignments import lease_next
from judging.services.endings import Reason, ending_of, stop_judging
from judging.services.studies import close_study, pause_study, resume_study
from tests.scenarios import make_rater, published_study


def lease(scene, rater, **options):
    return lease_next(rater=rater, slug=scene.study.slug, now=timezone.now(), **options)


def reason(scene, rater) -> Reason:
    assert lease(scene, rater) is None
    return ending_of(rater=rater, study=scene.study).reason


def judge_all(client, scene) -> None:
    while (answer := client.post(scene.url)).status_code != 204:
        url = f"/api/v1/assignments/{answer.json()['token']}/judgment/"
        client.post(url, scene.body, format="json")


def test_stopping_gives_back_what_is_shown_and_what_was_fetched_ahead(scene):
    shown = lease(scene, scene.bob).blinded
    lease(scene, scene.bob, prefetch=True)
    lease(scene, scene.carol)
    assert stop_judging(rater=scene.bob, now=timezone.now()) == 2
    assert stop_judging(rater=scene.bob, now=timezone.now()) == 0
    assert Assignment.objects.leased().get().rater == scene.carol
    again = lease(scene, scene.bob).blinded
    assert (again.token, again.a) == (shown.token, shown.a)


def test_stop_is_a_button_on_every_page_of_a_rater(scene, client):
    client.force_login(scene.bob.user)
    pages = ("/judge/", f"/judge/{scene.study.slug}/", "/account/", "/consent/", "/stop/")
    for address in pages:
        assert 'action="/stop/"' in client.get(address).content.decode(), address
    assert client.post("/stop/", follow=True).status_code == 200
    assert not Assignment.objects.leased().exists()


def test_only_a_press_of_the_button_stops(scene, client):
    client.force_login(scene.bob.user)
    client.get(f"/judge/{scene.study.slug}/")
    client.get("/stop/")
    assert Assignment.objects.leased().count() == 1


def test_all_is_judged(db, client_of):
    scene = published_study(models=2, slug="two")
    judge_all(client_of(scene.bob.user), scene)
    assert reason(scene, scene.bob) == Reason.DONE


def test_what_is_left_is_for_others_who_have_not_seen_the_answers(scene, bob_client):
    judge_all(bob_client, scene)
    assert reason(scene, scene.bob) == Reason.SEEN
    # One pair a prompt: any other would show an answer again.
    assert ending_of(rater=scene.bob, study=scene.study).judged == 4


def test_others_have_the_last_ones(db, client_of):
    scene = published_study(prompts=1, models=2)
    lease(scene, scene.carol)
    assert reason(scene, scene.bob) == Reason.WITH_OTHERS


def test_a_share_is_done(db, client_of):
    scene = published_study(judgments_per_rater=2)
    judge_all(client_of(scene.bob.user), scene)
    assert reason(scene, scene.bob) == Reason.CAPPED


def test_nothing_is_in_the_raters_languages(scene):
    assert reason(scene, make_rater("frida", languages=["fr"])) == Reason.OTHER_LANGUAGES


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("pause", "This study is paused"),
        ("close", "This study has ended"),
        ("hold", "Your work is on hold"),
    ],
)
def test_each_end_has_a_page_of_its_own(scene, client, end, words):
    client.force_login(scene.bob.user)
    if end == "pause":
        pause_study(study=scene.study, now=timezone.now())
    elif end == "close":
        close_study(study=scene.study, now=timezone.now())
    else:
        scene.bob.held = True
        scene.bob.save()
    answer = client.get(f"/judge/{scene.study.slug}/")
    assert answer.status_code == 200
    assert words in answer.content.decode()


@pytest.mark.parametrize("end", ["pause", "close"])
def test_nobody_is_asked_to_agree_anew_where_there_is_nothing_to_judge(scene, client, end, now):
    client.force_login(scene.bob.user)
    texts = {part: getattr(current_consent(), part) + " New." for part in PARTS}
    publish_consent(created_by=scene.alice, texts=texts, now=now)
    address = f"/judge/{scene.study.slug}/"
    assert client.get(address).status_code == 302
    if end == "pause":
        pause_study(study=scene.study, now=timezone.now())
    else:
        close_study(study=scene.study, now=now)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(("end", "asked"), [("pause", False), ("hold", False), ("close", True)])
def test_who_wrote_what_is_asked_at_an_end_for_good_alone(client, client_of, db, now, end, asked):
    scene = published_study(guessing={"answers": 1, "decoys": ["Decoy"]})
    api = client_of(scene.bob.user)
    token = api.post(scene.url).json()["token"]
    api.post(f"/api/v1/assignments/{token}/judgment/", scene.body, format="json")
    if end == "pause":
        pause_study(study=scene.study, now=timezone.now())
    elif end == "close":
        close_study(study=scene.study, now=now)
    else:
        hold_rater(rater=scene.bob, by=scene.alice, reason="x", now=now)
    client.force_login(scene.bob.user)
    html = client.get(f"/judge/{scene.study.slug}/").content.decode()
    assert ("One last question" in html) is asked


def test_the_list_says_what_is_paused_and_that_one_is_on_hold(scene, client, now):
    client.force_login(scene.bob.user)
    pause_study(study=scene.study, now=timezone.now())
    assert scene.study.name not in client.get("/judge/").content.decode()
    resume_study(study=scene.study, now=timezone.now())
    lease(scene, scene.bob)
    pause_study(study=scene.study, now=timezone.now())
    assert "Paused" in client.get("/judge/").content.decode()
    hold_rater(rater=scene.bob, by=scene.alice, reason="x", now=now)
    assert "on hold" in client.get("/judge/").content.decode()
