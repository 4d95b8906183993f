"""Set up a study step by step: every step keeps what it is given and tells what the study takes."""

import copy
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.permissions import needs
from core.errors import Conflict, InputError, Invalid
from judging.forms import (
    AboutForm,
    ChecksForm,
    CohortsForm,
    CriteriaForm,
    DesignForm,
    MaterialForm,
    NewStudyForm,
    RulesForm,
    label_of,
    pair_context,
)
from judging.models import Study
from judging.protocol import Protocol, protocol_changes
from judging.services import material, previews, studies

OK = 200
AnyForm = (
    AboutForm | ChecksForm | CohortsForm | CriteriaForm | DesignForm | MaterialForm | RulesForm
)

# Those that are made of the protocol alone.
PLAIN_FORMS: Mapping[str, type[CriteriaForm] | type[CohortsForm] | type[ChecksForm]] = {
    "criteria": CriteriaForm,
    "cohorts": CohortsForm,
    "checks": ChecksForm,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A page of the set-up, and the top-level fields of the protocol that it asks for."""

    key: str
    title: str | Promise
    asks: tuple[str, ...]


STEPS: Mapping[str, Step] = {
    one.key: one
    for one in (
        Step("about", gettext_lazy("Name"), ()),
        Step("material", gettext_lazy("Prompts and models"), ("pool", "models")),
        Step(
            "design",
            gettext_lazy("Comparisons"),
            ("design", "judgments_per_comparison", "judgments_per_rater"),
        ),
        Step("cohorts", gettext_lazy("Who judges what"), ("cohorts", "reserved")),
        Step("criteria", gettext_lazy("Criteria"), ("criteria", "weights", "primary_criterion")),
        Step("rules", gettext_lazy("Rules and guidelines"), ()),
        Step(
            "checks",
            gettext_lazy("Limits, checks and blinding"),
            ("caps", "checks", "draw", "guessing", "holds", "reveal"),
        ),
        Step("review", gettext_lazy("Review and publish"), ()),
    )
}
STEP_OF = {field: one for one in STEPS.values() for field in one.asks}


@needs("manage")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Name a study; the steps follow."""
    form = NewStudyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = studies.create_study(
                created_by=cast("User", request.user),
                protocol=material.begun_with(run=request.GET.get("run", "")),
                **form.cleaned_data,
            )
        except (Conflict, Invalid) as error:
            form.add_error("slug", error.message)
        else:
            return redirect("study-step", made.slug, "material")
    return render(request, "studies/new.html", {"form": form}, status=_status(form.errors))


@needs("manage")
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Show a step, or keep what was sent: of htmx while one writes, of the form to go on."""
    study = _editable(slug)
    if key == "review":
        return _review(request, study)
    if key not in {one.key for one in _steps(study)}:
        raise Http404
    if request.method == "GET":
        return _page(request, study, key, _form(study, key))
    form = _form(study, key, request.POST, written=bool(request.htmx))  # type: ignore[attr-defined] # set by django_htmx's middleware
    action = request.POST.get("do", "")
    if isinstance(form, CriteriaForm) and action:
        return _rearranged(request, study, form, action)
    earlier = study.draft.get("pool")
    kept = _keep(study, form)
    if request.htmx:  # type: ignore[attr-defined] # set by django_htmx's middleware
        fresh = study.draft.get("pool") != earlier
        return _numbers(request, study, key, form, kept=kept, fresh_models=fresh)
    if not kept:
        return _page(request, study, key, form, status=400)
    return redirect("study-step", study.slug, _next(study, key, request.POST.get("go", "")))


@needs("manage")
@require_GET
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page as a rater would get it, with one prompt of the pool; nothing is stored."""
    study = get_object_or_404(Study, slug=slug)
    sent = request.GET.get("prompt", "")
    position = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0  # noqa: PLR2004 - no pool is larger
    assignment = previews.preview_assignment(
        study=study,
        position=position,
        now=timezone.now(),
        rng=random.SystemRandom(),
    )
    protocol = studies.drafted_protocol(study=study)
    context = {
        "study": study,
        "guidelines": protocol.guidelines,
        "next_position": position + 1,
        "preview": True,
        **pair_context(assignment, protocol.criteria),
    }
    return render(request, "studies/preview.html", context)


@needs("manage")
@require_http_methods(["POST"])
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish exactly the protocol that was looked at, as the first version or as the next."""
    study = _editable(slug)
    first = study.state == Study.State.DRAFT
    service = studies.publish_version if first else studies.publish_amendment
    try:
        version = service(
            study=study,
            now=timezone.now(),
            by=cast("User", request.user),
            digest=request.POST.get("digest", ""),
            allow_missing="allow_missing" in request.POST,
        )
    except (Conflict, Invalid) as error:
        return _review(request, study, error=error)
    messages.success(request, _("Version %(n)s is published.") % {"n": version.number})
    return redirect("study", slug)


def _editable(slug: str) -> Study:
    study: Study = get_object_or_404(Study, slug=slug)
    if study.state == Study.State.CLOSED:
        raise Conflict(_("This study is closed; nothing of it changes any more."), code="closed")
    return study


def _status(errors: Any) -> int:
    return 400 if errors else 200


def _steps(study: Study) -> list[Step]:
    """The steps of a study: once it is published, its name stays."""
    drafted = study.state == Study.State.DRAFT
    return [one for one in STEPS.values() if drafted or one.key != "about"]


def _next(study: Study, key: str, wanted: str) -> str:
    """Return the step that was asked for; else the one after this."""
    keys = [one.key for one in _steps(study)]
    return wanted if wanted in keys else keys[keys.index(key) + 1]


def _form(study: Study, key: str, data: Any = None, *, written: bool = False) -> AnyForm:
    """The form of a step; while it is `written`, the study keeps its address."""
    if key == "about":
        # A form writes into its instance, and what is refused must not lead anywhere.
        return (AboutForm if written else NewStudyForm)(data, instance=copy.copy(study))
    protocol = studies.drafted_protocol(study=study).as_dict()
    fixed = () if study.state == Study.State.DRAFT else studies.FIXED_ONCE_PUBLISHED
    if key in PLAIN_FORMS:
        return PLAIN_FORMS[key](data, protocol=protocol)
    if key == "rules":
        return RulesForm(data, protocol=protocol, fixed=fixed)
    if key == "design":
        names = {one.name: one.title for one in _models(None, protocol)}
        return DesignForm(data, protocol=protocol, names=names)
    pools = material.pool_choices()
    return MaterialForm(data, protocol=protocol, pools=pools, models=_models(None, protocol))


def _models(
    pool: material.PoolChoice | None, protocol: Mapping[str, Any]
) -> list[material.ModelChoice]:
    return material.model_choices(pool=pool, also=tuple(protocol["models"]))


def _keep(study: Study, form: AnyForm) -> bool:
    """Store what a form holds, if it may stand; else say at its fields why not."""
    if not form.is_valid():
        return False
    if isinstance(form, AboutForm):
        try:
            kept = studies.update_draft(study=study, changes={}, **form.cleaned_data)
        except (Conflict, Invalid) as error:
            form.add_error("slug", error.message)
            return False
        study.name, study.slug = kept.name, kept.slug
        return True
    drafted = study.state == Study.State.DRAFT
    keep = studies.update_draft if drafted else studies.prepare_amendment
    try:
        study.draft = keep(study=study, changes=form.changes()).draft
    except Invalid as error:
        form.place_errors(error.errors)
        return False
    return True


def _rearranged(
    request: HttpRequest, study: Study, form: CriteriaForm, action: str
) -> HttpResponse:
    """Add, remove or move a criterion; kept at once when all of them may stand as they are."""
    form.rearrange(action)
    whole = _form(study, "criteria", form.as_data())
    if not action.startswith("add") and _keep(study, whole):
        return redirect("study-step", study.slug, "criteria")
    return _page(request, study, "criteria", form)


def _page(
    request: HttpRequest, study: Study, key: str, form: AnyForm, status: int = OK
) -> HttpResponse:
    context = {
        "study": study,
        "steps": _steps(study),
        "step": STEPS[key],
        "form": form,
        "back": _before(study, key),
        "wrong": status != OK,
        **_material(study, form),
        **_plan(study),
    }
    return render(request, f"studies/{key}.html", context, status=status)


def _before(study: Study, key: str) -> str:
    keys = [one.key for one in _steps(study)]
    return keys[keys.index(key) - 1] if key != keys[0] else ""


def _numbers(
    request: HttpRequest,
    study: Study,
    key: str,
    form: AnyForm,
    *,
    kept: bool,
    fresh_models: bool,
) -> HttpResponse:
    """Answer htmx with the numbers, what could not be kept, and the models of another pool."""
    context = {"study": study, "step": STEPS[key], "kept": kept, "unkept": not kept}
    context |= _plan(study)
    if fresh_models:
        context |= {"form": form, "fresh_models": True, **_material(study, form)}
    return render(request, "studies/_kept.html", context)


def _material(study: Study, form: AnyForm) -> dict[str, Any]:
    """The models with the answers they have to the pool that is chosen in the form."""
    if not isinstance(form, MaterialForm):
        return {}
    pools = material.pool_choices()
    pool = next((one for one in pools if one.name == form["pool"].value()), None)
    return {
        "pool": pool,
        "models": _models(pool, form.protocol),
        "chosen": set(form["models"].value() or []),
        "no_pools": not pools,
    }


def _plan(study: Study) -> dict[str, Any]:
    """The numbers, or what is missing for them and where to say it."""
    try:
        return {"plan": studies.plan_study(study=study)}
    except Invalid as error:
        return {"open_points": [(one.message, _step_of(one)) for one in error.errors]}


def _step_of(error: InputError) -> Step:
    return STEP_OF.get((error.column or "").partition(".")[0], STEPS["rules"])


def _review(
    request: HttpRequest, study: Study, error: Conflict | Invalid | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "study": study,
        "steps": _steps(study),
        "step": STEPS["review"],
        "back": "checks",
        "error": error,
        "fixed": studies.FIXED_ONCE_PUBLISHED,
        **_plan(study),
    }
    if "plan" in context:
        context |= _frozen(study, studies.frozen_protocol(study=study))
    return render(request, "studies/review.html", context, status=409 if error else 200)


def _frozen(study: Study, protocol: Protocol) -> dict[str, Any]:
    """The protocol as it would be published, its digest, and what it changes."""
    latest = study.versions.order_by("-number").first()
    plain = protocol.as_dict()
    changes = protocol_changes(latest.protocol, plain) if latest else []
    return {
        "protocol": protocol,
        **material.titles(protocol),
        "digest": protocol.digest(),
        "json": json.dumps(plain, indent=2, ensure_ascii=False, sort_keys=True),
        "number": latest.number + 1 if latest else 1,
        "changes": [(label_of(one.path), one) for one in changes],
        "unchanged": latest is not None and not changes,
    }
