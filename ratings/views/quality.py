"""Pages of how far a study's judgments can be relied on: blinding, agreement, and who judged how."""

from collections.abc import Mapping
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
from judging.models import GoldComparison, Study
from judging.protocol import Protocol, parse_protocol
from judging.services.checks import gold_of, promote_unanimous, retire_gold
from judging.services.corrections import restore_judgments
from ratings.permissions import may_see_identities, needs
from ratings.services import blinding_reports, rater_quality
from ratings.services.blinding_reports import Called
from ratings.services.snapshots import latest_version

MOST_GOLD = 50  # on the page; the API lists all


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
    """Show how far raters agree, how each judged, and the board with and without who is left out."""
    study = get_object_or_404(Study, slug=slug)
    coded, version = not may_see_identities(request, study), latest_version(study)
    called = blinding_reports.called_by(version, coded=coded)
    names = {one.label: one.name for one in called.values()}
    protocol = parse_protocol(version.protocol)
    primary = next(one for one in protocol.criteria if one.key == protocol.primary_criterion)
    agreement = rater_quality.study_agreement(version=version)
    context = {
        "study": study,
        "coded": coded,
        "may_manage": "manage" in scopes_of(request),
        "agreement": agreement,
        "agreed_on": any(row["comparisons"] for part in agreement for row in part["table"]),
        "judged": _named(rater_quality.raters_judged(version=version, coded=coded), names),
        "gold": _gold(study, protocol, called),
        "most_gold": MOST_GOLD,
        "share": protocol.checks.gold,
        "primary": primary.label,
    }
    return render(request, "ratings/raters.html", context)


def _gold(study: Study, protocol: Protocol, called: Mapping[int, Called]) -> list[dict[str, Any]]:
    """Return the newest gold comparisons with their known answers in the words of the board."""
    labels = {one.key: one.label for one in protocol.criteria}
    found = []
    for one in gold_of(study=study)[:MOST_GOLD]:
        sides = {
            "first": called[one.comparison.first.language_model_id].name,
            "second": called[one.comparison.second.language_model_id].name,
        }
        answers = [
            (labels.get(key, key), sides.get(outcome, ""), outcome)
            for key, outcome in one.answers.items()
        ]
        asked = [message["content"] for message in one.comparison.prompt.messages]
        found.append({"gold": one, "sides": sides, "answers": answers, "asked": asked[0]})
    return found


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
        said = ngettext("%(n)s rater is left out.", "%(n)s raters are left out.", len(made))
        messages.success(request, said % {"n": len(made)})
    return redirect("study-raters", slug)


@require_POST
@needs("manage")
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Count again what somebody judged who is left out, with a reason."""
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


@require_POST
@needs("manage")
def retire(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a gold comparison no more; what was judged on it stays."""
    study = get_object_or_404(Study, slug=slug)
    gold = get_object_or_404(GoldComparison, comparison__study=study, comparison__pk=pk)
    retire_gold(gold=gold, now=timezone.now())
    messages.success(request, _("Retired: nobody is shown it for its known answer any more."))
    return redirect("study-raters", slug)
