"""A study's page for managers: progress, versions, pause, close, amend."""

from hashlib import sha256

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from judging.models import Assignment, Study
from judging.protocol import protocol_changes
from judging.services.assignments import find_assignment, lease_next, skip_assignment
from judging.services.judgments import record_judgment
from judging.services.studies import (
    amend_study,
    close_study,
    create_study,
    prepare_amendment,
)
from judging.views.studies import _beside_plan
from tests.scenarios import make_completions, make_models, make_rater

URL = "/studies/study/"


@pytest.fixture
def page(client, scene):
    client.force_login(scene.alice)
    return client


def text(answer) -> str:
    return answer.content.decode()


def judge(scene, rater, now):
    token = lease_next(rater=rater, slug="study", now=now).blinded.token
    held = find_assignment(rater=rater, token=token)
    record_judgment(assignment=held, body=scene.body, now=now)


def skip(scene, rater, reason, now):
    token = lease_next(rater=rater, slug="study", now=now).blinded.token
    skip_assignment(assignment=find_assignment(rater=rater, token=token), reason=reason, now=now)


def test_tells_how_far_the_study_is_and_by_whom(page, scene, now):
    judge(scene, scene.bob, now)
    judge(scene, scene.carol, now)
    skip(scene, scene.carol, "unclear", now)
    lease_next(rater=scene.bob, slug="study", now=now)
    answer = page.get(URL)
    progress, context = answer.context["progress"], answer.context
    assert (progress.judgments, progress.places, progress.open_places, progress.leased) == (
        2,
        12,
        9,
        1,
    )
    assert context["skips"] == [("The prompt is unclear", 1)]
    work = {one.pseudonym: (one.judgments, one.skipped) for one in context["activity"].raters}
    assert work == {scene.bob.pseudonym: (1, 0), scene.carol.pseudonym: (1, 1)}
    assert scene.bob.pseudonym in text(answer)
    assert scene.version.digest in text(answer)
    assert "/studies/study/board/" in text(answer)


def test_tells_the_protocol_in_force_and_the_seed_only_once_the_study_is_closed(page, scene, now):
    seed, promised = scene.study.secret_seed, scene.version.protocol["seed_commitment"]
    html = text(page.get(URL))
    assert promised in html
    assert "nobody by rule" in html
    assert "<dt>Beside the plan</dt><dd>nothing</dd>" in html
    assert "&quot;judgments_per_comparison&quot;: 1" in html
    assert seed not in html
    assert ">See the board</a>" not in html
    close_study(study=scene.study, now=now)
    told = text(page.get(URL))
    assert f'id="seed">{seed}<' in told
    assert ">See the board</a>" in told
    assert sha256(seed.encode()).hexdigest() == promised


@pytest.mark.parametrize(
    ("repeats", "gold", "extra", "said"),
    [
        (0.0, 0.0, 0, ""),
        (0.05, 0.0, 0, "repeats (5 % of what a rater is issued)"),
        (0.025, 0.0, 1, "repeats (2.5 % of what a rater is issued) and 1 more judgment where"),
        (
            0.0,
            0.1,
            2,
            "comparisons whose answer is known (10 % of what a rater is issued) and 2 more",
        ),
    ],
)
def test_what_is_asked_beside_the_plan_is_told_in_words(repeats, gold, extra, said):
    checks = {"repeats": repeats, "gold": gold, "extra_judgments": extra}
    told = _beside_plan(checks)
    assert told.startswith(said)
    assert bool(told) == bool(said)


def test_htmx_gets_the_progress_alone(page):
    html = text(page.get(URL, headers={"HX-Request": "true"}))
    assert "<html" not in html
    assert "Still to judge" in html


def test_a_draft_goes_on_with_its_set_up(page, scene):
    create_study(slug="draft", name="A draft", created_by=scene.alice)
    assert page.get("/studies/draft/")["Location"] == "/studies/draft/set-up/about/"


def test_a_draft_takes_another_name_and_address(page, scene):
    create_study(slug="gpt-4-against-llama", name="GPT-4 against LLaMA", created_by=scene.alice)
    about = "/studies/gpt-4-against-llama/set-up/about/"
    assert 'value="gpt-4-against-llama"' in text(page.get(about))
    # While somebody writes, the page they write on stays where it is.
    written = page.post(about, {"name": "Which is better?"}, headers={"HX-Request": "true"})
    assert written.status_code == 200
    assert Study.objects.filter(slug="gpt-4-against-llama", name="Which is better?").exists()
    for slug, said in (("study", "Another study has this address"), ("new", "cannot be called")):
        refused = page.post(about, {"name": "Which is better?", "slug": slug})
        assert refused.status_code == 400
        assert said in text(refused)
        assert about in text(refused)
    moved = page.post(about, {"name": "Which is better?", "slug": ""})
    assert moved["Location"] == "/studies/which-is-better/set-up/material/"


