"""Lists ask the database as often for 50 rows as for 2."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services.invitations import create_invitation
from judging.services.studies import create_study
from models_registry.models import Completion, GenerationRun
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
