"""A run's pages: estimate, budget, progress, failures by cause, pause, resume, cancel."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from models_registry.models import Completion, GenerationRun, ModelEndpoint
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


def test_nothing_is_wrong_before_a_pool_is_chosen(page, make_pool, model):
    make_pool(3)
    filling_in = {"pool_version": "", "language_models": [model.pk], "samples": 1}
    shown = text(page.get("/runs/new/", filling_in, HTTP_HX_REQUEST="true"))
    assert "required" not in shown
    assert "Choose prompts and models" in shown


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
        {"kind": "bad_reply", "state": "pending", "count": 6, "example": "x"},
        {"kind": "timeout", "state": "pending", "count": 3, "example": "y"},
        {"kind": "bad_reply", "state": "leased", "count": 2, "example": "z"},
        {"kind": "bad_reply", "state": "cancelled", "count": 4, "example": "v"},
        {"kind": "timeout", "state": "failed", "count": 1, "example": "w"},
    ]
    lines = [
        (one["kind"], one["failed"], one["count"], one["example"]) for one in _by_cause(failures)
    ]
    assert lines == [
        ("timeout", True, 1, "w"),
        ("bad_reply", False, 8, "x"),
        ("timeout", False, 3, "y"),
    ]
    assert [one["count"] for one in failures] == [6, 3, 2, 4, 1]


def test_causes_are_grouped_before_they_are_cut_and_the_rest_is_counted(
    page, model, make_pool, now
):
    run = start_run(pool_version=make_pool(20), language_models=[model], now=now).run
    kinds = ["timeout", "connection", "unavailable", "bad_reply", "missed_turn", "rate_limited"]
    # Each waits and is being tried: twelve lines as they are stored, six as people read them.
    cells = iter(Completion.objects.order_by("pk"))
    for state in ("pending", "leased"):
        for kind in kinds:
            one = next(cells)
            one.state, one.last_error, one.last_error_message = state, kind, "It said so."
            one.leased_until = now + timedelta(hours=1) if state == "leased" else None
            one.save()
    shown = text(page.get(f"/runs/{run.pk}/"))
    lines = {kind: shown.count(f'class="wrap">{CAUSES[kind]}<') for kind in kinds}
    assert lines == dict.fromkeys(kinds, 1) | {"rate_limited": 0}
    assert "1 more cause (answers: 2)" in shown


def test_a_rest_says_when_it_is_tried_by_itself_and_is_ended_from_the_runs_page(
    page, run, endpoint
):
    until = timezone.now() + timedelta(seconds=20)
    ModelEndpoint.objects.update(
        resting_until=until, rest_reason="8 calls in a row failed.", failures_in_a_row=8
    )
    told = text(page.get(f"/runs/{run.pk}/"))
    assert "8 calls in a row failed." in told
    assert f"By itself one call tries it at {until:%H:%M:%S} UTC" in told
    assert re.search(r"In (19|20) s\.", told)
    for address in ("/endpoints/", "/endpoints/fake/edit/"):
        assert "Try now" in text(page.get(address))
    answer = page.post("/endpoints/fake/try-now/", {"run": run.pk}, follow=True)
    assert answer.redirect_chain == [(f"/runs/{run.pk}/", 302)]
    assert "is tried now" in text(answer)
    assert "Try now" not in text(answer)
    again = page.post("/endpoints/fake/try-now/", {"run": "//else.example"}, follow=True)
    assert again.redirect_chain == [("/endpoints/", 302)]
    assert "rests no longer" in text(again)


def test_an_endpoint_that_asked_for_fewer_calls_is_called_again_by_itself(page, run, dave):
    until = timezone.now() + timedelta(minutes=5)
    ModelEndpoint.objects.update(resting_until=until, rest_reason="Slower.")
    told = text(page.get(f"/runs/{run.pk}/"))
    assert f"By itself it is called again at {until:%H:%M:%S} UTC" in told
    page.force_login(dave)
    looked = text(page.get(f"/runs/{run.pk}/"))
    assert "Slower." in looked
    assert "Try now" not in looked


def test_a_pause_is_lifted_from_the_endpoints_own_page(page, endpoint):
    ModelEndpoint.objects.update(paused_at=timezone.now(), pause_reason="The key is refused.")
    assert "/endpoints/fake/resume/" in text(page.get("/endpoints/fake/edit/"))
