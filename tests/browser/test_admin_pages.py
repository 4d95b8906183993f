"""Every admin page is accessible in light, dark and on a phone, and wider than none of them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.services.holds import hold_rater
from accounts.services.invitations import create_invitation
from judging.services.studies import create_study, prepare_amendment
from models_registry.models import Completion, GenerationRun
from models_registry.services.endpoints import pause_endpoint
from prompts.models import PromptPool
from prompts.services import import_prompts
from prompts.services.uploads import keep_upload
from tests.scenarios import make_models, published_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1280, False), (1280, True), (390, False)]
ROWS = b'{"prompt": "Hi?", "risk_tags": ["violence"]}\n{"prompt": ""}\n{"prompt": "Hi!"}\n'
EMPTY = ["home", "pools", "pool-upload", "models", "model-new", "completions-import", "endpoints"]
EMPTY += ["runs", "run-new", "raters", "invitations", "consent-text", "study-new"]


def open_all(page, violations, addresses, width) -> None:
    wrong = []
    for address in addresses:
        page.goto(address)
        wrong += [f"{address}: {one}" for one in violations(page)]
        reach = page.evaluate("document.documentElement.scrollWidth")
        if reach > width:
            wrong.append(f"{address}: {reach} px wide")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_pages_of_an_empty_installation(page_of, violations, alice, width, dark):
    page = page_of(alice, width=width, dark=dark)
    open_all(page, violations, [reverse(name) for name in EMPTY], width)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_pages_with_something_on_them(page_of, violations, width, dark):
    scenario = published_study(slug="study")
    addresses = _everything(scenario)
    open_all(page_of(scenario.alice, width=width, dark=dark), violations, addresses, width)


def _everything(scenario) -> list[str]:
    """Fill an installation, and return the addresses of all admin pages in it."""
    alice, now = scenario.alice, timezone.now()
    pool = PromptPool.objects.create(slug="mine", name="سؤال", description="A pool of my own.")
    import_prompts(pool=pool, data=b'{"turns": ["Hi?", "Why?"]}', filename="a.jsonl")
    uploads = [
        keep_upload(data=data, filename=name, pool=where, created_by=alice, now=now)
        for name, data, where in [
            ("rows.jsonl", ROWS, None),
            ("odd.csv", b"ask,kind\nWhy?,science\n", pool),
            ("empty.csv", b"", None),
        ]
    ]
    model = scenario.models[0]
    pause_endpoint(endpoint=model.endpoint, reason="The key was refused.", now=now)
    run = GenerationRun.objects.create(pool_version=scenario.pool_version, created_by=alice)
    run.language_models.set(scenario.models)
    Completion.objects.filter(language_model=model).update(
        state="failed",
        outcome="",
        run=run,
        last_error="denied",
        last_error_message="The endpoint refused the key " + "x" * 200,
    )
    create_study(slug="drafted", name="Drafted", created_by=alice)
    prepare_amendment(study=scenario.study, changes={"guidelines": "Be kind."})
    make_models(1, canary="unused")
    create_invitation(created_by=alice, now=now, note="The team", max_uses=20, languages=["en"])
    hold_rater(rater=scenario.carol, by=alice, reason="Too quick.", now=now)
    steps = ("material", "design", "cohorts", "criteria", "rules", "checks", "review")
    return [
        *(reverse(name) for name in EMPTY),
        *(reverse("pool-preview", args=[one.pk]) for one in uploads),
        reverse("pool", args=["mine"]),
        reverse("pool-version", args=["mine", 1]),
        reverse("pool-references", args=["mine", 1]),
        reverse("pool-version", args=["pool-study", 1]),
        "/models/new/?preset=gpt-4",
        reverse("model", args=[model]),
        reverse("model-edit", args=["unused-0@1"]),
        reverse("model-new-version", args=[model]),
        reverse("endpoint", args=[model.endpoint.slug]),
        reverse("run", args=[run.pk]),
        reverse("study", args=["study"]),
        reverse("study-close", args=["study"]),
        reverse("study-discard", args=["study"]),
        reverse("study-cohorts", args=["study"]),
        *(reverse("study-step", args=["study", step]) for step in steps),
        *(reverse("study-step", args=["drafted", step]) for step in ("about", *steps)),
        reverse("study-preview", args=["study"]),
        reverse("rater", args=[scenario.carol.pseudonym]),
    ]
