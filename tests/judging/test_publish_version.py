"""Studies: drafts, publication, comparisons, exclusions, forfeits, amendments."""

import hashlib

import pytest

from core.canonical import digest
from core.errors import Conflict, Invalid
from judging.models import Assignment, Comparison, ModelPair, Study
from judging.services.assignments import find_assignment, lease_next
from judging.services.judgments import record_judgment
from judging.services.studies import (
    add_model,
    amend_study,
    close_study,
    create_study,
    pause_study,
    plan_study,
    publish_version,
    resume_study,
    study_progress,
    update_draft,
)
from models_registry.models import Completion, LanguageModel
from prompts.models import Prompt
from tests.scenarios import (
    make_completions,
    make_models,
    make_pool,
    protocol_for,
    published_study,
)

KEEP_ALL = {
    "answers": {"refused": "show", "filtered": "show", "empty": "show", "cut_off": "show"},
    "names_maker": "keep",
}


def draft(*, prompts=4, models=3, canary="", **changes) -> Study:
    pool_version = make_pool(prompts=prompts)
    made = make_models(models, canary=canary)
    make_completions(pool_version, made)
    protocol = protocol_for(pool_version, made, **changes)
    return create_study(slug="study", name="A study", created_by=None, protocol=protocol)


def test_the_plan_tells_the_names_of_models_that_raters_would_read(db):
    study = draft(guidelines="A new model is no better for being new.")
    assert plan_study(study=study).told == ()
    study = update_draft(study=study, changes={}, name="LLaMA 2 against GPT-4")
    criterion = {"key": "quality", "label": "Quality", "question": "Is it as good as Name Model-1?"}
    changes = {"guidelines": "Think of MODEL 2.", "criteria": [criterion]}
    told = plan_study(study=study, changes=changes).told
    assert [(one.field, one.name) for one in told] == [
        ("name", "llama 2"),
        ("name", "gpt-4"),
        ("guidelines", "model 2"),
        ("criteria.0", "name model-1"),
    ]


def columns(error) -> list[str]:
    return [one.column for one in error.value.errors]


def test_publishing_freezes_the_protocol_under_its_sha256(db, now):
    study = draft()
    version = publish_version(study=study, now=now)
    version.refresh_from_db()
    assert version.digest == digest(version.protocol)
    assert version.protocol["pool"]["digest"] == "d" * 64
    assert (
        version.protocol["seed_commitment"]
        == hashlib.sha256(study.secret_seed.encode()).hexdigest()
    )
    assert version.study.state == "open"
    assert LanguageModel.objects.filter(frozen_at=now).count() == 3
    assert version.comparisons_by_language == {"en": 12}


def test_a_study_is_published_once(scene, now):
    with pytest.raises(Conflict, match="amend"):
        publish_version(study=scene.study, now=now)
    with pytest.raises(Conflict, match="amend"):
        update_draft(study=scene.study, changes={"undo_seconds": 1})


def test_drafts_are_checked_field_by_field_and_need_not_be_complete(db):
    study = create_study(slug="study", name="A study", created_by=None)
    update_draft(study=study, changes={"undo_seconds": 5}, name="Renamed")
    study.refresh_from_db()
    assert (study.draft, study.name) == ({"undo_seconds": 5}, "Renamed")
    for wrong in ({"undo_seconds": "5"}, {"seed_commitment": "x"}):
        with pytest.raises(Invalid):
            update_draft(study=study, changes=wrong)
    with pytest.raises(Invalid) as error:
        publish_version(study=study, now=None)
    assert columns(error) == ["pool", "models"]


