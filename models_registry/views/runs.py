"""Generation runs: estimate, start, watch, retry, pause, resume, cancel."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import needs, scopes_of
from core.errors import Conflict, Invalid
from core.forms import add_errors
from core.pages import page_or_piece
from models_registry.forms import BudgetForm, RunForm, chosen_by_name
from models_registry.models import Completion, GenerationRun
from models_registry.pictures import spreads
from models_registry.services import runs
from models_registry.services.budgets import monthly_limit, spent_in_month
from models_registry.tasks import ring
from prompts.forms import SureForm

PAGE = 25
SHOWN_CAUSES = 5
TWO_MINUTES, TWO_HOURS = 120, 7200  # seconds
STOP_POLLING = 286  # htmx's own status
# Kinds of errors, as people say them.
CAUSES = {
    "connection": gettext_lazy("No connection"),
    "timeout": gettext_lazy("No answer in time"),
    "rate_limited": gettext_lazy("Too many calls at once"),
    "missed_turn": gettext_lazy("Not sent in time"),
    "unavailable": gettext_lazy("The endpoint was not available"),
    "bad_reply": gettext_lazy("A reply that is no answer"),
    "unstorable": gettext_lazy("Characters that cannot be stored"),
    "rejected": gettext_lazy("The endpoint rejected the request"),
    "denied": gettext_lazy("The key was not accepted"),
    "out_of_credit": gettext_lazy("No credit is left"),
    "not_found": gettext_lazy("No such model or address"),
    "redirected": gettext_lazy("The address leads elsewhere"),
    "address_refused": gettext_lazy("An address that may not be called"),
    "internal": gettext_lazy("An error of this site"),
    "abandoned": gettext_lazy("Whatever asked for it ended each time"),
}


@require_GET
@needs("read")
def index(request: HttpRequest) -> HttpResponse:
    found = (
        GenerationRun.objects.select_related("pool_version__pool")
        .prefetch_related("language_models")
        .with_counts()
        .order_by("-pk")
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    for one in page:
        one.is_over = one.n_open == 0
    context: dict[str, Any] = {"page": page, "may_manage": "manage" in scopes_of(request)}
    return render(request, "models_registry/runs.html", context)


@require_http_methods(["GET", "POST"])
@needs("manage")
def new(request: HttpRequest) -> HttpResponse:
    """Choose prompts and models; what it would cost is told before anything is asked."""
    chosen = chosen_by_name(pool=request.GET.get("pool", ""), models=request.GET.getlist("model"))
    asked = "language_models" in request.GET
    if request.htmx and not request.GET.get("pool_version"):  # type: ignore[attr-defined] # django-htmx
        asked = False  # nothing is wrong yet with a form that somebody is filling in
    form = RunForm(request.POST or (request.GET if asked else None), initial=chosen)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            context |= _estimated(form)
            if request.method == "POST":
                return _started(request, form)
        except (Invalid, Conflict) as error:
            add_errors(form, error)
    if request.htmx:  # type: ignore[attr-defined] # django-htmx
        return render(request, "models_registry/_estimate.html", context)
    status = 400 if request.method == "POST" else 200
    return render(request, "models_registry/new_run.html", context, status=status)


@require_GET
@needs("read")
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a run is; htmx asks for the moving part every two seconds until it is over."""
    shown = _run(pk)
    progress = runs.run_progress(run=shown, now=timezone.now())
    measures = runs.latest_measures(run=shown)
    arrivals = list(runs.latest_completions(run=shown))
    limit = monthly_limit()
    context: dict[str, Any] = {
        "run": shown,
        "progress": progress,
        "summary": _summary(shown, progress, measures),
        "arrivals": arrivals,
        # Of the oldest: models answer a prompt one after the other.
        "pair": runs.side_by_side(run=shown, like=arrivals[-1]) if arrivals else [],
        "asked": arrivals[-1].prompt.messages[-1]["content"] if arrivals else "",
        "month": limit and {"limit": limit, "spent": spent_in_month(now=timezone.now())},
        "sure": SureForm(label_suffix=""),
        "budget": BudgetForm(initial={"cost_limit": shown.cost_limit}),
        "may_manage": "manage" in scopes_of(request),
    }
    answer = page_or_piece(request, "models_registry/run", context)
    if request.htmx and context["summary"]["over"]:  # type: ignore[attr-defined] # django-htmx
        answer.status_code = STOP_POLLING
    return answer


@require_POST
@needs("manage")
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _moved(request, pk, runs.pause_run)


@require_POST
@needs("manage")
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _moved(request, pk, runs.resume_run)


@require_POST
@needs("manage")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """End a run whose number was typed; what is in flight is paid for and still stored."""
    SureForm(request.POST).check(f"run {pk}")
    return _moved(request, pk, runs.cancel_run)


