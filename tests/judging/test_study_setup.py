"""The steps of a study: each keeps what it is given, says at the field what is wrong, and counts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict
from judging.forms import ChecksForm, DesignForm, MaterialForm, RulesForm
from judging.forms.studies import path_of
from judging.models import Assignment, Judgment, Study
from judging.protocol import parse_protocol
from judging.protocol.types import HoldRule
from judging.services.studies import (
    close_study,
    create_study,
    frozen_protocol,
    publish_version,
    update_draft,
)
from models_registry.models import Completion, GenerationRun, LanguageModel
from prompts.models import PromptPoolVersion
from tests.scenarios import make_completions, make_models, make_pool, protocol_for

STEPS = ("about", "material", "design", "criteria", "rules", "checks", "review")


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def material(db):
    """A pool of four prompts, and three models that answered all of them."""
    pool_version, models = make_pool(), make_models(3)
    make_completions(pool_version, models)
    return pool_version, models


@pytest.fixture
def study(material, alice):
    protocol = protocol_for(*material)
    return create_study(slug="study", name="A study", created_by=alice, protocol=protocol)


def at(step: str) -> str:
    return f"/studies/study/set-up/{step}/"


def sent(page, step: str) -> dict:
    """What a browser would send of a step as it is shown."""
    form = page.get(at(step)).context["form"]
    if step == "criteria":
        return form.as_data()
    return {one.html_name: one.value() for one in form if one.value() is not None}


def text(answer) -> str:
    return answer.content.decode()


def test_a_study_begins_with_a_name_and_gets_its_address_from_it(page):
    answer = page.post("/studies/new/", {"name": "Which is kinder?", "description": "Try"})
    assert answer["Location"] == "/studies/which-is-kinder/set-up/material/"
    study = Study.objects.get()
    assert (study.name, study.state, study.created_by.username) == (
        "Which is kinder?",
        "draft",
        "alice",
    )


def test_the_only_pool_is_chosen_already_and_of_several_none(page, material):
    page.post("/studies/new/", {"name": "One"})
    assert Study.objects.get(slug="one").draft == {"pool": {"slug": "pool", "version": 1}}
    make_pool(slug="another")
    page.post("/studies/new/", {"name": "Two"})
    assert Study.objects.get(slug="two").draft == {}


def test_a_study_made_of_a_run_begins_with_its_prompts_and_models(page, material, alice):
    models = list(LanguageModel.objects.order_by("name")[:2])
    run = GenerationRun.objects.create(
        pool_version=PromptPoolVersion.objects.get(), created_by=alice
    )
    run.language_models.set(models)
    page.post(f"/studies/new/?run={run.pk}", {"name": "Of a run"})
    draft = Study.objects.get(slug="of-a-run").draft
    assert draft["pool"] == {"slug": "pool", "version": 1}
    assert draft["models"] == [str(one) for one in models]
    for unknown in ("0", "x", "9" * 30, "²"):
        page.post(
            f"/studies/new/?run={unknown}",
            {"name": f"Of {unknown}", "slug": f"of-{len(unknown)}-{ord(unknown[0])}"},
        )
        assert "models" not in Study.objects.latest("pk").draft


@pytest.mark.parametrize(
    ("name", "slug", "said"),
    [
        ("Another", "study", "has this address"),
        ("new", "", "cannot be called"),
        ("猫と犬", "", "Latin"),
        ("", "", "required"),
    ],
)
def test_an_address_that_cannot_be_is_said_at_its_field(page, study, name, slug, said):
    answer = page.post("/studies/new/", {"name": name, "slug": slug})
    assert answer.status_code == 400
    assert said in text(answer)
    assert Study.objects.count() == 1


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_a_page_with_the_numbers(page, study, step):
    html = text(page.get(at(step)))
    assert "What it will take" in html
    assert "Judgments</dt><dd><strong>12</strong>" in html


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_an_empty_draft_says_what_is_still_missing(page, alice, step):
    create_study(slug="study", name="A study", created_by=alice)
    html = text(page.get(at(step)))
    assert "Choose at least two models." in html


@pytest.mark.parametrize("path", ["/studies/new/", at("material"), "/studies/study/preview/"])
@pytest.mark.parametrize("who", ["bob", "dave"])
def test_only_admins_set_up_studies(client, study, request, path, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(path).status_code == 403
    assert client.post(path).status_code == 403


def test_there_is_no_other_step_and_no_other_study(page, study):
    assert page.get(at("nonsense")).status_code == 404
    assert page.get("/studies/nothing/set-up/about/").status_code == 404


def test_pool_and_models_are_kept_and_the_next_step_follows(page, material, alice):
    create_study(slug="study", name="A study", created_by=alice)
    answer = page.post(at("material"), {"pool": "pool@1", "models": ["model-1@1", "model-0@1"]})
    assert answer["Location"] == at("design")
    draft = Study.objects.get().draft
    assert draft["pool"] == {"slug": "pool", "version": 1}
    assert sorted(draft["models"]) == ["model-0@1", "model-1@1"]


def test_going_back_keeps_as_well(page, study):
    answer = page.post(
        at("design"), {**sent(page, "design"), "go": "material", "judgments_per_comparison": "7"}
    )
    assert answer["Location"] == at("material")
    study.refresh_from_db()
    assert study.draft["judgments_per_comparison"] == 7


def test_every_model_tells_how_many_answers_it_has_and_lacks(page, study):
    Completion.objects.filter(language_model__slug="model-0").delete()
    one = Completion.objects.filter(language_model__slug="model-1").first()
    Completion.objects.filter(pk=one.pk).update(state="pending", outcome="")
    shown = {
        one.name: (one.answered, one.running, one.missing)
        for one in page.get(at("material")).context["models"]
    }
    assert shown == {"model-0@1": (0, 0, 4), "model-1@1": (3, 1, 0), "model-2@1": (4, 0, 0)}
    assert "5 answers are missing" in text(page.get(at("material")))
    link = "/runs/new/?pool=pool@1&amp;model=model-0%401"
    assert link in text(page.get(at("material")))
    form = page.get(link.replace("&amp;", "&")).context["form"]
    assert form["pool_version"].value() == PromptPoolVersion.objects.get().pk
    assert form["language_models"].value() == [LanguageModel.objects.get(slug="model-0").pk]


def test_models_that_leave_take_their_pairs_and_the_baseline_with_them(page, study):
    design = {"kind": "baseline", "baseline": "model-2@1"}
    update_draft(study=study, changes={"design": design})
    page.post(at("material"), {"pool": "pool@1", "models": ["model-0@1", "model-1@1"]})
    study.refresh_from_db()
    assert study.draft["design"]["baseline"] == ""
    assert "Name one of the models as the baseline." in text(page.get(at("design")))


@pytest.mark.parametrize(
    ("sent_design", "pairs"),
    [
        ({"design__kind": "all_pairs", "design__baseline": "model-0@1"}, 3),
        ({"design__kind": "baseline", "design__baseline": "model-0@1"}, 2),
        ({"design__kind": "chosen", "design__pairs": ["model-0@1 model-2@1"]}, 1),
    ],
)
def test_each_design_is_kept_and_counted(page, study, sent_design, pairs):
    page.post(at("design"), {**sent_design, "judgments_per_comparison": "1"})
    assert page.get(at("design")).context["plan"].numbers.pairs == pairs


@pytest.mark.parametrize(
    ("step", "field", "value", "said"),
    [
        ("design", "judgments_per_comparison", "0", "whole number from 1"),
        ("design", "judgments_per_comparison", "many", "whole number"),
        ("design", "judgments_per_comparison", "9" * 5000, "whole number"),
        ("design", "design__prompts_per_pair", "-1", "whole number from 1"),
        ("design", "design__kind", "<b>", "valid choice"),
        ("design", "design__pairs", ["model-0@1 nobody@1"], "valid choice"),
        ("material", "models", ["nobody@1"], "valid choice"),
        ("material", "pool", "pool@2", "valid choice"),
        ("rules", "equivalence_margin", "0.9", "number from 0 to 0.5"),
        ("rules", "pay_per_hour", "nan", "number"),
        ("rules", "guidelines", "bell\x07", "Control characters"),
        ("rules", "answers__empty", "burn", "valid choice"),
        ("rules", "undo_seconds", "", "required"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    page, study, step, field, value, said
):
    before = study.draft
    answer = page.post(at(step), {**sent(page, step), field: value})
    assert answer.status_code == 400
    assert any(said in one for one in answer.context["form"].errors[field])
    assert "Nothing was saved yet" in text(answer)
    study.refresh_from_db()
    assert study.draft == before


def test_htmx_keeps_while_one_writes_and_answers_with_the_numbers_alone(page, study):
    body = {**sent(page, "design"), "judgments_per_comparison": "5"}
    answer = page.post(at("design"), body, headers={"HX-Request": "true"})
    html = text(answer)
    assert "<html" not in html
    assert "Saved." in html
    assert "<strong>60</strong>" in html
    study.refresh_from_db()
    assert study.draft["judgments_per_comparison"] == 5
    body["judgments_per_comparison"] = "none"
    html = text(page.post(at("design"), body, headers={"HX-Request": "true"}))
    assert "Not saved" in html
    assert "<strong>60</strong>" in html


def test_another_pool_brings_its_answers_by_htmx(page, study):
    make_pool(prompts=9, slug="other")
    body = {"pool": "other@1", "models": ["model-0@1", "model-1@1"]}
    html = text(page.post(at("material"), body, headers={"HX-Request": "true"}))
    assert "hx-swap-oob" in html
    assert "the 9 prompts of other" in html
    again = text(page.post(at("material"), body, headers={"HX-Request": "true"}))
    assert "hx-swap-oob" not in again


# ---- criteria -----------------------------------------------------------------------------------


def titles(page) -> list[str]:
    return [one["label"].value() for one in page.get(at("criteria")).context["form"].items]


@pytest.fixture
def defaults(material, alice):
    """A study with the three default criteria."""
    protocol = protocol_for(*material)
    protocol.pop("criteria")
    return create_study(slug="study", name="A study", created_by=alice, protocol=protocol)


def test_the_three_defaults_are_ready(page, defaults):
    assert titles(page) == ["Helpfulness", "Harmlessness", "Truthfulness"]
    html = text(page.get(at("criteria")))
    assert "A is safer" in html


def test_criteria_are_edited_weighted_and_one_is_primary(page, defaults):
    body = sent(page, "criteria") | {
        "primary": "2",
        "criteria-0-label": "Use",
        "criteria-0-weight": "2.5",
        "criteria-0-label_graded7_-3": "A by far",
        "criteria-1-scale": "graded7",
    }
    assert page.post(at("criteria"), body)["Location"] == at("rules")
    draft = frozen_protocol(study=Study.objects.get())
    assert draft.primary_criterion == "truthfulness"
    assert draft.weights == {"helpfulness": 2.5, "harmlessness": 1.0, "truthfulness": 1.0}
    assert draft.criteria[0].labels == {"-3": "A by far"}
    assert draft.criteria[0].label == "Use"
    assert (draft.criteria[1].scale, draft.criteria[1].labels) == ("graded7", {})


def test_criteria_move_and_go_and_the_primary_one_stays(page, defaults):
    body = sent(page, "criteria") | {"primary": "1"}
    assert page.post(at("criteria"), body | {"do": "up-1"}).status_code == 302
    assert titles(page) == ["Harmlessness", "Helpfulness", "Truthfulness"]
    assert page.get(at("criteria")).context["form"].primary == 0
    page.post(at("criteria"), sent(page, "criteria") | {"do": "down-0"})
    page.post(at("criteria"), sent(page, "criteria") | {"do": "remove-2"})
    assert titles(page) == ["Helpfulness", "Harmlessness"]
    assert page.get(at("criteria")).context["form"].primary == 1
    assert set(Study.objects.get().draft["weights"]) == {"helpfulness", "harmlessness"}


def test_a_new_criterion_is_shown_empty_and_kept_once_it_is_filled_in(page, defaults):
    answer = page.post(at("criteria"), sent(page, "criteria") | {"do": "add-new"})
    form = answer.context["form"]
    assert len(form.items) == 4
    body = form.as_data() | {"criteria-3-label": "Warm tone", "criteria-3-question": "Warmer?"}
    assert page.post(at("criteria"), body).status_code == 302
    assert Study.objects.get().draft["criteria"][3]["key"] == "warm_tone"


def test_a_default_that_was_removed_comes_back(page, defaults):
    page.post(at("criteria"), sent(page, "criteria") | {"do": "remove-0"})
    assert "Add Helpfulness again" in text(page.get(at("criteria")))
    answer = page.post(at("criteria"), sent(page, "criteria") | {"do": "add-helpfulness"})
    page.post(at("criteria"), answer.context["form"].as_data())
    assert titles(page) == ["Harmlessness", "Truthfulness", "Helpfulness"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("criteria-1-label", "", "may not be blank"),
        ("criteria-1-key", "Not A Key", "Small letters"),
        ("criteria-1-key", "helpfulness", "stands there twice"),
        ("criteria-1-weight", "-1", "number from 0"),
        ("criteria-1-label_four_way_a", "x" * 201, "200"),
        ("criteria-1-label_four_way_a", "bell\x07", "Control"),
    ],
)
def test_what_is_wrong_with_a_criterion_is_said_at_its_field(page, defaults, field, value, said):
    answer = page.post(at("criteria"), sent(page, "criteria") | {field: value})
    assert answer.status_code == 400
    errors = answer.context["form"].items[1].errors
    assert any(said in one for one in errors[field.removeprefix("criteria-1-")])


@pytest.mark.parametrize("count", ["", "0", "-3", "x", "999999999", "²"])
def test_a_count_that_cannot_be_breaks_nothing(page, defaults, count):
    answer = page.post(at("criteria"), {"count": count, "primary": "7"})
    assert answer.status_code == 400
    assert "Ask at least one criterion." in text(answer)


@pytest.mark.parametrize("action", ["up-99", "down-99", "remove-x", "up-", "fly-1", "add-"])
def test_an_action_that_cannot_be_done_does_nothing_bad(page, defaults, action):
    body = sent(page, "criteria") | {"do": action}
    assert page.post(at("criteria"), body).status_code in {200, 302}
    assert titles(page) == ["Helpfulness", "Harmlessness", "Truthfulness"]


# ---- preview ------------------------------------------------------------------------------------


def test_the_preview_is_the_raters_page_blinded_and_stores_nothing(page, material, alice):
    pool_version = make_pool(slug="secret")
    models = make_models(2, canary="canary7xq")
    make_completions(pool_version, models)
    protocol = protocol_for(pool_version, models, guidelines="Be kind")
    create_study(slug="study", name="A study", created_by=alice, protocol=protocol)
    html = text(page.get("/studies/study/preview/?prompt=1"))
    assert "Question 1?" in html
    assert "Answer 0-1." in html
    assert "Be kind" in html
    assert "canary7xq" not in html
    assert not Assignment.objects.exists()
    assert not Judgment.objects.exists()


def test_the_preview_shows_no_answer_that_the_protocol_keeps_from_raters(page, alice):
    pool_version = make_pool(slug="pool")
    models = make_models(3)
    make_completions(pool_version, models)
    hidden = Completion.objects.filter(language_model=models[0])
    hidden.update(outcome="filtered", text="Held back.", turns=["Held back."])
    create_study(
        slug="study", name="A study", created_by=alice, protocol=protocol_for(pool_version, models)
    )
    html = text(page.get("/studies/study/preview/"))
    assert "Held back." not in html
    assert "Answer 1-0." in html
    assert "Answer 2-0." in html


def test_the_preview_counts_what_one_rater_could_get(page, study):
    design = {"kind": "all_pairs", "baseline": "", "pairs": [], "prompts_per_pair": 2}
    update_draft(study=study, changes={"design": design, "judgments_per_rater": None})
    assert "0 judged, 6 left" in text(page.get("/studies/study/preview/"))
    assert "1 judged, 5 left" in text(page.get("/studies/study/preview/?prompt=1"))
    update_draft(study=study, changes={"judgments_per_rater": 4})
    assert "0 judged, 4 left" in text(page.get("/studies/study/preview/"))


def test_the_preview_stands_before_anything_is_chosen(page, alice):
    create_study(slug="study", name="A study", created_by=alice)
    html = text(page.get("/studies/study/preview/?prompt=abc"))
    assert "Which answer helps the person more" in html
    assert "will stand here" in html


# ---- publish ------------------------------------------------------------------------------------


def test_the_review_shows_the_digest_that_publishing_gives(page, study):
    context = page.get(at("review")).context
    assert context["number"] == 1
    answer = page.post("/studies/study/publish/", {"digest": context["digest"]})
    assert answer["Location"] == "/studies/study/"
    study.refresh_from_db()
    assert study.state == "open"
    assert study.versions.get().digest == context["digest"]


def test_the_review_warns_of_names_of_models_that_raters_would_read(page, study):
    assert "Raters would read names" not in text(page.get(at("review")))
    Study.objects.update(name="Better than GPT-4?")
    review = text(page.get(at("review")))
    assert "Raters would read names of models:" in review
    assert '<bdi>gpt-4</bdi> <span class="soft">· in the name' in review


def test_the_review_calls_models_and_pool_what_people_call_them(page, study, material):
    review = text(page.get(at("review")))
    for model in material[1]:
        assert f"<bdi>{model.name}</bdi>" in review


def test_only_what_was_looked_at_is_published(page, study):
    digest = page.get(at("review")).context["digest"]
    update_draft(study=study, changes={"undo_seconds": 1})
    answer = page.post("/studies/study/publish/", {"digest": digest})
    assert answer.status_code == 409
    assert "changed since you looked" in text(answer)
    study.refresh_from_db()
    assert study.state == "draft"


def test_missing_answers_are_allowed_only_by_saying_so(page, study):
    Completion.objects.first().delete()
    digest = page.get(at("review")).context["digest"]
    refused = page.post("/studies/study/publish/", {"digest": digest})
    assert refused.status_code == 409
    assert "1 completions are missing" in text(refused)
    allowed = page.post("/studies/study/publish/", {"digest": digest, "allow_missing": "on"})
    assert allowed.status_code == 302


def test_an_incomplete_study_is_reviewed_but_not_published(page, alice):
    create_study(slug="study", name="A study", created_by=alice)
    assert "cannot be published yet" in text(page.get(at("review")))
    assert page.post("/studies/study/publish/").status_code == 409
    assert Study.objects.get().state == "draft"


def test_a_closed_study_is_not_set_up_again(page, study, now):
    publish_version(study=study, now=now)
    close_study(study=study, now=now)
    assert page.get(at("rules")).status_code == 409
    with pytest.raises(Conflict):
        publish_version(study=study, now=now)


def test_hostile_names_stay_text(page, material, alice):
    name = "<script>alert(1)</script>"
    create_study(slug="study", name=name, created_by=alice, protocol=protocol_for(*material))
    for step in STEPS:
        assert "<script>alert" not in text(page.get(at(step)))


@pytest.mark.parametrize("step", ["material", "design", "review"])
def test_fifty_models_take_no_more_queries_than_two(page, db, alice, step):
    pool_version = make_pool(prompts=2)
    counts = []
    for number, models in enumerate((make_models(2), make_models(50, canary="many"))):
        make_completions(pool_version, models)
        slug = f"study-{number}"
        protocol = protocol_for(pool_version, models)
        create_study(slug=slug, name=slug, created_by=alice, protocol=protocol)
        with CaptureQueriesContext(connection) as queries:
            assert page.get(f"/studies/{slug}/set-up/{step}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_every_field_of_a_protocol_can_be_set_on_a_step():
    plain = parse_protocol({}, complete=False).as_dict()
    asked = {
        path_of(name)
        for kind in (MaterialForm, DesignForm, RulesForm, ChecksForm)
        for name in kind.base_fields
    } | {"criteria", "weights", "primary_criterion"}  # of the page that arranges criteria
    asked |= {"cohorts", "reserved"}  # of the page that has a row for each
    leaves = {
        f"{name}.{inner}" if isinstance(value, dict) and name != "weights" else name
        for name, value in plain.items()
        for inner in (value if isinstance(value, dict) else ("",))
    }
    # Computed; and of what there is one of.
    assert leaves - asked == {"seed_commitment", "method.model", "method.intervals"}


def test_limits_checks_and_blinding_are_kept_and_shown_again(page, study):
    body = {
        **sent(page, "checks"),
        "draw": "boundary",
        "caps__judgments_per_pair": "5",
        "caps__skips": "",
        "checks__repeats": "0.05",
        "checks__extra_judgments": "2",
        "reveal": "after_closing",
        "guessing__answers": "3",
        "guessing__decoys": "Dodo 7B\r\n\r\n Emu ",
        "holds__checks": ["gold", "time"],
        "holds__level": "0.02",
    }
    assert page.post(at("checks"), body)["Location"] == at("review")
    study.refresh_from_db()
    kept = parse_protocol(study.draft)
    assert (kept.draw, kept.reveal, kept.caps.judgments_per_pair) == (
        "boundary",
        "after_closing",
        5,
    )
    assert (kept.caps.skips, kept.caps.prompt_gap) == (None, 10)
    assert (kept.checks.repeats, kept.checks.extra_judgments) == (0.05, 2)
    assert kept.guessing.decoys == ("Dodo 7B", "Emu")
    assert kept.holds == HoldRule(("gold", "time"), 0.02)
    assert "Dodo 7B\nEmu" in text(page.get(at("checks")))


def test_a_level_of_intervals_leaves_the_method(page, study):
    assert (
        page.post(at("rules"), {**sent(page, "rules"), "method__level": "0.9"}).status_code == 302
    )
    study.refresh_from_db()
    assert study.draft["method"] == {
        "model": "davidson",
        "intervals": "cluster",
        "level": 0.9,
        "elo_k": 4.0,
    }


def test_cohorts_and_reservations_are_kept_and_shown_again(page, study):
    sent = {
        "cohorts-0-label": "Lawyers",
        "cohorts-0-judgments": "1",
        "cohorts-1-label": "Students of law",
        "reserved-1-cohort": "Lawyers",
        "reserved-1-prompts": "q0\r\nq1",
    }
    address = f"/studies/{study.slug}/set-up/cohorts/"
    assert page.post(address, sent).status_code == 302
    study.refresh_from_db()
    assert [(one["key"], one["judgments"]) for one in study.draft["cohorts"]] == [
        ("lawyers", 1),
        ("students_of_law", 0),
    ]
    assert study.draft["reserved"][0]["cohort"] == "lawyers"
    assert study.draft["reserved"][0]["prompts"] == ["q0", "q1"]
    shown = page.get(address).content.decode()
    assert 'value="Students of law"' in shown
    assert "q0\nq1</textarea>" in shown
    refused = page.post(address, sent | {"reserved-1-cohort": "Judges"})
    assert refused.status_code == 400
    assert "Name one of the study" in refused.content.decode()


def test_what_hardly_a_study_needs_is_folded_until_it_is_used(page, study):
    assert text(page.get(at("checks"))).count('class="group">') == 4
    assert text(page.get(at("cohorts"))).count('class="group">') == 2
    update_draft(study=study, changes={"cohorts": [{"key": "a", "label": "A", "judgments": 0}]})
    assert text(page.get(at("cohorts"))).count('class="group" open>') == 1
    page.post(at("checks"), sent(page, "checks") | {"checks__repeats": "0.1"})
    groups = list(page.get(at("checks")).context["form"].groups)
    assert [one.opened for one in groups] == [False, True, False, False]
    wrong = page.post(at("checks"), sent(page, "checks") | {"caps__skips": "-1"})
    assert [one.opened for one in wrong.context["form"].groups][:2] == [True, True]


def test_every_check_stands_in_a_group():
    grouped = [name for _title, names in ChecksForm.GROUPS for name in names]
    assert grouped == list(ChecksForm.base_fields)


def test_volunteers_cost_nothing_that_is_worth_a_line(page, study):
    assert "in your currency" not in text(page.get(at("review")))
    update_draft(study=study, changes={"pay_per_hour": 12.0})
    assert "in your currency" in text(page.get(at("review")))
