"""Boards, verification and files stay right when a study or a model's facts change."""

import pytest

from judging.services import assignments, judgments, studies
from models_registry.models import Completion
from models_registry.services.language_models import update_language_model
from ratings.services import exports, snapshots
from tests.scenarios import (
    ONE_CRITERION,
    get_or_make_user,
    make_completions,
    make_models,
    make_pool,
    protocol_for,
    published_study,
)

pytestmark = pytest.mark.django_db
STYLE = {"key": "style", "label": "Style", "question": "Which reads better?", "scale": "four_way"}


@pytest.fixture
def forfeiting(now):
    """A study in which the third model refused two of four prompts, and refusals forfeit."""
    pool_version, models = make_pool(prompts=4), make_models(3)
    make_completions(pool_version, models)
    refused = Completion.objects.filter(language_model=models[2], prompt__position__lt=2)
    assert refused.update(outcome="refused") == 2
    study = studies.create_study(
        slug="study",
        name="S",
        created_by=get_or_make_user("alice", "admin"),
        protocol=protocol_for(pool_version, models, answers={"refused": "forfeit"}),
    )
    return studies.publish_version(study=study, now=now)


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "parquet"])
def test_forfeits_are_exported_under_a_criterion_added_later(forfeiting, now, file_format):
    changes = {"criteria": [*ONE_CRITERION, STYLE]}
    studies.amend_study(study=forfeiting.study, changes=changes, now=now)
    made = exports.export(study=forfeiting.study, what="judgments", file_format=file_format)
    assert len(b"".join(made.content)) > 0


def test_the_added_criterion_has_its_own_scale_in_the_file(forfeiting, now):
    changes = {"criteria": [*ONE_CRITERION, STYLE]}
    studies.amend_study(study=forfeiting.study, changes=changes, now=now)
    made = exports.export(study=forfeiting.study, what="judgments", file_format="jsonl")
    text = b"".join(made.content).decode()
    assert text.count('"four_way"') == 4
    assert text.count('"graded7"') == 4


def test_a_renamed_model_leaves_its_boards_verified(now):
    scene = published_study(now=now, models=2)
    for rater in (scene.bob, scene.carol):
        token = assignments.lease_next(rater=rater, slug="study", now=now).blinded.token
        held = assignments.find_assignment(rater=rater, token=token)
        judgments.record_judgment(assignment=held, body=scene.body, now=now)
    snapshot, _ = snapshots.take_snapshot(version=scene.version, now=now)
    update_language_model(language_model=scene.models[0], name="A better name")
    assert snapshots.verify_snapshot(snapshot=snapshot).verified
