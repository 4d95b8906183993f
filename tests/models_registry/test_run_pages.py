"""A run's pages: estimate, budget, progress, failures by cause, pause, resume, cancel."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from models_registry.models import Completion, GenerationRun
from models_registry.providers.base import ProviderError
from models_registry.services.language_models import register_language_model, set_price
from models_registry.services.runs import start_run
from models_registry.views.runs import CAUSES, _by_cause


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def run(make_pool, model, now):
    return start_run(pool_version=make_pool(4), language_models=[model], now=now).run


def text(answer) -> str:
    return answer.content.decode()


def price(model) -> None:
    one = Decimal(1000)
    set_price(
        language_model=model,
        valid_from=date(2020, 1, 1),
        input_per_million=one,
        output_per_million=one,
    )


def wanted(version, model, **more) -> dict:
    return {"pool_version": version.pk, "language_models": [model.pk], "samples": 1, **more}


def test_the_only_pool_is_chosen_and_the_cost_is_told_first(page, make_pool, model):
    version = make_pool(3)
    price(model)
    first = page.get(f"/runs/new/?model={model}")
    assert first.context["form"]["pool_version"].value() == version.pk
    assert first.context["form"]["language_models"].value() == [model.pk]
    told = text(page.get("/runs/new/", wanted(version, model)))
    assert "<strong>3</strong> answers to generate" in told
    assert "expected" in told
    assert not GenerationRun.objects.exists()


def test_what_was_missing_is_no_longer_said_once_it_is_chosen(page, make_pool, model):
    version = make_pool(3)
    refused = page.post("/runs/new/", {"pool_version": version.pk, "samples": 1})
    assert "Choose at least one model." in text(refused)
    htmx = {"HTTP_HX_REQUEST": "true"}
    cleared = '<div id="models-wrong" hx-swap-oob="true"></div>'
    assert cleared not in text(page.get("/runs/new/", {"pool_version": version.pk}, **htmx))
    assert cleared in text(page.get("/runs/new/", wanted(version, model), **htmx))


def test_calls_that_are_more_than_answers_say_why(page, make_pool, model):
    talks = make_pool([["Hello?", "And then?"]])
    told = text(page.get("/runs/new/", wanted(talks, model)))
    assert "<strong>2</strong> calls: each turn of a conversation is one" in told
    assert "each turn" not in text(page.get("/runs/new/", wanted(make_pool(2, "more"), model)))


def test_a_run_starts_with_a_budget(page, make_pool, model):
    version = make_pool(3)
    price(model)
    started = page.post("/runs/new/", wanted(version, model, cost_limit="2.50"))
    run = GenerationRun.objects.get()
    assert started["Location"] == f"/runs/{run.pk}/"
    assert run.cost_limit == Decimal("2.50")
    assert "$2.50" in text(page.get(started["Location"]))


def test_a_budget_without_prices_says_what_is_missing(page, make_pool, model):
    refused = page.post("/runs/new/", wanted(make_pool(3), model, cost_limit="2.50"))
    assert refused.status_code == 400
    assert "has no price" in text(refused)
    assert not GenerationRun.objects.exists()


def test_a_run_that_spent_its_budget_says_so_and_goes_on_with_more(page, run, model):
    price(model)
    reason = "Its limit of $1.00 is reached. Raise it to go on."
    GenerationRun.objects.update(state="paused", pause_reason=reason, cost_limit=1)
    assert reason in text(page.get(f"/runs/{run.pk}/"))
    page.post(f"/runs/{run.pk}/budget/", {"cost_limit": "5"})
    run.refresh_from_db()
    assert (run.state, run.cost_limit) == ("running", 5)


@pytest.mark.parametrize("amount", ["-1", "a lot", "1e400", "NaN"])
def test_an_amount_that_is_none_changes_nothing(page, run, amount):
    assert page.post(f"/runs/{run.pk}/budget/", {"cost_limit": amount}).status_code == 400
    run.refresh_from_db()
    assert run.cost_limit is None


def test_failures_are_grouped_by_cause_and_tried_again(page, run):
    keys = list(Completion.objects.values_list("pk", flat=True))
    for part, kind in ((keys[:3], "rejected"), (keys[3:], "timeout")):
        Completion.objects.filter(pk__in=part).update(
            state="failed", last_error=kind, last_error_message=f"It said {kind}."
        )
    shown = text(page.get(f"/runs/{run.pk}/"))
    assert "It said rejected." in shown
    assert "It said timeout." in shown
    assert '<th scope="row" class="wrap">The endpoint rejected the request</th>' in shown
    assert '<th scope="row" class="wrap">No answer in time</th>' in shown
    assert "Try all again" in shown
    page.post(f"/runs/{run.pk}/retry/", {"error": "rejected"})
    assert Completion.objects.filter(state="pending").count() == 3
    page.post(f"/runs/{run.pk}/retry/", {})
    assert Completion.objects.filter(state="pending").count() == 4


def test_every_kind_of_error_has_words():
    def kinds(error: type[ProviderError]) -> set[str]:
        return {error.kind}.union(*map(kinds, error.__subclasses__()))

    assert kinds(ProviderError) - {ProviderError.kind} <= CAUSES.keys()


def test_pause_resume_and_a_cancel_that_wants_the_name(page, run):
    def state() -> str:
        run.refresh_from_db()
        return run.state

    page.post(f"/runs/{run.pk}/pause/")
    assert state() == "paused"
    page.post(f"/runs/{run.pk}/resume/")
    assert state() == "running"
    assert page.post(f"/runs/{run.pk}/cancel/", {"name": "yes"}).status_code == 409
    assert state() == "running"
    page.post(f"/runs/{run.pk}/cancel/", {"name": f"run {run.pk}"})
    assert state() == "cancelled"


def test_only_a_run_that_goes_on_has_time_left(page, run):
    half = Completion.objects.order_by("pk")[:2]
    Completion.objects.filter(pk__in=[one.pk for one in half]).update(
        state="succeeded", outcome="answered", completed_at=timezone.now()
    )
    left = "<dt>Time left</dt>"
    assert left in text(page.get(f"/runs/{run.pk}/"))
    page.post(f"/runs/{run.pk}/pause/")
    assert left not in text(page.get(f"/runs/{run.pk}/"))


def test_the_moving_part_stops_asking_when_the_run_is_over(page, run):
    htmx = {"HTTP_HX_REQUEST": "true"}
    assert page.get(f"/runs/{run.pk}/", **htmx).status_code == 200
    Completion.objects.update(state="failed", last_error="denied")
    assert page.get(f"/runs/{run.pk}/", **htmx).status_code == 286


def test_researchers_watch_and_change_nothing(client, dave, run):
    client.force_login(dave)
    shown = text(client.get(f"/runs/{run.pk}/"))
    assert "Change the budget" not in shown
    for action in ("pause", "resume", "cancel", "retry", "budget"):
        assert client.post(f"/runs/{run.pk}/{action}/").status_code == 403


def test_two_models_answers_stand_side_by_side_and_only_admins_are_told_whose_they_are(
    page, make_pool, model, endpoint, drain, dave, settings, now
):
    settings.GENERATION_MONTHLY_LIMIT = 50
    other = register_language_model(
        slug="other", name="The Other", endpoint=endpoint, remote_name="fake-1"
    )
    run = start_run(pool_version=make_pool(1), language_models=[model, other], now=now).run
    drain(endpoint)
    told = text(page.get(f"/runs/{run.pk}/"))
    assert "of $50" in told
    asked = run.pool_version.prompts.get().messages[-1]["content"]
    assert asked in told.partition("Side by side")[2].partition('id="side-by-side"')[0]
    cards = told.partition('id="side-by-side"')[2].partition("</ul>")[0]
    assert model.name in cards
    assert "The Other" in cards
    page.force_login(dave)
    cards = (
        text(page.get(f"/runs/{run.pk}/")).partition('id="side-by-side"')[2].partition("</ul>")[0]
    )
    assert "echo" in cards
    assert "The Other" not in cards


def test_answers_that_are_none_are_counted_on_the_page(page, run):
    rows = run.completions.order_by("pk")
    for outcome, cell in zip(("filtered", "filtered", "cut_off", "answered"), rows, strict=True):
        Completion.objects.filter(pk=cell.pk).update(state="succeeded", outcome=outcome)
    assert "Of the answers: 2 filtered, 1 cut off." in text(page.get(f"/runs/{run.pk}/"))


def test_a_paused_run_promises_no_time(page, run):
    assert "Time left" in text(page.get(f"/runs/{run.pk}/"))
    page.post(f"/runs/{run.pk}/pause/")
    assert "Time left" not in text(page.get(f"/runs/{run.pk}/"))


def test_the_name_that_confirms_may_be_typed_as_the_heading_has_it(page, run):
    page.post(f"/runs/{run.pk}/cancel/", {"name": f"Run {run.pk}"})
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_what_waits_and_what_is_being_tried_again_is_one_line_of_a_cause():
    failures = [
        {"kind": "bad_reply", "cause": "A reply", "state": "pending", "count": 6, "example": "x"},
        {"kind": "timed_out", "cause": "No reply", "state": "pending", "count": 3, "example": "y"},
        {"kind": "bad_reply", "cause": "A reply", "state": "leased", "count": 2, "example": "z"},
    ]
    lines = [(one["cause"], one["count"], one["example"]) for one in _by_cause(failures)]
    assert lines == [("A reply", 8, "x"), ("No reply", 3, "y")]
    assert [one["count"] for one in failures] == [6, 3, 2]
