"""Studies over the API: who may do what, what comes back, and what is refused."""

import pytest
from django.utils import timezone

from judging.models import Study
from judging.services.studies import close_study, create_study
from tests.scenarios import make_completions, make_models, make_pool, protocol_for

BODY = {"slug": "mine", "name": "Mine"}


@pytest.fixture
def alice_client(alice, client_of):
    return client_of(alice)


def url(slug, what=""):
    return f"/api/v1/studies/{slug}/{what}"


def test_a_study_goes_from_draft_to_closed_over_http(db, alice_client):
    pool_version, models = make_pool(prompts=2), make_models(2)
    make_completions(pool_version, models)
    made = alice_client.post("/api/v1/studies/", BODY, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    protocol = protocol_for(pool_version, models)
    changed = alice_client.patch(url("mine"), {"protocol": protocol}, format="json")
    assert (changed.status_code, changed.json()["draft"]) == (200, protocol)
    plan = alice_client.get(url("mine", "plan/")).json()
    assert (plan["comparisons"], plan["judgments"], plan["missing_completions"]) == (2, 2, 0)
    published = alice_client.post(url("mine", "publish/"))
    assert published.status_code == 201
    assert published.json()["protocol"]["models"] == ["model-0@1", "model-1@1"]
    for action, state in (("pause", "paused"), ("resume", "open"), ("close", "closed")):
        moved = alice_client.post(url("mine", f"{action}/"))
        assert (moved.status_code, moved.json()["state"]) == (200, state)
    refused = alice_client.post(url("mine", "resume/"))
    assert (refused.status_code, refused.json()["code"]) == (409, "study_state")


def test_amending_and_adding_a_model_over_http(scene, client_of):
    client = client_of(scene.alice)
    amended = client.post(url("study", "amend/"), {"changes": {"undo_seconds": 9}}, format="json")
    assert (amended.status_code, amended.json()["number"]) == (201, 2)
    (fourth,) = make_models(1, canary="fourth")
    body = {"model": str(fourth)}
    refused = client.post(url("study", "models/"), body, format="json")
    assert (refused.status_code, refused.json()["missing"]) == (409, 4)
    make_completions(scene.pool_version, [fourth])
    assert client.post(url("study", "models/"), body, format="json").status_code == 201
    versions = client.get(url("study", "versions/")).json()["results"]
    assert [one["number"] for one in versions] == [3, 2, 1]
    assert versions[1]["protocol"]["undo_seconds"] == 9


def test_an_amendment_is_planned_before_it_is_made_and_nothing_is_stored(scene, client_of):
    client, plan = client_of(scene.alice), url("study", "plan/")
    before = client.get(plan).json()
    draft = client.get(url("study")).json()["draft"]
    changes = {"judgments_per_comparison": 7, "pay_per_hour": 36, "seconds_per_judgment": 100}
    planned = client.post(plan, {"changes": changes}, format="json")
    assert planned.status_code == 200
    assert planned.json()["judgments"] == 7 * before["comparisons"]
    assert float(planned.json()["cost"]) == planned.json()["judgments"]
    assert client.get(plan).json() == before
    assert client.get(url("study")).json()["draft"] == draft
    fixed = client.post(plan, {"changes": {"names_maker": "keep"}}, format="json")
    assert (fixed.status_code, fixed.json()["errors"][0]["code"]) == (400, "fixed")
    sealed = client.post(plan, {"changes": {"seed_commitment": "x"}}, format="json")
    assert sealed.status_code == 400


def test_a_rater_s_comparison_is_previewed_and_tells_no_model(scene, client_of):
    client = client_of(scene.alice)
    shown = client.get(url("study", "preview/"))
    told = shown.json()
    assert shown.status_code == 200
    assert told["prompt"]["messages"]
    assert {told["a"]["text"], told["b"]["text"]} != {""}
    assert [one["key"] for one in told["criteria"]] == list(scene.votes)
    assert not any(model.slug in shown.content.decode() for model in scene.models)
    other = client.get(url("study", "preview/?prompt=1")).json()
    assert other["prompt"] != told["prompt"]
    assert client.get(url("study", "preview/?prompt=-1")).status_code == 400
    assert client.get(url("study", "preview/?page=1")).status_code == 400
    assert client_of(scene.bob.user).get(url("study", "preview/")).status_code == 403


def test_a_draft_is_deleted_and_what_was_published_stays(scene, client_of):
    client = client_of(scene.alice)
    client.post("/api/v1/studies/", {"slug": "draft", "name": "A draft"}, format="json")
    assert client.delete("/api/v1/studies/draft/").status_code == 204
    assert client.get("/api/v1/studies/draft/").status_code == 404
    assert client.delete("/api/v1/studies/study/").status_code == 409
    assert client_of(scene.bob.user).delete("/api/v1/studies/study/").status_code == 403


def test_the_seed_is_told_only_after_closing(scene, client_of):
    client = client_of(scene.alice)
    assert client.get(url("study")).json()["seed"] is None
    assert scene.study.secret_seed not in client.get(url("study", "versions/")).content.decode()
    close_study(study=scene.study, now=timezone.now())
    assert client.get(url("study")).json()["seed"] == scene.study.secret_seed


def test_progress_is_counts_only(scene, bob_client, client_of):
    token = bob_client.post(scene.url).json()["token"]
    bob_client.post(f"/api/v1/assignments/{token}/judgment/", scene.body, format="json")
    bob_client.post(scene.url)
    assert client_of(scene.alice).get(url("study", "progress/")).json() == {
        "comparisons": 12,
        "forfeited": 0,
        "places": 12,
        "open_places": 10,
        "leased": 1,
        "judgments": 1,
        "beside_plan": 0,
        "skipped": 0,
        "raters": 1,
    }


def test_the_default_criteria_come_with_their_guidance_and_source(db, alice_client):
    (helpful, harmless, _) = alice_client.get("/api/v1/default-criteria/").json()
    assert "Touvron" in helpful["source"]
    assert harmless["labels"]["both_bad"] == "Both are harmful"


READS = ["", "plan/", "versions/", "progress/"]
WRITES = ["publish/", "amend/", "models/", "pause/", "resume/", "close/"]


def test_researchers_read_and_raters_see_nothing(scene, dave, client_of):
    researcher, rater = client_of(dave), client_of(scene.bob.user)
    for what in READS:
        assert researcher.get(url("study", what)).status_code == 200
        assert rater.get(url("study", what)).status_code == 403
    for what in WRITES:
        for client in (researcher, rater):
            assert client.post(url("study", what), {}, format="json").status_code == 403
    for client in (researcher, rater):
        assert client.post("/api/v1/studies/", BODY, format="json").status_code == 403
        assert client.patch(url("study"), {"name": "x"}, format="json").status_code == 403
    assert rater.get("/api/v1/studies/").status_code == 403
    assert rater.get("/api/v1/default-criteria/").status_code == 403


@pytest.mark.parametrize("what", [*READS, *WRITES])
def test_an_unknown_study_is_not_there(db, alice_client, what):
    method = alice_client.get if what in READS else alice_client.post
    body = {"changes": {}, "model": "x@1"} if what in WRITES else None
    fields = {"amend/": ["changes"], "models/": ["model"]}.get(what, [])
    response = method(url("nope", what), {name: body[name] for name in fields}, format="json")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "column"),
    [
        ({}, "slug"),
        ({**BODY, "slug": "a b"}, "slug"),
        ({**BODY, "name": 7}, "name"),
        ({**BODY, "name": "a\x07b\x00"}, "name"),
        ({**BODY, "state": "open"}, "state"),
        ({**BODY, "secret_seed": "x"}, "secret_seed"),
        ({**BODY, "protocol": []}, "protocol"),
        ({**BODY, "protocol": {"undo_seconds": "60"}}, "undo_seconds"),
        ({**BODY, "protocol": {"seed_commitment": "x"}}, "seed_commitment"),
    ],
)
def test_a_wrong_study_is_refused_with_the_field(db, alice_client, body, column):
    refused = alice_client.post("/api/v1/studies/", body, format="json")
    assert refused.status_code == 400
    assert not Study.objects.exists()
    if b"\\u0000" not in refused.content and "errors" in refused.json():
        assert column in [one["column"] for one in refused.json()["errors"]]


