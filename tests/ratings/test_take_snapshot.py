"""Taking a snapshot: what it counts, what it says, and that it is the same one again."""

from collections import Counter
from datetime import timedelta

import pytest

from core.errors import Conflict
from judging.models import Judgment, Study, StudyVersion
from judging.scales import scale_of
from judging.services.studies import amend_study
from models_registry.models import Completion, LanguageModel
from ratings.models import LeaderboardSnapshot
from ratings.services.snapshots import latest_version, take_snapshot
from tests.ratings.studies import (
    FOUR_WAY,
    GRADED,
    START,
    Given,
    build_study,
    forfeit,
    judge_at_random,
    make_raters,
    submit,
    vote_of,
)
from tests.scenarios import published_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY, GRADED])
    judge_at_random(built, make_raters(12), each=4)
    return built


def rows_of(snapshot, at=0):
    return {row["model"]: row for row in snapshot.result["criteria"][at]["rows"]}


def test_the_board_counts_the_votes_in_the_canonical_frame(now):
    built = build_study(models=("ant", "bee"))
    one, two, three, *_ = built.comparisons
    rater, other = make_raters(2)
    submit(
        built,
        [
            Given(rater, one, False, {"helpfulness": "a"}),  # ant
            Given(other, one, True, {"helpfulness": "b"}),  # ant, shown as B
            Given(rater, two, True, {"helpfulness": "a"}),  # bee, shown as A
            Given(other, two, False, {"helpfulness": "both_bad"}),
            Given(rater, three, True, {"helpfulness": "cannot_judge"}),
        ],
    )
    snapshot, _ = take_snapshot(version=built.version, now=now)
    row = rows_of(snapshot)["ant"]
    assert (row["wins"], row["losses"], row["ties"], row["both_bad"]) == (2, 1, 1, 1)
    assert (row["cannot_judge"], row["judgments"], row["raters"]) == (1, 5, 2)
    assert snapshot.result["models"][0]["average_length"] == len("ant answers q0")


def test_the_same_inputs_are_the_same_snapshot(judged, now):
    snapshot, new = take_snapshot(version=judged.version, now=now)
    again, newer = take_snapshot(version=judged.version, now=now + timedelta(days=1))
    assert (new, newer) == (True, False)
    assert again.pk == snapshot.pk
    assert LeaderboardSnapshot.objects.count() == 1


def test_one_more_judgment_another_seed_or_a_closed_study_is_another_snapshot(judged, now):
    first, _ = take_snapshot(version=judged.version, now=now)
    seeded, new = take_snapshot(version=judged.version, now=now, seed=7)
    assert new
    submit(
        judged,
        [
            Given(
                make_raters(1, prefix="late")[0],
                judged.comparisons[0],
                False,
                {"helpfulness": "a", "truthfulness": -3},
            )
        ],
    )
    second, new = take_snapshot(version=judged.version, now=now)
    assert new
    assert second.input_digest != first.input_digest
    Study.objects.update(state="closed")
    third, new = take_snapshot(version=judged.version, now=now)
    assert new
    assert (second.interim, third.interim) == (True, False)
    assert len({first.digest, seeded.digest, second.digest, third.digest}) == 4


def test_a_superseded_judgment_is_not_counted(now):
    built = build_study(models=("ant", "bee"))
    (rater,) = make_raters(1)
    (judgment,) = submit(built, [Given(rater, built.comparisons[0], False, {"helpfulness": "a"})])
    later = Judgment.objects.create(
        assignment=judgment.assignment,
        revision=1,
        submitted_at=START + timedelta(seconds=30),
        body_digest="c" * 64,
    )
    vote_of(later, "helpfulness", "b", scale_of("four_way"), swapped=False).save()
    snapshot, _ = take_snapshot(version=built.version, now=now)
    row = rows_of(snapshot)["ant"]
    assert (row["wins"], row["losses"], row["judgments"]) == (0, 1, 1)


def test_a_forfeit_counts_against_its_side_as_often_as_judgments_were_wanted(now):
    built = build_study(
        models=("ant", "bee"), judgments_per_comparison=3, criteria=[FOUR_WAY, GRADED]
    )
    for comparison, side in zip(built.comparisons, ["first", "second", "both"], strict=False):
        forfeit(built, comparison, side)
    snapshot, _ = take_snapshot(version=built.version, now=now)
    for at in (0, 1):
        row = rows_of(snapshot, at)["ant"]
        assert (row["losses"], row["wins"], row["ties"], row["both_bad"]) == (3, 3, 3, 3)
        assert (row["forfeits"], row["judgments"], row["raters"]) == (9, 0, 0)


def test_a_forfeit_keeps_its_weight_and_goes_with_its_comparison(now):
    scene = published_study(
        models=3,
        prompts=1,
        judgments_per_comparison=3,
        completion={"outcome": "refused"},
        answers={"refused": "forfeit"},
        now=now,
    )
    names = [str(one) for one in scene.models]

    def amended(**changes):
        version = amend_study(study=scene.study, changes=changes, now=now)
        return sorted(version.forfeits.values_list("outcomes", flat=True))

    assert sorted(scene.version.forfeits.values_list("outcomes", flat=True)) == [3, 3, 3]
    assert amended(judgments_per_comparison=1) == [3, 3, 3]
    assert amended(judgments_per_comparison=5) == [5, 5, 5]
    assert amended(models=names[:2]) == [5]
    # What earlier versions counted stays as it was: their boards can be recomputed.
    board, _ = take_snapshot(version=scene.version, now=now)
    assert [row["forfeits"] for row in rows_of(board).values()] == [6, 6, 6]


