"""The log of looks: who, when, which path and why, of one study or one person, by pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from judging.services.unblinding import record_unblinding
from tests.scenarios import published_study

URL = "/unblindings/"


@pytest.fixture
def page(client, scene, make_user):
    client.force_login(make_user("dave", "researcher"))
    return client


def look(study, user, now, *, times=1, reason="why not"):
    for _ in range(times):
        record_unblinding(study=study, user=user, path="board", reason=reason, now=now)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_nobody_looked_and_nothing_is_like_that(page, scene, now):
    assert "Nobody was shown a board or a file yet." in text(page.get(URL))
    look(scene.study, scene.alice, now)
    assert "No look is like that." in text(page.get(URL + "?user=nobody"))


def test_each_look_is_told_and_what_is_written_is_text(page, scene, now):
    look(scene.study, scene.alice, now, reason="<b>reviewer 2</b>")
    look(scene.study, None, now)
    told = text(page.get(URL))
    assert "&lt;b&gt;reviewer 2&lt;/b&gt;" in told
    assert "the command line" in told
    assert "not closed" in told
    assert f"{now:%Y-%m-%d %H:%M:%S}" in told


def test_a_study_and_a_person_narrow_it_and_its_pages(page, scene, client_of, now, make_user):
    other = published_study(slug="other", canary="other").study
    look(scene.study, scene.alice, now, times=51)
    look(scene.study, scene.bob.user, now)
    look(other, scene.alice, now)
    found = page.get(URL, {"study": "study", "user": "alice"})
    assert found.context["page"].paginator.count == 51
    assert "?study=study&amp;user=alice&amp;page=2" in text(found)
    assert len(page.get(URL, {"study": "study", "user": "alice", "page": 2}).context["page"]) == 1
    assert page.get(URL, {"user": "alice"}).context["page"].paginator.count == 52
    api = client_of(make_user("erin", "researcher"))
    assert api.get("/api/v1/studies/study/unblindings/?user=alice").json()["count"] == 51
    assert api.get("/api/v1/studies/study/unblindings/?user=").json()["count"] == 52
    assert api.get("/api/v1/studies/nope/unblindings/").status_code == 404


@pytest.mark.parametrize(
    "wanted", ["?study=%00", "?user=%00", "?page=x", "?study=a+b", "?study=" + "x" * 5000]
)
def test_odd_wishes_find_nothing_or_the_first_page(page, scene, now, wanted):
    look(scene.study, scene.alice, now)
    assert page.get(URL + wanted).status_code in {200, 400}


def test_raters_do_not_read_it(client, scene):
    client.force_login(scene.bob.user)
    assert client.get(URL).status_code == 403


def test_as_many_queries_for_50_looks_as_for_2(page, scene, now):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert page.get(URL).status_code == 200
        return len(asked)

    look(scene.study, scene.alice, now, times=2)
    queries()
    few = queries()
    look(scene.study, scene.carol.user, now, times=46)
    for number in range(2):
        look(published_study(slug=f"s{number}", canary=f"s{number}").study, scene.alice, now)
    assert queries() == few
