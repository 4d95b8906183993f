"""Agreement by slice, how each rater judged, and holds by a rule that was frozen before anybody knew."""

import re
from datetime import timedelta

import pytest

from core.errors import Conflict, Invalid
from judging.models import Assignment, GoldComparison, Judgment, RaterFinding, UnblindingEvent
from judging.scales import scale_of
from judging.services.checks import make_gold
from judging.services.studies import amend_study
from ratings.dataset.ballots import latest_judgment_id, read_board_input
from ratings.services.rater_quality import _movers, apply_rule
from tests.ratings.studies import START, Given, build_study, make_raters, submit, vote_of

pytestmark = pytest.mark.django_db
API = "/api/v1/studies/birds/"
PAGE = "/studies/birds/raters/"
RULE = {"checks": ["gold", "position", "time"], "level": 0.01}


@pytest.fixture
def judged():
    """Six raters judge all; the last always says left."""
    built = build_study(prompts=10, holds=RULE)
    raters = make_raters(6)
    given = [
        Given(
            rater,
            comparison,
            swapped=bool((at + number) % 2),
            values={"helpfulness": _said(number, at)},
        )
        for number, rater in enumerate(raters)
        for at, comparison in enumerate(built.comparisons)
    ]
    submit(built, given)
    Assignment.objects.update(created_at=START)
    return built, raters


def _said(number: int, at: int) -> str:
    if number == 5:
        return "a"
    wanted = "tie" if at % 7 == number else ("first", "first", "second")[(at * 5 + number) % 3]
    swapped = bool((at + number) % 2)
    return {"tie": "tie", "first": "ba"[not swapped], "second": "ab"[not swapped]}[wanted]


def add(built, rater, comparison, value, purpose) -> None:
    """One more judgment, beside the plan."""
    assignment = Assignment.objects.create(
        comparison=comparison,
        rater=rater,
        study=built.study,
        study_version=built.version,
        state="judged",
        purpose=purpose,
        swapped=False,
        swap_probability=0.5,
        expires_at=START,
    )
    judgment = Judgment.objects.create(
        assignment=assignment, submitted_at=START + timedelta(days=1), body_digest="b" * 64
    )
    vote_of(judgment, "helpfulness", value, scale_of("four_way"), swapped=False).save()


def row_of(found, rater) -> dict:
    return next(one for one in found["raters"] if one["rater"] == rater.pseudonym)


def test_agreement_is_told_by_criterion_and_slice_with_intervals(judged, client_of, dave):
    (one,) = client_of(dave).get(API + "agreement/").json()
    assert one["key"] == "helpfulness"
    whole = one["table"][0]
    assert (whole["slice"], whole["comparisons"], whole["raters"]) == ("", 30, 6)
    for name in ("percent", "alpha", "alpha_ordinal", "kappa", "ac1", "ac2"):
        assert whole[name]["lower"] < whole[name]["value"] < whole[name]["upper"], name
    assert whole["cohen_kappa"] is None  # six raters


def test_habits_gold_and_repeats_are_told_of_each_rater(judged, client_of, dave):
    built, raters = judged
    lefty, other = raters[5], raters[0]
    for at, comparison in enumerate(built.comparisons[:4]):
        GoldComparison.objects.create(
            comparison=comparison, answers={"helpfulness": "first"}, reason="known"
        )
        add(built, other, comparison, "b" if at == 3 else "a", "gold")
    add(built, lefty, built.comparisons[0], "a", "repeat")
    add(built, lefty, built.comparisons[1], "a", "repeat")
    found = client_of(dave).get(API + "raters/").json()
    row = row_of(found, lefty)
    assert (row["votes"], row["left"], row["ties"], row["held"]) == (30, 1, 0, False)
    # Swapped the one time, and not the other: always left is a repeat of one of the two.
    assert row["repeats"] == {"right": 1, "of": 2}
    assert row["scores"]["position"] > 3
    assert "position" in row["flags"]
    assert row_of(found, other)["gold"] == {"right": 3, "of": 4}
    assert row_of(found, other)["seconds"] == 1
    assert row_of(found, other)["words_per_second"] > 5
    assert row["influence_on"].startswith("model-")
    assert found["movers"]["raters"] == sum(
        abs(one["influence"] or 0) > found["movers"]["beyond"] for one in found["raters"]
    )
    moves = [abs(one["influence"] or 0) for one in found["raters"]]
    assert abs(found["movers"]["most"]["influence"]) == max(moves)
    assert found["gold"] == 4


def test_the_page_says_how_many_move_a_model_far_and_who_does_most(judged, client, dave):
    client.force_login(dave)
    html = client.get(PAGE).content.decode()
    assert re.search(
        r"\d of 6 raters each move a model by more than 2\.5 Elo points, the most R-\w+", html
    )
    assert _movers([{"influence": 2.4}, {"influence": None}]) is None
    assert _movers([{"influence": -2.6}, {"influence": 1.0}]) == {
        "raters": 1,
        "beyond": 2.5,
        "most": {"influence": -2.6},
    }