@pytest.mark.parametrize("value", ["true", 1, None])
def test_allow_missing_is_a_boolean(scene, client_of, value):
    body = {"changes": {"undo_seconds": 1}, "allow_missing": value}
    refused = client_of(scene.alice).post(url("study", "amend/"), body, format="json")
    assert refused.status_code == 400


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999999999999999", "page_size=-1"])
def test_odd_pages_are_no_server_errors(scene, client_of, query):
    response = client_of(scene.alice).get(f"/api/v1/studies/?{query}")
    assert response.status_code in {200, 404}


@pytest.mark.parametrize("query", ["ordering=secret_seed", "secret_seed__startswith=a", "search=x"])
def test_lists_take_no_filter_or_order_from_outside(scene, client_of, query):
    refused = client_of(scene.alice).get(f"/api/v1/studies/?{query}")
    assert refused.status_code == 400
    assert "known here: page, page_size" in refused.json()["errors"][0]["message"]


def test_a_list_of_twelve_takes_as_many_queries_as_one_of_two(
    db, alice, alice_client, django_assert_max_num_queries, django_assert_num_queries
):
    def add(count, prefix):
        for number in range(count):
            create_study(slug=f"{prefix}{number}", name="x", created_by=alice)

    add(2, "a")
    alice_client.get("/api/v1/studies/")
    with django_assert_max_num_queries(5) as two:
        alice_client.get("/api/v1/studies/")
    add(10, "b")
    with django_assert_num_queries(len(two.captured_queries)):
        assert len(alice_client.get("/api/v1/studies/").json()["results"]) == 12
