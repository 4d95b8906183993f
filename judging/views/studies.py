"""A study's page for those who manage it: how far it is, its versions, and what can be done."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import needs
from core.errors import Invalid
from judging.forms import SKIP_REASONS, label_of
from judging.models import Study
from judging.protocol import protocol_changes
from judging.services import activity, material, studies

RUNNING = (Study.State.OPEN, Study.State.PAUSED)


@needs("manage")
@require_GET
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study; htmx gets its progress alone, again and again."""
    found = get_object_or_404(Study, slug=slug)
    if found.state == Study.State.DRAFT:
        return redirect("study-step", slug, "about")
    context = {"study": found, **_progress(found)}
    if request.htmx:  # type: ignore[attr-defined] # set by django_htmx's middleware
        return render(request, "studies/_progress.html", context)
    versions = _versions(found)
    frozen = versions[0]["version"].protocol
    context |= {
        "versions": versions,
        "running": found.state in RUNNING,
        "frozen": frozen,
        "json": json.dumps(frozen, indent=2, ensure_ascii=False, sort_keys=True),
    }
    if found.state in RUNNING:
        context |= _amendment(found)
    return render(request, "studies/study.html", context)


@needs("manage")
@require_POST
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue nothing more for now; the page offers to resume."""
    studies.pause_study(study=get_object_or_404(Study, slug=slug))
    messages.success(request, _("Paused: raters finish what is on their screens and get no more."))
    return redirect("study", slug)


@needs("manage")
@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue comparisons again."""
    studies.resume_study(study=get_object_or_404(Study, slug=slug))
    messages.success(request, _("Open again: raters get comparisons."))
    return redirect("study", slug)


@needs("manage")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End a study for good, once its name was typed."""
    found = get_object_or_404(Study, slug=slug)
    if not _confirmed(request, found):
        return _ask(request, found, "studies/close.html", studies.study_progress(study=found))
    studies.close_study(study=found, now=timezone.now())
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


def _confirmed(request: HttpRequest, found: Study) -> bool:
    return request.method == "POST" and request.POST.get("name", "").strip() == found.name.strip()


def _ask(request: HttpRequest, found: Study, template: str, progress: Any) -> HttpResponse:
    wrong = request.method == "POST"
    context = {"study": found, "progress": progress, "wrong": wrong}
    return render(request, template, context, status=400 if wrong else 200)


def _progress(found: Study) -> dict[str, Any]:
    counts = studies.study_progress(study=found)
    now = activity.study_activity(study=found, now=timezone.now())
    reasons = dict(SKIP_REASONS)
    left = counts.places - counts.planned
    return {
        "progress": counts,
        "activity": now,
        "skips": [(reasons.get(reason, reason), count) for reason, count in now.skips],
        "percent": 100 * counts.planned // counts.places if counts.places else 0,
        "days_left": left / now.per_day if left and now.per_day else None,
    }


def _versions(found: Study) -> list[dict[str, Any]]:
    """The versions, newest first, each with what it changed."""
    versions = list(found.versions.order_by("number"))
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
