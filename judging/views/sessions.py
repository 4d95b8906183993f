"""The rater's pages: which studies are open, the next comparison, judge, change, skip, stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import rater_of
from accounts.services.consent import current_consent, missing_consent
from core.errors import Conflict, Gone, Invalid, NotAllowed
from core.pages import page_or_piece
from judging.blinding import BlindedAssignment
from judging.forms import SKIP_REASONS, GuessForm, WarningsForm, judgment_body, pair_context
from judging.models import Study
from judging.protocol import Protocol
from judging.services import (
    assignments,
    content_warnings,
    endings,
    guessing,
    judgments,
    undo,
)
from judging.services.statements import Held
from judging.services.versions import protocol_under

PAIR = "judging/session"
# A draft is nothing that raters know of, not even by its name.
PUBLISHED = Study.objects.exclude(state=Study.State.DRAFT)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in for one assignment before, and what was wrong with it, if anything."""

    token: str
    votes: Mapping[str, Any]
    comment: str
    error: Invalid | None = None


@require_GET
def open_studies(request: HttpRequest) -> HttpResponse:
    """List what can be judged; who is on hold, or had begun what is paused, reads so here already."""
    rater = rater_of(request)
    begun = Study.objects.filter(state=Study.State.PAUSED, assignments__rater=rater)
    context = {
        "open_studies": assignments.open_studies(rater=rater),
        "paused": begun.distinct().order_by("name", "pk"),
        "held": rater.held,
    }
    return render(request, "judging/open_studies.html", context)


