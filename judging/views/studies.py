"""A study's page: how far it is, its protocol and its past; for admins also what can be done."""

import json
from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import needs, scopes_of
from core.errors import Invalid
from core.words import listed
from judging.forms import SKIP_REASONS, label_of
from judging.models import Study
from judging.protocol import parse_protocol, protocol_changes
from judging.services import activity, history, material, studies
from judging.services.unblinding import looks_at

RUNNING = (Study.State.OPEN, Study.State.PAUSED)
NEWEST = 50  # decisions that are shown; the API has all of them


@needs("read")
@require_GET
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study; htmx gets its progress alone, again and again.

    Who may only read gets all of its protocol and its past, and neither buttons nor what raters do.
    """
    found = get_object_or_404(Study.objects.select_related("created_by"), slug=slug)
    may_manage = "manage" in scopes_of(request)
    if found.state == Study.State.DRAFT:
        if may_manage:
            return redirect("study-step", slug, "about")
        return render(request, "studies/unpublished.html", {"study": found})
    context = {"study": found, "may_manage": may_manage, **_progress(found)}
    if may_manage:
        context |= _activity(found, context["progress"])
    if request.htmx:  # type: ignore[attr-defined] # set by django_htmx's middleware
        return render(request, "studies/_progress.html", context)
    context |= _protocol(found)
    context |= _past(found, context["versions"])
    if may_manage and found.state in RUNNING:
        context |= {"running": True, **_amendment(found)}
    return render(request, "studies/study.html", context)


@needs("manage")
@require_POST
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue nothing more for now; the page offers to resume."""
    found = get_object_or_404(Study, slug=slug)
    studies.pause_study(study=found, now=timezone.now(), by=_user(request))
    messages.success(
        request,
        _("Paused: raters finish what they have open, at most two pairs each, and get no more."),
    )
    return redirect("study", slug)


@needs("manage")
@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue comparisons again."""
    found = get_object_or_404(Study, slug=slug)
    studies.resume_study(study=found, now=timezone.now(), by=_user(request))
    messages.success(request, _("Open again: raters get comparisons."))
    return redirect("study", slug)


@needs("manage")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End a study for good, once its name was typed."""
    found = get_object_or_404(Study, slug=slug)
    if not _confirmed(request, found):
        return _ask(request, found, "studies/close.html", studies.study_progress(study=found))
    studies.close_study(study=found, now=timezone.now(), by=_user(request))
    messages.success(request, _("Closed. Its seed is published; boards are final from now on."))
    return redirect("study", slug)


@needs("manage")
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Forget a draft or a prepared amendment, once the study's name was typed."""
    found = get_object_or_404(Study, slug=slug)
    if not _confirmed(request, found):
        return _ask(request, found, "studies/discard.html", None)
    if found.state == Study.State.DRAFT:
        studies.discard_draft(study=found)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": found.name})
        return redirect("home")
    studies.discard_amendment(study=found)
    messages.success(request, _("The prepared changes are gone; the version in force stays."))
    return redirect("study", slug)


@needs("manage")
@require_POST
def add_model(request: HttpRequest, slug: str) -> HttpResponse:
    """Put one more model into the amendment that is being prepared, and show what it takes."""
    found = get_object_or_404(Study, slug=slug)
    protocol = studies.drafted_protocol(study=found)
    model = request.POST.get("model", "")
    if model not in {one.name for one in material.model_choices(pool=None)}:
        raise Invalid(_("Choose one of the models."), code="model")
    models = list(dict.fromkeys([*protocol.models, model]))
    studies.prepare_amendment(study=found, changes={"models": models})
    chosen = protocol.design.kind == "chosen"
    return redirect("study-step", slug, "design" if chosen else "review")


