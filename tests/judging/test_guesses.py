"""Raters are asked who wrote what: after a session, once, with decoys, and told nothing."""

import pytest
from django.utils import timezone

from judging.models import BlindingGuess
from judging.services.assignments import find_assignment, lease_next
from judging.services.endings import stop_judging
from judging.services.judgments import record_judgment
from judging.services.studies import create_study
from tests.scenarios import published_study

GUESSING = {"answers": 3, "decoys": ["Decoy One", "Decoy Two"]}
API = "/api/v1/studies/study/guesses/"
PAGE = "/judge/study/guesses/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def asked_study():
    return published_study(models=2, prompts=6, guessing=GUESSING)


def judge(scene, rater, times=4) -> None:
    for _ in range(times):
        now = timezone.now()
        token = lease_next(rater=rater, slug="study", now=now).blinded.token
        held = find_assignment(rater=rater, token=token)
        record_judgment(assignment=held, body=scene.body, now=now)


def say(asked, name="") -> dict:
    return {
        "guesses": [
            {"token": one["token"], "side": one["side"], "name": name} for one in asked["answers"]
        ]
    }


def test_it_is_asked_after_the_session_and_never_within_it(asked_study, client_of, client):
    bob = asked_study.bob
    api = client_of(bob.user)
    client.force_login(bob.user)
    assert api.get(API).json()["answers"] == []
    judge(asked_study, bob)
    lease_next(rater=bob, slug="study", now=timezone.now())
    assert api.get(API).json() == {"busy": True, "answers": [], "names": []}
    assert api.post(API, {"guesses": []}, format="json").json()["code"] == "nothing_asked"
    assert "never within it" in client.get(PAGE).content.decode()
    assert PAGE not in client.get("/stop/").content.decode()
    stop_judging(rater=bob, now=timezone.now())
    assert PAGE in client.get("/stop/").content.decode()
    assert len(api.get(API).json()["answers"]) == 3


def test_the_names_are_the_models_and_the_decoys_and_asking_again_gives_the_same(
    asked_study, client_of
):
    judge(asked_study, asked_study.bob)
    judge(asked_study, asked_study.carol, times=2)
    api = client_of(asked_study.bob.user)
    asked = api.get(API).json()
    names = {one.name for one in asked_study.models} | set(GUESSING["decoys"])
    assert set(asked["names"]) == names
    assert api.get(API).json() == asked
    assert len(client_of(asked_study.carol.user).get(API).json()["answers"]) == 2


def test_what_is_said_is_kept_once_with_the_side_in_the_canonical_frame(asked_study, client_of):
    judge(asked_study, asked_study.bob)
    api = client_of(asked_study.bob.user)
    asked = api.get(API).json()
    body = say(asked)
    body["guesses"][0]["name"] = asked_study.models[1].name
    body["guesses"][1]["name"] = "Decoy Two"
    answer = api.post(API, body, format="json")
    assert (answer.status_code, answer.json()) == (201, {"guesses": 3})
    for said in asked["answers"]:
        kept = BlindingGuess.objects.get(assignment__token=said["token"])
        comparison = kept.assignment.comparison
        about = comparison.first if kept.about_first else comparison.second
        assert about.text == said["text"]
    kept = [BlindingGuess.objects.get(assignment__token=one["token"]) for one in body["guesses"]]
    assert [(one.language_model, one.decoy) for one in kept] == [
        (asked_study.models[1], ""),
        (None, "Decoy Two"),
        (None, ""),
    ]
    assert api.post(API, body, format="json").status_code == 409
    assert api.get(API).json()["answers"] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body["guesses"].pop(),
        lambda body: body["guesses"].append(body["guesses"][0]),
        lambda body: body["guesses"][0].update(name="Somebody else"),
        lambda body: body["guesses"][0].update(side="c"),
        lambda body: body["guesses"][0].update(token="another"),
        lambda body: body.update(rater="carol"),
    ],
)
def test_anything_else_than_what_was_asked_is_refused(asked_study, client_of, spoil):
    judge(asked_study, asked_study.bob)
    api = client_of(asked_study.bob.user)
    body = say(api.get(API).json())
    spoil(body)
    assert api.post(API, body, format="json").status_code == 400
    assert not BlindingGuess.objects.exists()


def test_the_page_works_without_scripts_and_tells_nothing(asked_study, client):
    judge(asked_study, asked_study.bob)
    client.force_login(asked_study.bob.user)
    page = client.get(PAGE)
    fields = [one.field.html_name for one in page.context["form"].answers()]
    assert len(fields) == 3
    refused = client.post(PAGE, {fields[0]: "unknown"})
    assert refused.status_code == 400
    html = refused.content.decode()
    assert html.count("Choose a name, or that you do not know.") == 2
    assert f'<a href="#id_{fields[1]}">' in html
    assert not BlindingGuess.objects.exists()
    done = client.post(PAGE, {fields[0]: "unknown", fields[1]: "0", fields[2]: "3"}, follow=True)
    assert BlindingGuess.objects.count() == 3
    assert PAGE not in done.content.decode()
    assert "answered already" in client.get(PAGE).content.decode()


def test_a_study_that_does_not_ask_asks_nothing(scene, client_of, client):
    judge(scene, scene.bob, times=2)
    assert client_of(scene.bob.user).get("/api/v1/studies/study/guesses/").json()["names"] == []
    client.force_login(scene.bob.user)
    assert "/guesses/" not in client.get("/stop/").content.decode()


def test_a_draft_is_nothing_that_raters_know_of(scene, client_of, client):
    create_study(slug="secret", name="A secret name", created_by=scene.alice)
    client.force_login(scene.bob.user)
    for answer in (
        client.get("/judge/secret/guesses/"),
        client_of(scene.bob.user).get("/api/v1/studies/secret/guesses/"),
    ):
        assert answer.status_code == 404
        assert "A secret name" not in answer.content.decode()


def test_asking_takes_a_decoy(client_of):
    with pytest.raises(Exception, match="errors") as refused:
        published_study(guessing={"answers": 2})
    assert [one.column for one in refused.value.errors] == ["guessing.decoys"]
