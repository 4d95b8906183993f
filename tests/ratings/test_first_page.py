"""The first page tells an admin what to do next, from an empty installation to a running study."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services.invitations import create_invitation
from judging.services.studies import create_study, publish_version
from models_registry.models import Completion, GenerationRun
from models_registry.services.endpoints import pause_endpoint
from prompts.services import create_pool, import_prompts
from prompts.services import publish_version as publish_pool
from tests.scenarios import make_completions, make_models, make_pool, protocol_for, published_study


@pytest.fixture
def first(client, alice):
    """The first page as an admin sees it: its context's next step, and its text."""
    client.force_login(alice)

    def look():
        answer = client.get("/")
        todo = answer.context["todo"]
        return (todo and todo.key), answer.content.decode()

    return look


def test_each_step_leads_to_the_next(first, alice, now):
    assert first()[0] == "prompts"
    assert "/pools/upload/" in first()[1]

    pool = create_pool(slug="mine", name="Mine")
    draft = import_prompts(pool=pool, data=b'{"prompt": "Hi?"}', filename="a.jsonl").version
    assert first()[0] == "prompts"
    assert "Publish “Mine”" in first()[1]

    publish_pool(version=draft, now=now)
    assert first()[0] == "models"
    models = make_models(1)
    assert "Connect another model" in first()[1]

    models += [make_models(1, canary="other")[0]]
    assert first()[0] == "answers"
    run = GenerationRun.objects.create(pool_version=draft)
    waiting = Completion.objects.create(
        language_model=models[0], prompt=draft.prompts.get(), run=run
    )
    assert f"Watch run {run.pk}" in first()[1]
    waiting.delete()

    make_completions(draft, models)
    assert first()[0] == "study"
    study = create_study(
        slug="s", name="A study", created_by=alice, protocol=protocol_for(draft, models)
    )
    assert "Go on with “A study”" in first()[1]

    publish_version(study=study, now=timezone.now())
    assert first()[0] == "raters"
    create_invitation(created_by=alice, now=timezone.now())
    key, text = first()
    assert key is None
    assert "The way to your first board" not in text
    assert 'href="/studies/s/"' in text


def test_what_stands_still_is_named(first, now):
    scenario = published_study()
    endpoint = scenario.models[0].endpoint
    pause_endpoint(endpoint=endpoint, reason="The key was refused.", now=now)
    run = GenerationRun.objects.create(pool_version=scenario.pool_version)
    Completion.objects.filter(language_model=scenario.models[0]).update(
        state="failed", outcome="", run=run
    )
    text = first()[1]
    assert "The key was refused." in text
    assert f'href="/runs/{run.pk}/"' in text


def test_only_boards_that_are_there_are_linked(client, dave):
    scenario = published_study()
    board = f'href="/studies/{scenario.study.slug}/board/"'
    client.force_login(dave)
    page = client.get("/").content.decode()
    assert "nobody has judged yet" in page
    assert board not in page
    _judge_one(client, scenario)
    client.force_login(dave)
    page = client.get("/").content.decode()
    assert board not in page
    take = re.search(r'action="([^"]+)"><input[^>]+><button>Take a board<', page)[1]
    assert "At a glance" in client.post(take, follow=True).content.decode()
    assert board in client.get("/").content.decode()


def test_the_name_of_a_study_leads_to_what_one_does_with_it(client, alice, dave):
    scenario = published_study()
    name = scenario.study.name
    for who in (alice, dave):
        client.force_login(who)
        page = client.get("/").content.decode()
        assert f'href="/studies/{scenario.study.slug}/">{name}</a>' in page
    _judge_one(client, scenario)
    client.force_login(dave)
    client.post(f"/studies/{scenario.study.slug}/board/take/")
    page = client.get("/").content.decode()
    assert f'href="/studies/{scenario.study.slug}/board/">{name}</a>' in page


@pytest.mark.parametrize("purpose", ["planned", "repeat", "gold", "extra"])
def test_it_counts_the_judgments_that_the_page_of_the_study_counts(client, alice, purpose):
    scenario = published_study()
    _judge_one(client, scenario)
    scenario.bob.assignments.update(purpose=purpose)
    client.force_login(alice)
    (overview,) = client.get("/").context["overviews"]
    progress = client.get(f"/studies/{scenario.study.slug}/").context["progress"]
    assert (overview.judgments, overview.wanted) == (progress.planned, progress.places)
    assert overview.judgments == (purpose == "planned")


def _judge_one(client, scenario):
    client.force_login(scenario.bob.user)
    client.get(f"/judge/{scenario.study.slug}/")
    token = scenario.bob.assignments.get().token
    client.post(f"/judge/{scenario.study.slug}/{token}/", {"quality": "1"})


def test_researchers_are_told_nothing_of_it(client, dave):
    client.force_login(dave)
    text = client.get("/").content.decode()
    assert "way to your first board" not in text
    assert "Once an admin has published one" in text


def test_any_number_of_rows_takes_as_many_queries(client, alice):
    client.force_login(alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    published_study(slug="one")
    make_pool(slug="a")
    few = queries()
    for number in range(6):
        make_pool(slug=f"b{number}")
        make_models(2, canary=f"m{number}")
        create_study(slug=f"s{number}", name="Study", created_by=alice)
    assert queries() == few
