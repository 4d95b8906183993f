"""The two requests of a judgment stay cheap: few statements, as many in a large study as in a small."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from judging.models import Assignment
from judging.services.assignments import expire_leases
from judging.tasks import expire_leases as expire_leases_task
from tests.scenarios import DEFAULT, published_study


def statements(work) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert work().status_code in {200, 201}
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return [one["sql"] for one in captured.captured_queries if not one["sql"].startswith(control)]


@pytest.mark.parametrize("prompts", [2, 12])
def test_a_judgment_takes_few_statements_whatever_the_size(db, client_of, prompts):
    scene = published_study(prompts=prompts, criteria=DEFAULT)
    client = client_of(scene.bob.user)
    client.get("/api/v1/studies/open/")  # the token's time of use is written once in minutes

    def submit():
        url = f"/api/v1/assignments/{token}/judgment/"
        return client.post(url, scene.body, format="json")

    shown = statements(lambda: client.post(scene.url))
    token = Assignment.objects.get().token
    submitted = statements(submit)
    # the token, the desk, a candidate (twice where few are left); texts, place, assignment, lean
    assert len(shown) <= 8
    # the token, the assignment; its state, the judgment, three votes
    assert len(submitted) <= 7


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_on_postgresql_each_request_is_a_handful_of_messages(client_of):
    scene = published_study(prompts=12, criteria=DEFAULT)
    client = client_of(scene.bob.user)
    client.get("/api/v1/studies/open/")
    shown = statements(lambda: client.post(scene.url))
    token = Assignment.objects.get().token
    url = f"/api/v1/assignments/{token}/judgment/"
    submitted = statements(lambda: client.post(url, scene.body, format="json"))
    assert (len(shown), len(submitted)) == (4, 3)


def test_the_task_gives_back_what_ran_out(scene, bob_client):
    bob_client.post(scene.url)
    assert expire_leases_task() == 0
    Assignment.objects.update(expires_at=timezone.now())
    assert expire_leases_task() == 1
    assert expire_leases(now=timezone.now()) == 0
    assert Assignment.objects.get().state == "expired"
