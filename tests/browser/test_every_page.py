"""Every page, as everybody who may see it, in light, dark and on a phone.

Each must answer, say nothing in the console, break no content security policy, ask nothing of
other machines (all three: `page_of`), fit the width, be small, and please axe-core.
"""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.architecture.rights import RIGHTS
from tests.everything import NOT_PAGES, PEOPLE, Everything, make_everything
from tests.routes import Route, named_routes

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
LOOKS = {
    "light": {"width": 1280},
    "dark": {"width": 1280, "dark": True},
    "phone": {"width": 390, "height": 844},
}
MOST_BYTES = 150_000


def pages_of(rights: set[str]) -> Iterator[Route]:
    for route in named_routes():
        right = RIGHTS[route.name].get("GET")
        if right in rights and not route.is_api and route.name not in NOT_PAGES:
            yield route


@pytest.fixture
def everything(settings, tmp_path) -> Everything:
    settings.EXPORT_DIR = tmp_path
    return make_everything(now=timezone.now())


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_is_sound(everything, page_of, violations, person, look):
    page = page_of(everything.people.get(person), **LOOKS[look])
    wrong = []
    for route in pages_of(PEOPLE[person]):
        answer = page.goto(everything.address(route, coded=person == "dave"))
        if not answer.ok:
            wrong.append(f"{route.name}: {answer.status}")
        if len(answer.body()) > MOST_BYTES:
            wrong.append(f"{route.name}: {len(answer.body())} bytes")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > LOOKS[look]["width"]:
            wrong.append(f"{route.name}: {width} pixels wide")
        wrong += [f"{route.name}: {one}" for one in violations(page)]
    assert not wrong, "\n".join(wrong)
