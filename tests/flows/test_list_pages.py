"""Lists ask the database as often for 50 rows as for 2."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services import issue_token
from accounts.services.consent import PARTS, give_consent, publish_consent
from accounts.services.holds import hold_rater, release_rater
from accounts.services.invitations import create_invitation
from judging.services.studies import create_study
from models_registry.models import (
    Completion,
    DriftNotice,
    GenerationRun,
    LanguageModel,
    ModelPrice,
)
from prompts.models import Prompt, PromptPoolVersion
from ratings.models import ExportFile
from ratings.services.snapshots import take_snapshot
from tests.ratings.studies import build_study, judge_at_random, make_raters
from tests.scenarios import make_models, make_pool, make_rater, published_study

FEW, MANY = 2, 50


def grow(alice, start, stop) -> None:
    """Add pools, endpoints, models, runs, raters, invitations and studies of these numbers."""
    for number in range(start, stop):
        version = make_pool(prompts=1, slug=f"pool-{number}")
        model = make_models(1, canary=f"grown-{number}")[0]
        run = GenerationRun.objects.create(pool_version=version, created_by=alice)
        run.language_models.set([model])
        Completion.objects.create(
            language_model=model, prompt=version.prompts.get(), run=run, state="failed"
        )
        make_rater(f"rater-{number}")
        create_invitation(created_by=alice, now=timezone.now(), note=str(number))
        create_study(slug=f"study-{number}", name=f"Study {number}", created_by=alice)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/pools/",
        "/pools/pool-study/versions/",
        "/models/",
        "/endpoints/",
        "/runs/",
        "/runs/new/",
        "/models/import/",
        "/models/new/",
        "/raters/",
        "/raters/invitations/",
        "/api/v1/raters/",
        "/api/v1/invitations/",
        "/studies/study/",
        "/studies/study-0/set-up/material/",
    ],
)
def test_as_many_queries_for_50_rows_as_for_2(client, db, path):
    alice = published_study().alice
    client.force_login(alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        assert answer.status_code == 200
        return len(asked)

    grow(alice, 0, FEW)
    queries()
    few = queries()
    grow(alice, FEW, MANY)
    assert queries() == few


def test_a_run_of_many_models_asks_as_often_as_one_of_few(client, db):
    scenario = published_study()
    client.force_login(scenario.alice)
    run = GenerationRun.objects.create(pool_version=scenario.pool_version)

    def queries(models) -> int:
        run.language_models.set(models)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/runs/{run.pk}/").status_code == 200
        return len(asked)

    few = queries(scenario.models)
    assert queries([*scenario.models, *make_models(20, canary="more")]) == few


def deepen(scene, start, stop) -> None:
    """Add what one pool, model, rater, admin and account has many of, and studies to judge."""
    alice, bob, now = scene.alice, scene.bob, timezone.now()
    pool, model = scene.pool_version.pool, scene.models[0]
    for number in range(start, stop):
        PromptPoolVersion.objects.create(
            pool=pool, number=number + 2, state="published", digest="d" * 64, published_at=now
        )
        Prompt.objects.create(
            version=scene.pool_version,
            position=100 + number,
            external_id=f"more-{number}",
            messages=[{"role": "user", "content": "Why?"}],
            risk_tags=[f"tag-{number}"],
        )
        LanguageModel.objects.create(
            slug=model.slug, version=number + 2, name=model.name, endpoint=model.endpoint
        )
        ModelPrice.objects.create(
            language_model=model,
            valid_from=now.date() - timedelta(days=number),
            input_per_million=1,
            output_per_million=1,
        )
        for user in (alice, bob.user):
            issue_token(user=user, name=str(number), now=now)
        hold_rater(rater=bob, by=alice, reason="Too quick.", now=now)
        release_rater(rater=bob, by=alice, reason="Talked.", now=now)
        texts = {part: f"{part} {number}" for part in PARTS}
        consent = publish_consent(created_by=alice, texts=texts, now=now)
        give_consent(
            rater=bob, number=consent.number, languages=["en"], guidelines_read=True, now=now
        )
        more = published_study(slug=f"more-{number}", models=2, prompts=1, canary=f"more-{number}")
        more.pool_version.prompts.update(risk_tags=[f"tag-{number}"])


def test_the_page_of_one_thing_asks_as_often_however_much_belongs_to_it(client, db):
    scene = published_study()
    pages = {
        scene.alice: (
            "/pools/pool-study/versions/",
            "/pools/pool-study/versions/1/",
            f"/models/{scene.models[0]}/",
            f"/endpoints/{scene.models[0].endpoint.slug}/edit/",
            f"/raters/{scene.bob.pseudonym}/",
            f"/api/v1/raters/{scene.bob.pseudonym}/",
            "/consent/text/",
            "/api/v1/consent-texts/",
            "/account/",
        ),
        scene.bob.user: ("/judge/", "/account/", "/warnings/", "/api/v1/me/warnings/"),
    }

    def queries() -> dict[str, int]:
        counted = {}
        for user, paths in pages.items():
            client.force_login(user)
            for path in paths:
                with CaptureQueriesContext(connection) as asked:
                    assert client.get(path).status_code == 200, path
                counted[f"{user.username} {path}"] = len(asked)
        return counted

    deepen(scene, 0, FEW)
    queries()
    few = queries()
    deepen(scene, FEW, MANY)
    queries()
    assert queries() == few


def test_boards_files_raters_and_changes_ask_as_often_for_50_rows_as_for_2(client, dave, now):
    built = build_study(prompts=20)
    model = built.models[0]
    pages = [
        f"/studies/birds/{name}/" for name in ("board", "boards", "exports", "raters", "blinding")
    ] + ["/models/changes/"]
    client.force_login(dave)

    judge_at_random(built, make_raters(2), each=2)
    board, _ = take_snapshot(version=built.version, now=now)

    def grow_to(start: int, stop: int) -> None:
        judge_at_random(built, make_raters(stop - start, prefix=f"r{start}-"), each=1)
        for number in range(start, stop):
            board.pk, board.digest, board._state.adding = None, f"{number:064}", True
            board.save()
            ExportFile.objects.create(
                study_version=built.version,
                what="judgments",
                file_format="csv",
                last_judgment_id=number,
                requested_by=dave,
            )
            DriftNotice.objects.create(
                language_model=model,
                what=DriftNotice.What.FINGERPRINT,
                before="fp_1",
                after=f"fp_{number}",
                decision="same",
                decided_at=now,
                decided_by=dave,
            )

    def queries() -> dict[str, int]:
        counted = {}
        for path in pages:
            caches["process"].clear()
            with CaptureQueriesContext(connection) as asked:
                assert client.get(path).status_code == 200, path
            counted[path] = len(asked)
        return counted

    grow_to(0, FEW)
    queries()
    few = queries()
    grow_to(FEW, MANY)
    assert queries() == few
