"""Pages of how far a study's judgments can be relied on: blinding, agreement, and who judged how."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import RaterProfile, User
from accounts.permissions import scopes_of
from core.errors import Conflict, Invalid
from judging.models import Study
from judging.services.checks import promote_unanimous
from judging.services.corrections import restore_judgments
from ratings.permissions import may_see_identities, needs
from ratings.services import blinding_reports, rater_quality
from ratings.services.snapshots import latest_version


@require_GET
@needs("read")
def blinding(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how far blinding held: what raters guess, what style tells, and a check without."""
    study = get_object_or_404(Study, slug=slug)
    coded = not may_see_identities(request, study)
    version = latest_version(study)
    context = {
        "study": study,
        "coded": coded,
        "guessing": version.protocol.get("guessing", {}),
        "report": blinding_reports.blinding_report(version=version, coded=coded),
    }
    return render(request, "ratings/blinding.html", context)


@require_GET
@needs("read")
def raters(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how far raters agree, how each judged, and what the board is with and without the held."""
    study = get_object_or_404(Study, slug=slug)
    coded, version = not may_see_identities(request, study), latest_version(study)
    called = blinding_reports.called_by(version, coded=coded)
    names = {one.label: one.name for one in called.values()}
    agreement = rater_quality.study_agreement(version=version)
    context = {
        "study": study,
        "coded": coded,
        "may_manage": "manage" in scopes_of(request),
        "agreement": agreement,
        "agreed_on": any(row["comparisons"] for part in agreement for row in part["table"]),
        "judged": _named(rater_quality.raters_judged(version=version, coded=coded), names),
    }
    return render(request, "ratings/raters.html", context)


def _named(judged: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return what raters did with models by the names that boards show."""

    def named(row: dict[str, Any]) -> dict[str, Any]:
        return row | {one: row[one] and names[row[one]] for one in ("influence_on", "target")}

    movers = judged["movers"] and judged["movers"] | {"most": named(judged["movers"]["most"])}
    return judged | {"raters": [named(row) for row in judged["raters"]], "movers": movers}


@require_POST
@needs("manage")
def hold(request: HttpRequest, slug: str) -> HttpResponse:
    """Apply the rule of the protocol now."""
    study = get_object_or_404(Study, slug=slug)
    try:
        made = rater_quality.apply_rule(
            version=latest_version(study), by=cast("User", request.user), now=timezone.now()
        )
    except Conflict as error:
        messages.warning(request, error.message)
    else:
        said = ngettext("%(n)s rater is held.", "%(n)s raters are held.", len(made))
        messages.success(request, said % {"n": len(made)})
    return redirect("study-raters", slug)


@require_POST
@needs("manage")
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Count a held rater's judgments again, with a reason."""
    study = get_object_or_404(Study, slug=slug)
    rater = RaterProfile.objects.filter(pseudonym=request.POST.get("rater", "")).first()
    if rater is None:
        raise Invalid(_("Name one of the study's raters."), code="rater")
    try:
        restore_judgments(
            study=study,
            rater=rater,
            by=cast("User", request.user),
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except Invalid as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, _("What %(rater)s judged counts again.") % {"rater": rater})
    return redirect("study-raters", slug)


@require_POST
@needs("manage")
def promote(request: HttpRequest, slug: str) -> HttpResponse:
    """Make gold what three or more raters judged all alike."""
    study = get_object_or_404(Study, slug=slug)
    latest_version(study)
    count = promote_unanimous(study=study, by=cast("User", request.user))
    said = ngettext("%(n)s comparison is gold now.", "%(n)s comparisons are gold now.", count)
    messages.success(request, said % {"n": count})
    return redirect("study-raters", slug)