def _beside_plan(checks: Mapping[str, Any]) -> str:
    """Return in words what raters are asked beside the plan; the empty text: nothing."""
    said = [
        words % {"share": f"{100 * checks[name]:g}"}
        for name, words in (
            ("repeats", _("repeats (%(share)s %% of what a rater is issued)")),
            (
                "gold",
                _("comparisons whose answer is known (%(share)s %% of what a rater is issued)"),
            ),
        )
        if checks[name]
    ]
    if extra := checks["extra_judgments"]:
        more = ngettext(
            "%(n)d more judgment where raters disagree",
            "%(n)d more judgments where raters disagree",
            extra,
        )
        said.append(more % {"n": extra})
    return listed(said) if said else ""


def _confirmed(request: HttpRequest, found: Study) -> bool:
    return request.method == "POST" and request.POST.get("name", "").strip() == found.name.strip()


def _ask(request: HttpRequest, found: Study, template: str, progress: Any) -> HttpResponse:
    wrong = request.method == "POST"
    context = {"study": found, "progress": progress, "wrong": wrong}
    return render(request, template, context, status=400 if wrong else 200)


def _progress(found: Study) -> dict[str, Any]:
    counts = studies.study_progress(study=found)
    percent = 100 * counts.planned // counts.places if counts.places else 0
    return {"progress": counts, "percent": percent}


def _activity(found: Study, counts: studies.StudyProgress) -> dict[str, Any]:
    """What raters do now."""
    now = activity.study_activity(study=found, now=timezone.now())
    reasons = dict(SKIP_REASONS)
    left = counts.places - counts.planned
    return {
        "activity": now,
        "skips": [(reasons.get(reason, reason), count) for reason, count in now.skips],
        "days_left": left / now.per_day if left and now.per_day else None,
    }


def _protocol(found: Study) -> dict[str, Any]:
    """The protocol in force in words and as it is stored, and the versions with what each changed."""
    versions = _versions(found)
    frozen = versions[0]["version"].protocol
    protocol = parse_protocol(frozen)
    return {
        "versions": versions,
        "answers_left_out": history.answers_left_out(versions[0]["version"]),
        "frozen": frozen,
        "beside_plan": _beside_plan(frozen["checks"]),
        "protocol": protocol,
        **material.titles(protocol),
        "asked": [(one, protocol.weights.get(one.key, 0)) for one in protocol.criteria],
        "json": json.dumps(frozen, indent=2, ensure_ascii=False, sort_keys=True),
    }


def _past(found: Study, versions: list[dict[str, Any]]) -> dict[str, Any]:
    """Who did what to the study, and who was shown what, as far as it is written down."""
    published = [one["version"] for one in versions]
    decided = Paginator(history.left_out_of(study=found), NEWEST).page(1)
    return {
        "done": history.done_with(study=found, versions=published),
        "decided": decided,
        "looks": looks_at(study=found),
        "sealed": history.sealed_of(study=found),
    }


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _versions(found: Study) -> list[dict[str, Any]]:
    """The versions, newest first, each with what it changed."""
    versions = list(studies.versions_with_judged(study=found))
    earlier = [None, *versions]
    told = [
        {
            "version": one,
            "changes": [
                (label_of(change.path), change)
                for change in protocol_changes(before.protocol, one.protocol)
            ]
            if before
            else [],
        }
        for before, one in zip(earlier, versions, strict=False)
    ]
    return told[::-1]


def _amendment(found: Study) -> dict[str, Any]:
    """What is being prepared, and the models that could be added."""
    latest = found.versions.order_by("-number").values_list("protocol", flat=True)[0]
    drafted = studies.drafted_protocol(study=found)
    plain = drafted.as_dict()
    # Computed when it is published.
    same = {"seed_commitment": latest["seed_commitment"]}
    if plain["pool"] and not plain["pool"]["digest"]:
        same["pool"] = {**plain["pool"], "digest": latest["pool"]["digest"]}
    prepared = protocol_changes(latest, {**plain, **same})
    choices = material.model_choices(pool=None)
    return {
        "prepared": len(prepared),
        "addable": [one for one in choices if one.name not in drafted.models],
    }
