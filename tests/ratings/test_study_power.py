"""What a study could show, before it is published: the service, the API and the command."""

import json

import pytest
from django.core.management import CommandError, call_command

from core.errors import Invalid
from judging.services import studies
from prompts.models import Prompt
from ratings.services.power import Assumptions, power_of, study_power
from tests.ratings.studies import build_study

POWER = "/api/v1/studies/birds/power/"
pytestmark = pytest.mark.django_db


def of(**more):
    sizes = {"votes": 3000, "models": 5, "prompts": 200, "margin": 0.05}
    given = {name: more.pop(name) for name in list(more) if name not in sizes}
    return power_of(**(sizes | more), assumptions=Assumptions(**given))


def test_a_published_study_is_measured_by_its_next_version():
    built = build_study(prompts=30)
    found = study_power(study=built.study, assumptions=Assumptions())
    planned = studies.plan_study(study=built.study).numbers
    assert (found.votes, found.models, found.prompts) == (planned.judgments, 3, 30)
    assert 0.5 < found.detectable_win_rate < 1


def test_more_votes_raters_and_prompts_show_more():
    usual = of().detectable_win_rate
    assert of(votes=6000).detectable_win_rate < usual
    assert of(raters=200).detectable_win_rate < usual
    assert of(prompts=1000).detectable_win_rate < usual
    assert (
        of(tie_share=0.0, rater_correlation=0.0, prompt_correlation=0.0).detectable_win_rate < usual
    )


def test_what_is_needed_is_what_would_be_found():
    needed = of(raters=100).difference
    assert of(raters=100, votes=needed.total).detectable_win_rate == pytest.approx(0.55, abs=1e-3)


def test_few_prompts_cannot_be_made_up_for():
    found = of(prompts=3, models=2)
    assert found.difference.total is None
    assert found.difference.why_not == "prompts"


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_a_margin_of_nothing_or_everything_needs_no_number(margin):
    found = of(margin=margin)
    assert (found.difference, found.equivalence) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"votes": 0},
        {"models": 1},
        {"prompts": 0},
        {"margin": 0.6},
        {"raters": 0},
        {"tie_share": 1.0},
        {"power": 1.0},
        {"prompt_correlation": -0.1},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(Invalid):
        of(**wrong)


def test_the_api_says_it_to_readers(dave, client_of):
    build_study(prompts=30)
    found = client_of(dave).get(POWER, {"raters": 40}).json()
    assert found["assumptions"]["raters"] == 40
    assert found["votes"] > 0
    assert client_of(dave).get(POWER, {"raters": "many"}).status_code == 400
    assert client_of(dave).get(POWER, {"raters": 0}).status_code == 400
    assert client_of(dave).get("/api/v1/studies/none/power/").status_code == 404


def test_the_command_says_it_of_a_study_and_of_numbers(capsys):
    build_study(prompts=30)
    call_command("plan_votes", "birds")
    said = capsys.readouterr().out
    assert "expected win rate of" in said
    assert "Left out" not in said
    Prompt.objects.filter(position__lt=4).update(criteria=["foo"])
    call_command("plan_votes", "birds")
    assert "Left out of the pool: 4 prompts" in capsys.readouterr().out
    call_command("plan_votes", votes=3000, models=5, prompts=200, format="json")
    assert json.loads(capsys.readouterr().out)["detectable_win_rate"] == of().detectable_win_rate
    call_command("plan_votes", votes=3000, prompts=3)
    assert "so few prompts" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [{}, {"votes": 0}])
def test_the_command_says_what_is_wrong(wrong):
    with pytest.raises(CommandError):
        call_command("plan_votes", **wrong)
    with pytest.raises(CommandError, match="no study"):
        call_command("plan_votes", "nowhere")