@require_GET
def next_assignment(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the open comparison, or the next one, or why there is none.

    A text that is new is read before the next pair; where there is none, nobody is asked.
    """
    if missing_consent(rater=rater_of(request)) and _is_open(slug):
        return redirect(f"{reverse('consent')}?{urlencode({'next': request.path})}")
    return _next_page(request, slug)


@require_GET
def ahead(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the pair after the one on the screen, and renew the lease of that one.

    204 when there is none, when a new consent text has to be read first, when the study is paused or
    the rater held, and when something else is open than `shown` says: the page then asks for what is
    next, and is told why there is none, when it needs it.
    """
    rater, now = rater_of(request), timezone.now()
    if missing_consent(rater=rater):
        return HttpResponse(status=204)
    try:
        shown = assignments.lease_next(rater=rater, slug=slug, now=now)
        if shown is None or shown.blinded.token != request.GET.get("shown"):
            return HttpResponse(status=204)
        leased = assignments.lease_next(rater=rater, slug=slug, now=now, prefetch=True)
    except (Conflict, NotAllowed):
        return HttpResponse(status=204)
    if leased is None:
        return HttpResponse(status=204)
    study = Study.objects.get(slug=slug)
    return render(request, "judging/_session.html", _pair(study, leased.protocol, leased.blinded))


@require_POST
def judge(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Store the judgment and go on; a form with errors comes back as it was filled in."""
    rater = rater_of(request)
    assignment = assignments.find_assignment(rater=rater, token=token)
    body = _body(request, assignment)
    try:
        judgments.record_judgment(assignment=assignment, body=body, now=timezone.now())
    except Invalid as error:
        return _next_page(request, slug, filled=Filled(token, **body, error=error))
    except (Conflict, Gone) as error:
        messages.warning(request, error.message)
    return redirect("judge", slug)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show what was just judged with its choices, and store another judgment in its place."""
    rater, now = rater_of(request), timezone.now()
    judged = undo.read_judged(rater=rater, token=token, now=now)
    filled = Filled(token, judged.votes, judged.comment)
    if request.method == "POST":
        assignment = assignments.find_assignment(rater=rater, token=token)
        body = _body(request, assignment)
        try:
            judgments.supersede_judgment(assignment=assignment, body=body, now=now)
        except Invalid as error:
            filled = Filled(token, **body, error=error)
        else:
            messages.success(request, _("Your change is saved."))
            return redirect("judge", slug)
    # It was asked for before it was judged.
    study, protocol = get_object_or_404(Study, slug=slug), protocol_under(judged.digest)
    pair = _pair(study, protocol, judged.blinded, filled)
    context = {**pair, "changing": True, "veiled": False}
    return page_or_piece(request, PAIR, context, refused=filled.error is not None)


@require_POST
def skip(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Give the comparison back with a reason and go on."""
    assignment = assignments.find_assignment(rater=rater_of(request), token=token)
    reason = request.POST.get("reason", "")
    if reason not in dict(SKIP_REASONS):
        raise Invalid(_("Choose one of the reasons."), code="skip_reason")
    assignments.skip_assignment(assignment=assignment, reason=reason, now=timezone.now())
    return redirect(f"{reverse('judge', args=[slug])}?skipped=yes")


@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Give back what is open, thank, and say how to come back."""
    rater, now = rater_of(request), timezone.now()
    if request.method == "POST":
        endings.stop_judging(rater=rater, now=now)
        return redirect("stop")
    context = {
        "thanks": endings.thanks_to(rater=rater, now=now),
        "asking": guessing.studies_that_ask(rater=rater),
    }
    return render(request, "judging/stopped.html", context)


@require_http_methods(["GET", "POST"])
def guesses(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, once a session is over, which model wrote what; and thank for what is said."""
    rater, study = rater_of(request), get_object_or_404(PUBLISHED, slug=slug)
    asked = guessing.questionnaire(rater=rater, study=study)
    form = GuessForm(request.POST if request.method == "POST" else None, asked=asked)
    if request.method == "POST" and form.is_valid():
        try:
            guessing.record_guesses(
                rater=rater, study=study, guesses=form.guesses(), now=timezone.now()
            )
        except Conflict as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, _("Thank you: what you think is kept."))
        return redirect("stop")
    context = {"study": study, "asked": asked, "form": form}
    return render(request, "judging/guesses.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def warnings(request: HttpRequest) -> HttpResponse:
    """Let a rater choose what they are never shown; then go back to where they came from."""
    rater = rater_of(request)
    known = content_warnings.warnings_in_use()
    form = WarningsForm(
        request.POST if request.method == "POST" else None, known=known, avoided=rater.avoided_tags
    )
    if request.method == "POST" and form.is_valid():
        content_warnings.avoid_warnings(rater=rater, tags=form.avoided, now=timezone.now())
        messages.success(request, _("Your choice is saved."))
        return redirect(_back(request))
    context = {"form": form, "next": _back(request)}
    return render(request, "judging/warnings.html", context, status=400 if form.errors else 200)


def _back(request: HttpRequest) -> str:
    """Return where the rater came from, if that is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    known = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    # What does not begin with a slash would be taken for a route's name.
    return wanted if known and wanted.startswith("/") else reverse("profile")


def _body(request: HttpRequest, assignment: Held) -> dict[str, Any]:
    criteria = protocol_under(assignment.digest).criteria_for(assignment.criteria)
    return judgment_body([one.blinded() for one in criteria], request.POST)


def _is_open(slug: str) -> bool:
    return Study.objects.filter(slug=slug, state=Study.State.OPEN).exists()


def _next_page(request: HttpRequest, slug: str, *, filled: Filled | None = None) -> HttpResponse:
    rater, now = rater_of(request), timezone.now()
    leased, code = None, ""
    try:
        leased = assignments.lease_next(rater=rater, slug=slug, now=now)
    except (Conflict, NotAllowed) as error:
        if error.code not in endings.ENDS:
            raise
        code = error.code
    study = Study.objects.get(slug=slug)
    changeable = undo.last_changeable(rater=rater, study_id=study.pk, now=now)
    if leased is None:
        ending = endings.ending_of(rater=rater, study=study, code=code)
        asking = guessing.studies_that_ask(rater=rater)
        context = {
            "study": study,
            "ending": ending,
            "changeable": changeable,
            "asking": asking,
            "late": "late" in request.GET,
            "changed": "changed" in request.GET,
        }
        return render(request, "judging/done.html", context)
    # Another tab may have judged it meanwhile: what was filled in belongs to that one alone.
    again = filled if filled and filled.token == leased.blinded.token else None
    context = _pair(study, leased.protocol, leased.blinded, again)
    asked_for = request.GET.get("show") == leased.blinded.token
    context |= {
        "changeable": changeable,
        "skipped": "skipped" in request.GET,
        "changed": "changed" in request.GET,
        "new_guidelines": "guidelines" in request.GET,
        "veiled": context["veiled"] and not asked_for,
    }
    return page_or_piece(request, PAIR, context, refused=again is not None)


def _pair(
    study: Study, protocol: Protocol, blinded: BlindedAssignment, filled: Filled | None = None
) -> dict[str, Any]:
    """What the page needs to show one pair."""
    general = current_consent().guidelines
    return {
        "study": study,
        "guidelines": protocol.guidelines,
        "general_guidelines": general,
        # A page that stays open while pairs come and go notices that its guidelines are old.
        "guidelines_mark": crc32(f"{protocol.guidelines}\0{general}".encode()),
        "comment": filled.comment if filled else "",
        "error": filled and filled.error,
        **pair_context(blinded, protocol.criteria, votes=filled.votes if filled else None),
    }