def test_a_slug_is_taken_once_and_never_a_route(db):
    create_study(slug="study", name="x", created_by=None)
    with pytest.raises(Conflict, match="taken"):
        create_study(slug="study", name="x", created_by=None)
    with pytest.raises(Invalid):
        create_study(slug="open", name="x", created_by=None)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"pool": {"slug": "nope", "version": 1}}, "pool"),
        ({"pool": {"slug": "pool", "version": 2}}, "pool"),
        ({"pool": {"slug": "pool", "version": 1, "digest": "e" * 64}}, "pool.digest"),
        ({"models": ["model-0@1", "model-0@2"]}, "models"),
    ],
)
def test_what_a_protocol_names_has_to_exist(db, now, changes, column):
    study = draft()
    update_draft(study=study, changes=changes)
    with pytest.raises(Invalid) as error:
        publish_version(study=study, now=now)
    assert columns(error) == [column]
    assert not Comparison.objects.exists()


def test_missing_completions_are_counted_and_refused_unless_allowed(db, now):
    study = draft()
    Completion.objects.filter(language_model__slug="model-0").delete()
    Completion.objects.filter(pk=Completion.objects.first().pk).update(state="failed", outcome="")
    with pytest.raises(Conflict, match="5 completions are missing") as error:
        publish_version(study=study, now=now)
    assert (error.value.code, error.value.details) == ("completions_missing", {"missing": 5})
    study.refresh_from_db()
    assert (study.state, study.versions.count()) == ("draft", 0)
    publish_version(study=study, now=now, allow_missing=True)
    assert Comparison.objects.count() == 3


def test_a_study_without_any_comparison_is_refused(db, now):
    study = draft()
    Completion.objects.all().delete()
    with pytest.raises(Conflict, match="No two answers"):
        publish_version(study=study, now=now, allow_missing=True)


def test_comparisons_are_canonical_by_language_model_id(db, now):
    study = draft(models=3)
    names = [str(one) for one in LanguageModel.objects.order_by("-pk")]
    update_draft(study=study, changes={"models": names})
    publish_version(study=study, now=now)
    for one in Comparison.objects.select_related("first", "second", "pair"):
        assert one.first.language_model_id < one.second.language_model_id
        assert one.first.prompt_id == one.second.prompt_id == one.prompt_id
        assert one.pair.first_model_id == one.first.language_model_id
        assert one.pair.second_model_id == one.second.language_model_id
        assert (one.places, one.open_places, one.forfeit) == (1, 1, "")
    assert Comparison.objects.count() == 12
    assert ModelPair.objects.count() == 3


def test_a_baseline_meets_every_other_model(db, now):
    study = draft(models=4, design={"kind": "baseline", "baseline": "model-2@1"})
    publish_version(study=study, now=now)
    pairs = ModelPair.objects.values_list("first_model__slug", "second_model__slug")
    assert all("model-2" in pair for pair in pairs)
    assert Comparison.objects.count() == 3 * 4


def test_prompts_are_sampled_for_each_pair_from_the_seed(db, now):
    study = draft(prompts=20, models=3, design={"prompts_per_pair": 5})
    publish_version(study=study, now=now)
    by_pair = {
        pair.pk: frozenset(pair.comparisons.values_list("prompt_id", flat=True))
        for pair in ModelPair.objects.all()
    }
    assert [len(one) for one in by_pair.values()] == [5, 5, 5]
    assert len(set(by_pair.values())) > 1


def test_the_order_of_draw_is_not_the_order_of_rows(db, now):
    publish_version(study=draft(prompts=30), now=now)
    keys = list(Comparison.objects.order_by("pk").values_list("draw_key", flat=True))
    assert len(set(keys)) == 90
    assert keys != sorted(keys)


@pytest.mark.parametrize("outcome", ["refused", "filtered", "empty", "cut_off"])
def test_excluded_answers_are_left_out_and_counted_by_reason(db, now, outcome):
    study = draft(answers={outcome: "exclude"})
    one, *_ = Completion.objects.filter(language_model__slug="model-1").order_by("pk")
    Completion.objects.filter(pk=one.pk).update(outcome=outcome)
    version = publish_version(study=study, now=now)
    assert Comparison.objects.count() == 10
    ids = {row.slug: row.pk for row in LanguageModel.objects.all()}
    told = {int(pk): reasons for pk, reasons in version.exclusions.items() if reasons}
    assert told == {ids["model-1"]: {outcome: 1}}