def test_a_draft_that_nobody_wants_is_deleted_by_name(page, scene):
    create_study(slug="draft", name="A draft", created_by=scene.alice)
    assert "/studies/new/" in text(page.get("/"))
    assert page.post("/studies/draft/discard/", {"name": "x"}).status_code == 400
    gone = page.post("/studies/draft/discard/", {"name": "A draft"}, follow=True)
    assert "“A draft” is deleted." in text(gone)
    assert not Study.objects.filter(slug="draft").exists()


@pytest.mark.parametrize("path", ["pause/", "resume/", "close/", "discard/", "add-model/"])
@pytest.mark.parametrize("who", ["bob", "dave"])
def test_only_admins_manage_studies(client, scene, make_user, path, who):
    user = scene.bob.user if who == "bob" else make_user("dave", "researcher")
    client.force_login(user)
    assert client.post(URL + path).status_code == 403
    scene.study.refresh_from_db()
    assert scene.study.state == "open"


def test_pausing_and_resuming_are_undone_by_each_other(page, scene):
    assert page.get(URL + "pause/").status_code == 405
    for path, state in (("pause", "paused"), ("pause", "paused"), ("resume", "open")):
        answer = page.post(f"{URL}{path}/", follow=True)
        assert answer.status_code == 200
        scene.study.refresh_from_db()
        assert scene.study.state == state
    moves = scene.study.transitions.order_by("pk").values_list("state", "by__username")
    assert list(moves) == [("paused", "alice"), ("open", "alice")]


def test_closing_needs_the_name(page, scene, now):
    lease_next(rater=scene.bob, slug="study", now=now)
    assert "1 comparison that a rater has open" in text(page.get(URL + "close/"))
    wrong = page.post(URL + "close/", {"name": "a study"})
    assert wrong.status_code == 400
    assert "not its name" in text(wrong)
    scene.study.refresh_from_db()
    assert scene.study.state == "open"
    assert page.post(URL + "close/", {"name": "A study"}).status_code == 302
    scene.study.refresh_from_db()
    assert scene.study.state == "closed"
    assert Assignment.objects.get().state == "returned"
    html = text(page.get(URL))
    assert "Close…" not in html
    assert "Amend" not in html


def test_an_amendment_is_prepared_shown_and_published(page, scene):
    body = {"design__kind": "all_pairs", "judgments_per_comparison": "2"}
    assert page.post(URL + "set-up/design/", body).status_code == 302
    assert scene.study.versions.count() == 1
    assert "1 change is prepared" in text(page.get(URL))
    review = page.get(URL + "set-up/review/")
    assert "<del>1</del>" in text(review)
    assert "<ins>2</ins>" in text(review)
    page.post(URL + "publish/", {"digest": review.context["digest"]})
    assert scene.study.versions.get(number=2).digest == review.context["digest"]
    shown = page.get(URL)
    assert "prepared" not in shown.context or shown.context["prepared"] == 0
    assert "Judgments for each comparison" in text(shown)


def test_publishing_twice_gives_one_version(page, scene):
    page.post(
        URL + "set-up/design/", {"design__kind": "all_pairs", "judgments_per_comparison": "2"}
    )
    digest = page.get(URL + "set-up/review/").context["digest"]
    assert page.post(URL + "publish/", {"digest": digest}).status_code == 302
    assert page.post(URL + "publish/", {"digest": digest}).status_code == 409
    assert scene.study.versions.count() == 2


def test_nothing_prepared_is_said_so(page):
    assert "Nothing differs from the version in force" in text(page.get(URL + "set-up/review/"))


def test_what_is_fixed_stays_whatever_is_sent(page, scene):
    html = text(page.get(URL + "set-up/rules/"))
    assert "Fixed since the study was published" in html
    body = {
        "undo_seconds": "5", "lease_minutes": "30", "equivalence_margin": "0.05",
        "seconds_per_judgment": "90", "pay_per_hour": "0", "answers__empty": "show",
        "names_maker": "keep", "method__level": "0.95", "method__elo_k": "4",
    }  # fmt: skip
    assert page.post(URL + "set-up/rules/", body).status_code == 302
    scene.study.refresh_from_db()
    assert scene.study.draft["undo_seconds"] == 5
    context = page.get(URL + "set-up/review/").context
    assert [change.path for _, change in context["changes"]] == ["undo_seconds"]


def test_the_name_of_a_published_study_stays(page):
    assert page.get(URL + "set-up/about/").status_code == 404


def test_prepared_changes_are_discarded_by_name(page, scene):
    page.post(
        URL + "set-up/design/", {"design__kind": "all_pairs", "judgments_per_comparison": "2"}
    )
    assert page.post(URL + "discard/", {"name": "x"}).status_code == 400
    assert "1 change is prepared" in text(page.get(URL))
    page.post(URL + "discard/", {"name": "A study"})
    assert page.get(URL).context["prepared"] == 0