def test_the_rule_holds_whom_it_finds_and_all_can_be_counted_again(judged, client_of, alice):
    built, raters = judged
    api, lefty = client_of(alice), raters[5]
    before = len(read_board_input(built.version, up_to=10**9).ballots["helpfulness"].outcome)
    (held,) = api.post(API + "holds/").json()
    assert (held["rater"], held["checks"]) == (lefty.pseudonym, ["position"])
    assert (held["judgments"], held["by"], len(held["code"])) == (30, "alice", 64)
    line = Judgment.objects.filter(kind="exclusion").first()
    assert (line.by, line.reason) == (alice, "rule of version 1: position")
    last = latest_judgment_id(built.version)
    assert len(read_board_input(built.version, up_to=last).ballots["helpfulness"].outcome) == 150
    found = api.get(API + "raters/").json()
    assert row_of(found, lefty)["held"] is True
    (part,) = found["sensitivity"]
    assert (part["votes"], part["votes_without"]) == (before, 150)
    # Again finds nobody new.
    assert api.post(API + "holds/").json() == []
    body = {"rater": lefty.pseudonym, "reason": "the mouse was broken", "restore": True}
    assert api.post(API + "exclusions/", body, format="json").json() == {"judgments": 30}
    assert row_of(api.get(API + "raters/").json(), lefty)["held"] is False
    assert api.get(API + "holds/").json()["count"] == 1
    assert RaterFinding.objects.count() == 1


def test_the_page_shows_it_and_its_buttons_work(judged, client, alice, dave):
    _, raters = judged
    client.force_login(dave)
    shown = client.get(PAGE).content.decode()
    assert "Apply the rule now" not in shown
    assert "model-1" in shown
    client.force_login(alice)
    assert "Apply the rule now" in client.get(PAGE).content.decode()
    assert "1 rater is left out" in client.post(f"{PAGE}hold/", follow=True).content.decode()
    page = client.get(PAGE).content.decode()
    assert f"Count {raters[5]} again because" in page
    body = {"rater": raters[5].pseudonym, "reason": "looked at"}
    assert "counts again" in client.post(f"{PAGE}restore/", body, follow=True).content.decode()
    refused = client.post(f"{PAGE}restore/", body | {"reason": ""}, follow=True)
    assert "Give a reason" in refused.content.decode()
    promoted = client.post(f"{PAGE}gold/", follow=True).content.decode()
    assert f"{GoldComparison.objects.count()} comparison" in promoted


def test_without_a_rule_nobody_is_held(client_of, alice):
    built = build_study()
    with pytest.raises(Conflict):
        apply_rule(version=built.version, by=alice, now=START)
    answer = client_of(alice).post(API + "holds/")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_rule")


def test_the_rule_is_fixed_once_somebody_was_shown_who_is_ahead(judged, client, alice):
    built, _ = judged
    client.force_login(alice)
    client.get(PAGE)
    assert UnblindingEvent.objects.exists()
    with pytest.raises(Invalid) as refused:
        amend_study(study=built.study, changes={"holds": {"checks": ["ties"]}}, now=START)
    assert [one.column for one in refused.value.errors] == ["holds"]


def test_only_checks_that_the_rule_names_hold(client_of, alice):
    built = build_study(prompts=10, holds={"checks": ["gold"]})
    raters = make_raters(6)
    submit(
        built,
        [
            Given(r, c, swapped=bool((at + n) % 2), values={"helpfulness": _said(n, at)})
            for n, r in enumerate(raters)
            for at, c in enumerate(built.comparisons)
        ],
    )
    assert client_of(alice).post(API + "holds/").json() == []


def test_a_study_nobody_judged_has_a_page(client, alice):
    build_study()
    client.force_login(alice)
    page = client.get(PAGE).content.decode()
    assert "Nobody has judged yet" in page
    assert "No comparison was judged by two raters yet" in page
    assert "There are none. A gold comparison" in page


def test_the_page_lists_gold_with_its_known_answer_and_retires_it(judged, client, alice, dave):
    built, _ = judged
    comparison = built.comparisons[0]
    made = make_gold(
        comparison=comparison, answers={"helpfulness": "first"}, by=alice, reason="A known fact."
    )
    client.force_login(alice)
    page = " ".join(client.get(PAGE).content.decode().split())
    assert "A known fact." in page
    assert f"Helpfulness: <bdi>{comparison.first.language_model.name}</bdi>" in page
    assert "The protocol shows none" in page
    retire = f"{PAGE}gold/{comparison.pk}/retire/"
    assert f'action="{retire}"' in page
    client.force_login(dave)
    page = client.get(PAGE).content.decode()
    assert "A known fact." in page
    assert comparison.first.language_model.name not in page
    assert retire not in page
    client.force_login(alice)
    assert "Retired" in client.post(retire, follow=True).content.decode()
    assert retire not in client.get(PAGE).content.decode()
    made.refresh_from_db()
    assert made.retired_at
    assert client.post(f"{PAGE}gold/{built.comparisons[1].pk}/retire/").status_code == 404