def test_answers_that_name_their_maker_are_excluded_unless_kept(db, now):
    study = draft()
    Completion.objects.filter(language_model__slug="model-0").update(names_maker=True)
    version = publish_version(study=study, now=now)
    assert Comparison.objects.count() == 4
    assert {"names_maker": 4} in version.exclusions.values()


def test_with_everything_kept_nothing_is_excluded(db, now):
    study = draft(**KEEP_ALL)
    Completion.objects.update(names_maker=True, outcome="empty", text="", turns=[])
    version = publish_version(study=study, now=now)
    assert Comparison.objects.count() == 12
    assert not any(version.exclusions.values())


def test_a_forfeit_has_no_places_and_falls_on_the_side_that_refused(db, now):
    study = draft(prompts=1, models=3, answers={"refused": "forfeit"})
    Completion.objects.filter(language_model__slug="model-1").update(outcome="refused")
    version = publish_version(study=study, now=now)
    rows = Comparison.objects.order_by("first_id", "second_id")
    assert [(one.forfeit, one.places) for one in rows] == [("second", 0), ("", 1), ("first", 0)]
    assert version.comparisons_by_language == {"en": 1}
    assert study_progress(study=study).forfeited == 2


def test_prompts_that_no_criterion_applies_to_are_not_compared(db, now):
    pool_version = make_pool(prompts=2, criteria=["beauty"])
    models = make_models(2)
    make_completions(pool_version, models)
    study = create_study(
        slug="study", name="x", created_by=None, protocol=protocol_for(pool_version, models)
    )
    with pytest.raises(Conflict, match="No two answers"):
        publish_version(study=study, now=now)


def test_the_plan_tells_the_numbers_and_what_is_missing(db):
    study = draft(judgments_per_comparison=3, pay_per_hour=20, seconds_per_judgment=90)
    Completion.objects.first().delete()
    told = plan_study(study=study)
    assert (told.prompts, told.missing_completions) == (4, 1)
    assert (told.numbers.comparisons, told.numbers.judgments) == (12, 36)
    assert (told.numbers.rater_hours, str(told.numbers.cost)) == (0.9, "18.00")
    assert told.prompts_without_criterion == 0


def test_the_plan_says_how_many_prompts_name_none_of_the_studys_criteria(db, alice, client):
    study = draft()
    Prompt.objects.filter(position__lt=3).update(criteria=["foo"])
    told = plan_study(study=study)
    assert (told.prompts, told.prompts_without_criterion) == (1, 3)
    client.force_login(alice)
    address = f"/api/v1/studies/{study.slug}/plan/"
    assert client.get(address).json()["prompts_without_criterion"] == 3
    for step in ("design", "review"):
        page = client.get(f"/studies/{study.slug}/set-up/{step}/").content.decode()
        assert "3 prompts of the pool are left out." in page


def judge_one(scene, now):
    token = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
    held = find_assignment(rater=scene.bob, token=token)
    record_judgment(assignment=held, body=scene.body, now=now)
    return Assignment.objects.get(token=token).comparison


def test_an_amendment_is_a_new_version_that_keeps_what_both_want(scene, now):
    judged = judge_one(scene, now)
    version = amend_study(study=scene.study, changes={"judgments_per_comparison": 2}, now=now)
    assert (version.number, scene.study.versions.count()) == (2, 2)
    judged.refresh_from_db()
    assert (judged.places, judged.open_places) == (2, 1)
    assert Comparison.objects.count() == 12
    first = scene.study.versions.get(number=1)
    assert first.protocol["judgments_per_comparison"] == 1
    assert first.digest != version.digest


def test_an_amendment_withdraws_what_is_no_longer_wanted_and_keeps_judgments(scene, now):
    judged = judge_one(scene, now)
    out = LanguageModel.objects.get(pk=judged.pair.first_model_id)
    kept = [str(one) for one in scene.models if one != out]
    version = amend_study(study=scene.study, changes={"models": kept}, now=now)
    judged.refresh_from_db()
    assert (judged.withdrawn, judged.places, judged.open_places) == (True, 1, 0)
    assert Comparison.objects.filter(open_places__gt=0).count() == 4
    assert version.comparisons_by_language == {"en": 4}
    back = amend_study(study=scene.study, changes={"models": list(map(str, scene.models))}, now=now)
    judged.refresh_from_db()
    assert (judged.withdrawn, judged.places, judged.open_places) == (False, 1, 0)
    assert back.comparisons_by_language == {"en": 12}