def test_a_model_is_added_by_way_of_the_review(page, scene):
    new = make_models(1, canary="late")
    assert page.post(URL + "add-model/", {"model": "late-0@1"})["Location"].endswith("review/")
    assert page.post(URL + "add-model/", {"model": "late-0@1"}).status_code == 302
    review = page.get(URL + "set-up/review/")
    assert [change.after for _, change in review.context["changes"]] == ["late-0@1"]
    assert "4 answers are missing" in text(review)
    make_completions(scene.pool_version, new)
    page.post(URL + "publish/", {"digest": review.context["digest"]})
    assert scene.study.comparisons.count() == 24
    assert page.post(URL + "add-model/", {"model": "nobody@1"}).status_code == 400


def test_a_model_of_chosen_pairs_goes_on_to_its_pairs(page, scene, now):
    names = [str(one) for one in scene.models]
    design = {"kind": "chosen", "pairs": [names[:2]], "baseline": "", "prompts_per_pair": None}
    amend_study(study=scene.study, changes={"design": design}, now=now)
    make_models(1, canary="late")
    assert page.post(URL + "add-model/", {"model": "late-0@1"})["Location"].endswith("design/")


def test_a_closed_study_prepares_nothing(page, scene, now):
    close_study(study=scene.study, now=now)
    make_models(1, canary="late")
    assert page.post(URL + "add-model/", {"model": "late-0@1"}).status_code == 409


def test_every_change_between_versions_is_told_by_name(scene, now):
    criteria = [
        {"key": "other", "label": "Other", "question": "Which?"},
        {"key": "quality", "label": "Quality", "question": "Which is best?"},
    ]
    changes = {
        "criteria": criteria,
        "models": ["model-0@1", "model-2@1"],
        "weights": {"other": 1, "quality": 1},
    }
    after = amend_study(study=scene.study, changes=changes, now=now).protocol
    told = {
        one.path: (one.before, one.after) for one in protocol_changes(scene.version.protocol, after)
    }
    assert told["models.model-1@1"] == ("model-1@1", None)
    assert told["criteria.quality.question"] == ("Which is better?", "Which is best?")
    assert told["criteria.quality.position"] == (1, 2)
    assert told["criteria.other.label"] == (None, "Other")
    assert "criteria.quality.label" not in told
    assert protocol_changes(after, after) == []


def test_fifty_raters_and_versions_take_no_more_queries_than_two(page, scene, now):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert page.get(URL).status_code == 200
        return len(found)

    judge(scene, scene.bob, now)
    judge(scene, scene.carol, now)
    few = queries()
    amend_study(study=scene.study, changes={"judgments_per_comparison": 50}, now=now)
    for number in range(50):
        judge(scene, make_rater(f"rater-{number}"), now)
    assert queries() == few
    assert Study.objects.get().versions.count() == 2


@pytest.mark.parametrize(
    ("days", "said"),
    [(0.4, "within a day"), (1.2, "about a day"), (1.6, "about 2 days"), (30, "about 30 days")],
)
def test_the_end_is_told_in_whole_days(days, said):
    shown = render_to_string("studies/_progress.html", {"days_left": days, "may_manage": True})
    assert said in shown


def test_each_version_says_how_many_judgments_were_made_under_it(page, scene, now):
    judge(scene, scene.bob, now)
    amend_study(study=scene.study, changes={"guidelines": "Read twice."}, now=now)
    judge(scene, scene.bob, now)
    judge(scene, scene.carol, now)
    answer = page.get(URL)
    assert [one["version"].judged for one in answer.context["versions"]] == [2, 1]
    assert "2 judgments were made under it." in text(answer)
    assert "1 judgment was made under it." in text(answer)


def test_a_study_that_is_paused_promises_no_end(page, scene):
    judge(scene, scene.bob, timezone.now())
    assert "done within" in text(page.get(URL)) or "done in about" in text(page.get(URL))
    said = text(page.post(URL + "pause/", follow=True))
    assert "at most two pairs each" in said
    assert "done within" not in said
    assert "done in about" not in said


def test_the_review_tells_of_checks_guesses_and_whom_boards_leave_out(page, scene):
    prepare_amendment(
        study=scene.study,
        changes={
            "checks": {"gold": 0.2, "repeats": 0.1, "extra_judgments": 2},
            "guessing": {"answers": 3, "decoys": ["Decoy"]},
            "holds": {"checks": ["gold"], "level": 0.01},
        },
    )
    said = " ".join(text(page.get(URL + "set-up/review/")).split())
    assert "a share of 0.2 with a known answer and of 0.1 repeats" in said
    assert "2 more judgments" in said
    assert "3 answers, after a session" in said
    assert "<dt>Whom boards leave out</dt><dd>gold</dd>" in said