def test_a_forfeit_counts_only_on_the_criteria_of_its_prompt(now):
    built = build_study(models=("ant", "bee"), criteria=[FOUR_WAY, GRADED])
    comparison = built.comparisons[0]
    comparison.prompt.criteria = ["truthfulness"]
    comparison.prompt.save()
    forfeit(built, comparison, "first")
    snapshot, _ = take_snapshot(version=built.version, now=now)
    assert rows_of(snapshot, 0)["bee"]["forfeits"] == 0
    assert rows_of(snapshot, 1)["bee"]["forfeits"] == 3


def test_raters_are_counted_by_kind(now):
    built = build_study()
    simulated, judges = (
        make_raters(3, kind="simulated"),
        make_raters(2, kind="model_judge", prefix="j"),
    )
    judge_at_random(built, [*simulated, *judges], each=5)
    snapshot, _ = take_snapshot(version=built.version, now=now)
    assert [(one["label"], one["raters"]) for one in snapshot.result["raters"]] == [
        ("Model judge", 2),
        ("Simulated", 3),
    ]


def test_votes_under_an_earlier_version_count_while_the_question_is_the_same(judged, now):
    changed = GRADED | {"question": "Which is truer?"}
    protocol = judged.version.protocol | {
        "criteria": [judged.version.protocol["criteria"][0], changed]
    }
    version = StudyVersion.objects.create(
        study=judged.study,
        number=2,
        protocol=protocol,
        digest="e" * 64,
        pool_version=judged.version.pool_version,
        published_at=now,
    )
    newcomer = LanguageModel.objects.create(slug="dog", name="Dog")
    version.language_models.set([*judged.models, newcomer])
    first, _ = take_snapshot(version=judged.version, now=now)
    second, _ = take_snapshot(version=version, now=now)
    before, after = first.result["criteria"], second.result["criteria"]
    assert before[0]["votes"] == after[0]["votes"] > 0
    assert before[1]["votes"] > 0
    assert after[1]["votes"] == 0
    assert rows_of(second)["dog"]["strength"] is None
    assert rows_of(second)["ant"]["strength"] == pytest.approx(rows_of(first)["ant"]["strength"])


def test_two_versions_of_one_model_are_told_apart(now):
    built = build_study(models=("ant", "bee"))
    second = LanguageModel.objects.create(slug="ant", version=2, name="Ant")
    built.version.language_models.add(second)
    snapshot, _ = take_snapshot(version=built.version, now=now)
    assert [one["model"] for one in snapshot.result["models"]] == ["ant@1", "ant@2", "bee"]


def test_an_unpublished_study_has_no_board(db):
    study = Study.objects.create(slug="draft", name="Draft", secret_seed="s")
    with pytest.raises(Conflict, match="not published"):
        latest_version(study)


def test_a_snapshot_is_never_changed(judged, now):
    snapshot, _ = take_snapshot(version=judged.version, now=now)
    snapshot.seed = 9
    with pytest.raises(Conflict):
        snapshot.save()


def test_another_study_does_not_count(judged, now):
    before, _ = take_snapshot(version=judged.version, now=now)
    other = build_study(slug="fish", models=("eel", "cod"))
    judge_at_random(other, make_raters(3, prefix="f"), each=2)
    after, new = take_snapshot(version=judged.version, now=now)
    assert (after.pk, new) == (before.pk, False)
    fish, _ = take_snapshot(version=other.version, now=now)
    assert [one["model"] for one in fish.result["models"]] == ["cod", "eel"]


def test_the_wins_of_the_board_are_those_of_the_votes(judged, now):
    snapshot, _ = take_snapshot(version=judged.version, now=now)
    names = {model.pk: model.slug for model in judged.models}
    wins = Counter()
    for judgment in Judgment.objects.select_related("assignment__comparison__pair"):
        pair = judgment.assignment.comparison.pair
        vote = judgment.votes.get(criterion="truthfulness")
        if vote.outcome in {"first", "second"}:
            wins[names[getattr(pair, f"{vote.outcome}_model_id")]] += 1
    assert {name: row["wins"] for name, row in rows_of(snapshot, 1).items()} == wins


def test_exclusions_are_told_per_model_and_reason_as_the_version_was_built(now):
    scene = published_study(
        prompts=4, now=now, completion={"names_maker": False}, names_maker="exclude"
    )
    first, second = scene.models[:2]
    Completion.objects.filter(language_model=first, prompt__position=0).update(names_maker=True)
    Completion.objects.filter(language_model=second, prompt__position__lt=2).update(outcome="empty")
    version = amend_study(
        study=scene.study, changes={"guidelines": "Read both."}, now=now + timedelta(days=1)
    )
    Completion.objects.update(names_maker=False, outcome="answered")  # what comes later
    snapshot, _ = take_snapshot(version=version, now=now)
    told = {one["model"]: one["exclusions"] for one in snapshot.result["models"]}
    assert told[first.slug] == [{"reason": "names_maker", "answers": 1}]
    assert told[second.slug] == [{"reason": "empty", "answers": 2}]
    assert told[scene.models[2].slug] == []