@require_POST
@needs("manage")
def budget(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a run may cost; one that its budget had paused goes on."""
    form = BudgetForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Write the budget as a number of dollars."), code="cost_limit")
    runs.limit_cost(run=_run(pk), now=timezone.now(), **form.cleaned_data)
    ring()
    messages.success(request, _("The budget is stored."))
    return redirect("run", pk)


@require_POST
@needs("manage")
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more what failed, or only what failed with one kind of error."""
    kind = request.POST.get("error", "").replace("\0", "")  # which PostgreSQL cannot look for
    reopened = runs.retry_failed(run=_run(pk), error=kind)
    ring()
    told = ngettext(
        "%(n)d answer is asked for again.", "%(n)d answers are asked for again.", reopened
    )
    messages.info(request, told % {"n": reopened})
    return redirect("run", pk)


def _run(pk: int) -> GenerationRun:
    found = GenerationRun.objects.select_related("pool_version__pool")
    return get_object_or_404(found.prefetch_related("language_models"), pk=pk)


def _moved(request: HttpRequest, pk: int, move: Callable[..., GenerationRun]) -> HttpResponse:
    move(run=_run(pk))
    ring()
    return redirect("run", pk)


def _estimated(form: RunForm) -> dict[str, Any]:
    estimate = runs.estimate_run(
        **_wanted(form), samples=form.cleaned_data["samples"], day=timezone.now().date()
    )
    costs = [one.cost for one in estimate if one.cost is not None]
    names = {str(one): one.name for one in form.cleaned_data["language_models"]}
    return {
        "estimate": [(names[one.model], one) for one in estimate],
        "completions": sum(one.completions for one in estimate),
        "calls": sum(one.calls for one in estimate),
        "cost": sum(costs, Decimal()) if costs else None,
        "unpriced": [one.model for one in estimate if one.cost is None],
    }


def _started(request: HttpRequest, form: RunForm) -> HttpResponse:
    started = runs.start_run(
        **_wanted(form),
        samples=form.cleaned_data["samples"],
        cost_limit=form.cleaned_data["cost_limit"],
        created_by=cast("User", request.user),
        now=timezone.now(),
    )
    ring()
    if not started.created:
        messages.info(request, _("This run was there already; it goes on."))
    return redirect("run", started.run.pk)


def _wanted(form: RunForm) -> dict[str, Any]:
    told = form.cleaned_data
    return {"pool_version": told["pool_version"], "language_models": list(told["language_models"])}


def _summary(
    shown: GenerationRun, progress: runs.Progress, measures: dict[str, dict[str, list[int]]]
) -> dict[str, Any]:
    """Return what a person wants to know of a run at a glance."""
    waiting = progress.states["pending"] + progress.states["leased"]
    troubles = _by_cause(progress.failures)
    failed = [one for one in troubles if one["failed"]]
    names = {str(one): one.name for one in shown.language_models.all()}
    latency, length = spreads(measures["latency"]), spreads(measures["length"])
    running = shown.state == GenerationRun.State.RUNNING
    return {
        "resting": [
            one | {"seconds": _seconds_until(one["until"])} for one in progress.resting_endpoints
        ],
        "over": waiting == 0 or shown.state == GenerationRun.State.CANCELLED,
        "ended": progress.total - waiting,
        "percent": 100 * (progress.total - waiting) // progress.total if progress.total else 100,
        # A run that waits for somebody goes on when they say so.
        "time_left": _duration(progress.seconds_left) if running else "",
        "models": [
            one
            | {
                "name": names[one["model"]],
                "latency": (spread := latency.get(one["model"])),
                "latency_seconds": spread and spread.middle / 1000,
                "length": length.get(one["model"]),
            }
            for one in progress.models
        ],
        "unusual": [
            (label.lower(), progress.outcomes[outcome])
            for outcome, label in Completion.Outcome.choices
            if outcome != Completion.Outcome.ANSWERED and progress.outcomes.get(outcome)
        ],
        "measured": bool(latency or length),
        "troubles": troubles[:SHOWN_CAUSES],
        "further": len(troubles[SHOWN_CAUSES:]),
        "further_answers": sum(one["count"] for one in troubles[SHOWN_CAUSES:]),
        "causes_failed": len(failed),
    }


def _by_cause(failures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one line a cause, those that failed for good first, then by how many answers they cost.

    What waits for another try and what is being tried are one thing; what was cancelled is over.
    """
    found: dict[tuple[bool, str], dict[str, Any]] = {}
    for one in failures:
        if one["state"] == Completion.State.CANCELLED:
            continue
        failed, cause = one["state"] == Completion.State.FAILED, _cause(one["kind"])
        new = one | {"cause": cause, "failed": failed, "count": 0}
        found.setdefault((failed, cause), new)["count"] += one["count"]
    return sorted(found.values(), key=lambda one: (not one["failed"], -one["count"], one["cause"]))


def _seconds_until(moment: datetime) -> str:
    return _duration(max(1, round((moment - timezone.now()).total_seconds())))


def _cause(kind: str) -> str:
    return str(CAUSES.get(kind, kind.replace("_", " ")))


def _duration(seconds: int | None) -> str:
    """Return a time as exactly as anybody wants to know it."""
    if seconds is None:
        return ""
    if seconds >= TWO_HOURS:
        return _("%(n).1f h") % {"n": seconds / 3600}
    if seconds >= TWO_MINUTES:
        return _("%(n)d min") % {"n": seconds / 60}
    return _("%(n)d s") % {"n": seconds}