def test_an_assignment_is_judged_by_the_protocol_it_was_leased_under(scene, now):
    leased = lease_next(rater=scene.bob, slug="study", now=now)
    criteria = [{"key": "other", "label": "Other", "question": "Which?"}]
    changes = {"criteria": criteria, "weights": {"other": 1}, "primary_criterion": "other"}
    amend_study(study=scene.study, changes=changes, now=now)
    again = lease_next(rater=scene.bob, slug="study", now=now).blinded
    assert again.criteria == leased.blinded.criteria
    held = find_assignment(rater=scene.bob, token=again.token)
    assert record_judgment(assignment=held, body=scene.body, now=now).created
    after = lease_next(rater=scene.bob, slug="study", now=now).blinded
    assert [one.key for one in after.criteria] == ["other"]


@pytest.mark.parametrize("field", ["answers", "names_maker", "seed_commitment"])
def test_some_fields_stay_as_they_were_published(scene, now, field):
    with pytest.raises(Invalid) as error:
        amend_study(study=scene.study, changes={field: "keep"}, now=now)
    assert columns(error) == [field]


def test_an_amendment_that_changes_nothing_is_refused(scene, now):
    with pytest.raises(Conflict, match="Nothing changes"):
        amend_study(study=scene.study, changes={}, now=now)


def test_one_model_more_adds_its_comparisons(scene, now):
    (fourth,) = make_models(1, canary="fourth")
    with pytest.raises(Conflict, match="4 completions are missing"):
        add_model(study=scene.study, model=str(fourth), now=now)
    make_completions(scene.pool_version, [fourth])
    version = add_model(study=scene.study, model=str(fourth), now=now)
    assert Comparison.objects.count() == 24
    assert Comparison.objects.filter(added_in=version).count() == 12
    with pytest.raises(Conflict, match="takes part already"):
        add_model(study=scene.study, model=str(fourth), now=now)


def test_a_draft_and_a_closed_study_are_not_amended(db, now):
    with pytest.raises(Conflict):
        add_model(study=draft(), model="x@1", now=now)
    scene = published_study(slug="other", canary="other")
    close_study(study=scene.study, now=now)
    with pytest.raises(Conflict):
        amend_study(study=scene.study, changes={"undo_seconds": 1}, now=now)


def test_states_move_as_they_may_and_twice_is_the_same(scene, now):
    for _ in range(2):
        assert pause_study(study=scene.study, now=now).state == "paused"
    for _ in range(2):
        assert resume_study(study=scene.study, now=now).state == "open"
    lease_next(rater=scene.bob, slug="study", now=now)
    for _ in range(2):
        assert close_study(study=scene.study, now=now).state == "closed"
    assert Assignment.objects.get().state == "returned"
    for refused in (pause_study, resume_study):
        with pytest.raises(Conflict):
            refused(study=scene.study, now=now)


@pytest.mark.django_db
def test_what_names_its_maker_is_masked_for_raters_and_stays_as_it_was_answered():
    told = "Four. I am Claude, made by Anthropic."
    scene = published_study(
        prompts=1,
        models=2,
        completion={"text": told, "turns": ["Hello.", told], "names_maker": True},
        names_maker="mask",
    )
    blinded = lease_next(rater=scene.bob, slug="study", now=scene.version.published_at).blinded
    for side in (blinded.a, blinded.b):
        assert (side.text, side.turns) == ("Four. [hidden]", ("Hello.", "Four. [hidden]"))
    assert set(Completion.objects.values_list("text", flat=True)) == {told}
    assert scene.version.exclusions == {str(one.pk): {} for one in scene.models}
