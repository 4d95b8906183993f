"""How far blinding held: indices from what raters said, style, a check without who may have known."""

import pytest

from judging.models import BlindingGuess, UnblindingEvent
from tests.ratings.studies import START, Given, build_study, make_raters, submit

pytestmark = pytest.mark.django_db
API = "/api/v1/studies/birds/blinding/"
PAGE = "/studies/birds/blinding/"


@pytest.fixture
def guessed():
    """Of four raters one always knows, two guess wrongly, one does not know; the knower loves ants."""
    built = build_study(prompts=8, guessing={"answers": 4, "decoys": ["Dodo", "Emu"]})
    raters = make_raters(4)
    given = [
        Given(
            rater,
            comparison,
            swapped=bool((at + number) % 2),
            values={"helpfulness": _value(number, at, comparison, built)},
        )
        for number, rater in enumerate(raters)
        for at, comparison in enumerate(built.comparisons)
    ]
    judgments = submit(built, given)
    for number in range(4):
        mine = [one.assignment for one in judgments if one.assignment.rater == raters[number]]
        for at, assignment in enumerate(mine[:6]):
            BlindingGuess.objects.create(
                assignment=assignment,
                about_first=bool(at % 2),
                **_guess(number, assignment, bool(at % 2), built),
                at=START,
            )
    return built, raters


def _value(number, at, comparison, built):
    if number == 0 and built.models[0].pk == comparison.pair.first_model_id:
        return "b" if (at + number) % 2 else "a"
    return ("a", "b", "tie", "b", "a")[(at * 3 + number) % 5]


def _guess(number, assignment, about_first, built) -> dict:
    pair = assignment.comparison.pair
    wrote = pair.first_model_id if about_first else pair.second_model_id
    if number == 0:
        return {"language_model_id": wrote}
    if number == 3:
        return {}
    return {"decoy": "Dodo"} if number == 1 else {"language_model_id": _other(wrote, built)}


def _other(wrote, built) -> int:
    return next(one.pk for one in built.models if one.pk != wrote)


def test_the_report_counts_what_was_said_of_whom(guessed, client_of, alice):
    _, raters = guessed
    found = client_of(alice).get(API).json()
    assert (found["asked_raters"], found["names"]) == (4, 5)
    whole = found["bang"]
    assert [whole[name] for name in ("answers", "right", "wrong", "unknown")] == [24, 6, 12, 6]
    assert whole["value"] == pytest.approx((6 - 12 / 4) / 24)
    assert whole["lower"] < whole["value"] < whole["upper"]
    assert sum(one["bang"]["right"] for one in found["models"]) == 6
    assert found["suspected"] == [raters[0].pseudonym]
    (part,) = found["sensitivity"]
    assert part["votes"] - part["votes_without"] == 24
    ant = next(row for row in part["rows"] if row["model"] == "ant")
    assert ant["change"] < 0
    assert ant["name"] == "Ant"
    assert found["style"]["accuracy"] > 0.9


def test_the_page_says_so_and_both_are_written_down(guessed, client, client_of, alice):
    client.force_login(alice)
    page = client.get(PAGE).content.decode()
    assert "A check, not a board" in page
    assert page.count("<bdi>Ant</bdi>") == 3  # in each table, as boards name it
    assert "6 times rightly" in page
    client_of(alice).get(API)
    paths = UnblindingEvent.objects.order_by("pk").values_list("path", flat=True)
    assert list(paths) == ["blinding", "api-blinding"]


def test_researchers_see_codes_while_the_study_is_open(guessed, client, client_of, dave):
    client.force_login(dave)
    shown = client.get(PAGE).content.decode() + client_of(dave).get(API).content.decode()
    assert "model-1" in shown
    assert "<bdi>Ant</bdi>" not in shown
    assert "ant" not in shown.replace("relevant", "").replace("meant", "").replace("want", "")


def test_raters_see_nothing_of_it(guessed, client_of):
    _, raters = guessed
    assert client_of(raters[0].user).get(API).status_code == 403
    assert not UnblindingEvent.objects.exists()


def test_a_study_blind_for_everybody_keeps_it_until_it_is_closed(client_of, alice):
    build_study(reveal="after_closing")
    assert client_of(alice).get(API).json()["code"] == "blind_until_closed"


def test_nobody_asked_is_no_error(client, client_of, alice):
    build_study(prompts=3)
    found = client_of(alice).get(API).json()
    assert (found["bang"], found["style"], found["sensitivity"]) == (None, None, [])
    client.force_login(alice)
    assert "does not ask raters" in client.get(PAGE).content.decode()
