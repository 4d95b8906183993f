"""The rater's flow over HTTP: its addresses, payloads and status codes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from judging.models import Assignment, Comparison, Judgment, Vote
from judging.services.assignments import expire_leases, lease_next
from judging.services.studies import close_study, create_study, pause_study
from tests.scenarios import make_rater, published_study

ONCE = {"votes": {"quality": -3}}


@pytest.fixture
def scene(db, now):
    """Twelve prompts, two models: 12 comparisons that one rater can judge."""
    return published_study(prompts=12, models=2, now=now)


def judgment_url(token):
    return f"/api/v1/assignments/{token}/judgment/"


def skip_url(token):
    return f"/api/v1/assignments/{token}/skip/"


def following(client, scene, **body):
    return client.post(scene.url, body, format="json")


def test_next_gives_a_new_assignment_and_then_the_same_one(scene, bob_client):
    first, again = following(bob_client, scene), following(bob_client, scene)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Assignment.objects.count() == 1


def test_the_payload_has_exactly_the_promised_keys(scene, bob_client):
    body = following(bob_client, scene).json()
    assert set(body) == {"token", "expires_at", "prompt", "a", "b", "criteria", "progress"}
    assert set(body["prompt"]) == {"messages", "risk_tags"}
    assert set(body["a"]) == set(body["b"]) == {"text", "turns"}
    assert body["progress"] == {"done": 0, "target": 12}
    (criterion,) = body["criteria"]
    assert set(criterion) == {"key", "label", "question", "scale", "choices"}
    assert [one["value"] for one in criterion["choices"]] == [
        -3,
        -2,
        -1,
        0,
        1,
        2,
        3,
        "cannot_judge",
    ]
    assert body["prompt"]["messages"][0]["role"] == "user"


def test_the_sides_are_shown_as_drawn(scene, bob_client):
    body = following(bob_client, scene).json()
    assignment = Assignment.objects.select_related("comparison__first", "comparison__second").get()
    sides = [assignment.comparison.first.text, assignment.comparison.second.text]
    assert [body["a"]["text"], body["b"]["text"]] == sides[:: -1 if assignment.swapped else 1]


def test_a_judgment_is_stored_once_in_both_frames(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    made = bob_client.post(judgment_url(token), {**ONCE, "comment": "Clear."}, format="json")
    assert made.status_code == 201
    assert made.json()["votes"] == ONCE["votes"]
    vote, assignment = Vote.objects.get(), Assignment.objects.get()
    assert (vote.display_value, vote.grade) == ("-3", 3 if assignment.swapped else -3)
    assert vote.outcome == ("second" if assignment.swapped else "first")
    assert (assignment.state, Judgment.objects.get().comment) == ("judged", "Clear.")


def test_the_same_body_again_is_the_same_judgment_and_another_is_refused(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    made = bob_client.post(judgment_url(token), ONCE, format="json")
    again = bob_client.post(judgment_url(token), ONCE, format="json")
    other = bob_client.post(judgment_url(token), {"votes": {"quality": 2}}, format="json")
    assert (made.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert made.json() == again.json()
    assert other.json()["code"] == "already_judged"
    assert Judgment.objects.count() == 1


def test_put_supersedes_within_the_undo_window_and_keeps_the_first_impression(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    bob_client.post(judgment_url(token), ONCE, format="json")
    changed = bob_client.put(judgment_url(token), {"votes": {"quality": 2}}, format="json")
    again = bob_client.put(judgment_url(token), {"votes": {"quality": 2}}, format="json")
    assert (changed.status_code, again.status_code) == (200, 200)
    assert changed.json() == again.json()
    rows = Judgment.objects.order_by("revision").values_list("revision", "votes__display_value")
    assert list(rows) == [(0, "-3"), (1, "2")]
    assert [one.revision for one in Judgment.objects.countable()] == [1]


def test_put_is_refused_before_a_judgment_and_after_the_window(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    early = bob_client.put(judgment_url(token), ONCE, format="json")
    assert (early.status_code, early.json()["code"]) == (409, "not_judged")
    bob_client.post(judgment_url(token), ONCE, format="json")
    minute_ago = timezone.now() - timedelta(seconds=61)
    Judgment.objects.all()._update([(Judgment._meta.get_field("submitted_at"), None, minute_ago)])
    late = bob_client.put(judgment_url(token), {"votes": {"quality": 2}}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "undo_window_over")
    assert bob_client.put(judgment_url(token), ONCE, format="json").status_code == 200


def test_after_a_judgment_the_next_comparison_comes_until_nothing_is_left(scene, bob_client):
    seen = set()
    while (response := following(bob_client, scene)).status_code == 201:
        token = response.json()["token"]
        seen.add(Assignment.objects.get(token=token).comparison_id)
        assert bob_client.post(judgment_url(token), ONCE, format="json").status_code == 201
        assert response.json()["progress"]["done"] == len(seen) - 1
    assert response.status_code == 204
    assert response.content == b""
    assert len(seen) == 12


def test_prefetch_gives_one_ahead_which_is_next(scene, bob_client):
    shown = following(bob_client, scene).json()
    ahead = following(bob_client, scene, prefetch=True)
    again = following(bob_client, scene, prefetch=True)
    assert (ahead.status_code, again.status_code) == (201, 200)
    assert ahead.json() == again.json()
    assert ahead.json()["token"] != shown["token"]
    assert following(bob_client, scene).json()["token"] == shown["token"]
    bob_client.post(judgment_url(shown["token"]), ONCE, format="json")
    after = following(bob_client, scene)
    assert (after.status_code, after.json()["token"]) == (200, ahead.json()["token"])
    assert Assignment.objects.count() == 2


def test_prefetch_without_a_shown_one_is_the_next(scene, bob_client):
    first = following(bob_client, scene, prefetch=True)
    assert first.status_code == 201
    assert following(bob_client, scene).json()["token"] == first.json()["token"]
    assert Assignment.objects.get().prefetched is False


def test_a_prefetched_assignment_can_be_judged_before_the_shown_one(scene, bob_client):
    following(bob_client, scene)
    ahead = following(bob_client, scene, prefetch=True).json()["token"]
    assert bob_client.post(judgment_url(ahead), ONCE, format="json").status_code == 201
    assert following(bob_client, scene, prefetch=True).status_code == 201


def test_skip_frees_the_place_and_never_shows_it_to_the_same_rater_again(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    skipped = bob_client.post(skip_url(token), {"reason": "I know the author"}, format="json")
    again = bob_client.post(skip_url(token), {"reason": "I know the author"}, format="json")
    assert (skipped.status_code, again.status_code) == (200, 200)
    assert skipped.json() == {"token": token, "state": "skipped"}
    assignment = Assignment.objects.get()
    assert (assignment.state, assignment.skip_reason) == ("skipped", "I know the author")
    assert assignment.comparison.open_places == 1
    late = bob_client.post(judgment_url(token), ONCE, format="json")
    assert (late.status_code, late.json()["code"]) == (410, "skipped")
    for _ in range(11):
        other = following(bob_client, scene).json()["token"]
        bob_client.post(judgment_url(other), ONCE, format="json")
    assert following(bob_client, scene).status_code == 204


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 201}, {"reason": 1}]
)
def test_a_skip_needs_a_reason(scene, bob_client, body):
    token = following(bob_client, scene).json()["token"]
    assert bob_client.post(skip_url(token), body, format="json").status_code == 400
    assert Assignment.objects.get().state == "leased"


def test_a_judged_comparison_cannot_be_skipped(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    bob_client.post(judgment_url(token), ONCE, format="json")
    refused = bob_client.post(skip_url(token), {"reason": "oops"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_judged")


def test_late_is_accepted_until_the_place_was_given_away(client_of, db):
    scene = published_study(prompts=1, models=2)
    bob, carol = client_of(scene.bob.user), client_of(scene.carol.user)
    token = following(bob, scene).json()["token"]
    assert following(carol, scene).status_code == 204
    later = timezone.now() + timedelta(hours=2)
    assert expire_leases(now=later) == 1
    other = following(carol, scene)
    assert other.status_code == 201
    gone = bob.post(judgment_url(token), ONCE, format="json")
    assert (gone.status_code, gone.json()["code"]) == (410, "place_given_away")
    assert Assignment.objects.get(token=token).state == "expired"
    expire_leases(now=later)
    assert bob.post(judgment_url(token), ONCE, format="json").status_code == 201
    late = carol.post(judgment_url(other.json()["token"]), ONCE, format="json")
    assert late.status_code == 410
    assert bob.post(judgment_url(token), ONCE, format="json").status_code == 200


def test_a_place_whose_lease_ran_out_is_given_to_who_asks_before_any_sweep(client_of, db):
    scene = published_study(prompts=1, models=2)
    bob, carol = client_of(scene.bob.user), client_of(scene.carol.user)
    token = following(bob, scene).json()["token"]
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert following(carol, scene).status_code == 201
    assert Assignment.objects.get(token=token).state == "expired"
    assert Assignment.objects.leased().count() == 1


def test_a_returning_rater_gets_the_lapsed_one_back_with_its_token_and_sides(scene, bob_client):
    before = following(bob_client, scene).json()
    expire_leases(now=timezone.now() + timedelta(hours=2))
    after = following(bob_client, scene)
    assert after.status_code == 201
    assert {**after.json(), "expires_at": ""} == {**before, "expires_at": ""}
    assert Comparison.objects.filter(open_places=0).count() == 1


def test_the_lease_is_renewed_by_activity_but_not_at_every_look(scene, now):
    def look(minutes):
        moment = now + timedelta(minutes=minutes)
        return lease_next(rater=scene.bob, slug="study", now=moment).blinded.expires_at

    assert look(0) == look(14) == now + timedelta(minutes=30)
    assert look(16) == now + timedelta(minutes=46)


def test_somebody_elses_token_is_unknown(scene, bob_client, carol_client):
    token = following(bob_client, scene).json()["token"]
    for wrong in (token, "x" * 32):
        assert carol_client.post(judgment_url(wrong), ONCE, format="json").status_code == 404
        assert carol_client.put(judgment_url(wrong), ONCE, format="json").status_code == 404
        assert carol_client.post(skip_url(wrong), {"reason": "x"}, format="json").status_code == 404
    assert Assignment.objects.get().state == "leased"


@pytest.mark.parametrize(
    ("body", "column"),
    [
        ({}, "votes.quality"),
        ([], None),
        ("text", None),
        ({"votes": {}}, "votes.quality"),
        ({"votes": []}, "votes"),
        ({"votes": {"quality": "1"}}, "votes.quality"),
        ({"votes": {"quality": True}}, "votes.quality"),
        ({"votes": {"quality": 1.0}}, "votes.quality"),
        ({"votes": {"quality": 4}}, "votes.quality"),
        ({"votes": {"quality": None}}, "votes.quality"),
        ({"votes": {"quality": "a"}}, "votes.quality"),
        ({"votes": {"quality": {"a": 1}}}, "votes.quality"),
        ({"votes": {"quality": 1, "other": 1}}, "votes.other"),
        ({"votes": {"quality": 1}, "rater": 7}, "rater"),
        ({"votes": {"quality": 1}, "comment": 7}, "comment"),
        ({"votes": {"quality": 1}, "comment": "x" * 4001}, "comment"),
        ({"votes": {"quality": 1}, "comment": "\u0007"}, "comment"),
    ],
)
def test_a_wrong_body_is_refused_with_the_field(scene, bob_client, body, column):
    token = following(bob_client, scene).json()["token"]
    refused = bob_client.post(judgment_url(token), body, format="json")
    assert refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["errors"][0].get("column") == column
    assert Assignment.objects.get().state == "leased"


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b'{"votes": {"quality": NaN}}', "application/json", 400),
        (b'{"votes": {"quality": 1, "quality": 2}}', "application/json", 400),
        (b'{"votes": {"quality": 1}, "comment": "\\ud800"}', "application/json", 400),
        (b'{"votes": {"quality": 1}, "comment": "\\u0000"}', "application/json", 400),
        (b'{"votes": {"quality": 1' + b"0" * 5000 + b"}}", "application/json", 400),
        (b"\x1f\x8b\x08", "application/json", 400),
        (b"votes=1", "application/x-www-form-urlencoded", 415),
        (b"<votes/>", "application/xml", 415),
    ],
)
def test_a_body_that_is_no_clean_json_is_refused(scene, bob_client, raw, kind, status):
    token = following(bob_client, scene).json()["token"]
    refused = bob_client.generic("POST", judgment_url(token), raw, content_type=kind)
    assert refused.status_code == status
    assert Judgment.objects.count() == 0


@pytest.mark.parametrize("body", [{"prefetch": "yes"}, {"prefetch": 1}, {"language": "de"}, [1]])
def test_next_refuses_what_it_does_not_know(scene, bob_client, body):
    assert bob_client.post(scene.url, body, format="json").status_code == 400
    assert Assignment.objects.count() == 0


def test_next_needs_no_body(scene, bob_client):
    assert bob_client.post(scene.url).status_code == 201


def test_only_raters_judge(scene, client_of, client, dave):
    for user in (scene.alice, dave):
        assert client_of(user).post(scene.url).status_code == 403
        assert client_of(user).get("/api/v1/studies/open/").status_code == 403
    assert client.post(scene.url).status_code == 401


def test_an_unknown_or_unpublished_study_is_not_there(scene, bob_client):
    create_study(slug="draft", name="A draft", created_by=None)
    assert bob_client.post("/api/v1/studies/draft/assignments/").status_code == 404
    assert bob_client.post("/api/v1/studies/nope/assignments/").status_code == 404


def test_a_paused_study_issues_nothing_but_takes_what_is_open(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    pause_study(study=scene.study, now=timezone.now())
    refused = following(bob_client, scene)
    assert (refused.status_code, refused.json()["code"]) == (409, "study_paused")
    assert bob_client.post(judgment_url(token), ONCE, format="json").status_code == 201


def test_a_closed_study_takes_nothing_more(scene, bob_client):
    judged = following(bob_client, scene).json()["token"]
    bob_client.post(judgment_url(judged), ONCE, format="json")
    token = following(bob_client, scene).json()["token"]
    close_study(study=scene.study, now=timezone.now())
    assert following(bob_client, scene).json()["code"] == "study_closed"
    gone = bob_client.post(judgment_url(token), ONCE, format="json")
    assert (gone.status_code, gone.json()["code"]) == (410, "study_closed")
    assert bob_client.post(judgment_url(judged), ONCE, format="json").status_code == 200
    changed = bob_client.put(judgment_url(judged), {"votes": {"quality": 0}}, format="json")
    assert (changed.status_code, changed.json()["code"]) == (409, "study_closed")
    assert not Assignment.objects.leased().exists()


def test_only_the_declared_languages_are_shown(scene, client_of):
    scene.comparisons.filter(pk__in=scene.comparisons.values("pk")[:3]).update(language="pt")
    scene.comparisons.filter(pk__in=scene.comparisons.values("pk")[3:5]).update(language="")
    brazilian = make_rater("paula", languages=["pt-br"])
    client, seen = client_of(brazilian.user), []
    while (response := following(client, scene)).status_code == 201:
        token = response.json()["token"]
        seen.append(Assignment.objects.get(token=token).comparison.language)
        client.post(judgment_url(token), ONCE, format="json")
    assert sorted(seen) == ["", "", "pt", "pt", "pt"]


def test_what_was_given_back_in_a_language_no_longer_read_does_not_come_again(scene, bob_client):
    before = following(bob_client, scene).json()["token"]
    bob_client.post("/api/v1/assignments/stop/")
    bob_client.patch("/api/v1/me/", {"languages": ["de"]}, format="json")
    assert following(bob_client, scene).status_code == 204
    bob_client.patch("/api/v1/me/", {"languages": ["de", "en"]}, format="json")
    assert following(bob_client, scene).json()["token"] == before


def test_a_cap_ends_the_work_of_one_rater(db, client_of):
    scene = published_study(judgments_per_rater=2)
    client = client_of(scene.bob.user)
    for _ in range(2):
        assignment = following(client, scene).json()
        assert assignment["progress"]["target"] == 2
        assert following(client, scene, prefetch=True).status_code in {201, 204}
        client.post(judgment_url(assignment["token"]), ONCE, format="json")
    assert following(client, scene).status_code == 204
    assert Assignment.objects.count() == 2


def test_open_studies_tell_what_is_asked_and_nothing_of_models(scene, bob_client):
    token = following(bob_client, scene).json()["token"]
    bob_client.post(judgment_url(token), ONCE, format="json")
    (one,) = bob_client.get("/api/v1/studies/open/").json()
    assert set(one) == {"slug", "name", "guidelines", "criteria", "progress"}
    assert one["progress"] == {"done": 1, "target": 12}
    assert (
        "source" not in one["criteria"][0]
    )  # that of the usual scale is a paper named after a model
    pause_study(study=scene.study, now=timezone.now())
    assert bob_client.get("/api/v1/studies/open/").json() == []
