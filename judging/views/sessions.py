"""The rater's pages: which studies are open, the next comparison, judge, skip."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import RaterProfile, User
from accounts.permissions import is_rater
from accounts.services.consent import missing_consent
from core.errors import Conflict, Gone, Invalid, NotAllowed
from judging.forms import SKIP_REASONS, judgment_body
from judging.models import Study
from judging.services import assignments, judgments
from judging.services.versions import protocol_under


class Filled(NamedTuple):
    """A form that came back with errors: what was filled in, and for which assignment."""

    token: str
    body: Mapping[str, Any]
    error: Invalid


def _rater(request: HttpRequest) -> RaterProfile:
    if not is_rater(request.user):
        raise NotAllowed(_("Only raters judge; sign in as one."))
    return cast("User", request.user).rater_profile


@require_GET
def open_studies(request: HttpRequest) -> HttpResponse:
    found = assignments.open_studies(rater=_rater(request))
    return render(request, "judging/open_studies.html", {"open_studies": found})


@require_GET
def next_assignment(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the open comparison, or the next one, or that nothing is left."""
    if missing_consent(rater=_rater(request)):
        return redirect(f"{reverse('consent')}?{urlencode({'next': request.path})}")
    return _page(request, slug)


@require_POST
def judge(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Store the judgment and go on; a form with errors comes back as it was filled in."""
    rater, now = _rater(request), timezone.now()
    assignment = assignments.find_assignment(rater=rater, token=token)
    criteria = protocol_under(assignment.digest).criteria_for(assignment.criteria)
    body = judgment_body([one.blinded() for one in criteria], request.POST)
    try:
        judgments.record_judgment(assignment=assignment, body=body, now=now)
    except Invalid as error:
        return _page(request, slug, filled=Filled(token, body, error))
    except (Conflict, Gone) as error:
        messages.warning(request, error.message)
    return redirect("judge", slug)


@require_POST
def skip(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Give the comparison back with a reason and go on."""
    assignment = assignments.find_assignment(rater=_rater(request), token=token)
    reason = request.POST.get("reason", "")
    if reason not in dict(SKIP_REASONS):
        raise Invalid(_("Choose one of the reasons."), code="skip_reason")
    assignments.skip_assignment(assignment=assignment, reason=reason, now=timezone.now())
    return redirect("judge", slug)


def _page(
    request: HttpRequest,
    slug: str,
    *,
    filled: Filled | None = None,
) -> HttpResponse:
    rater = _rater(request)
    leased = assignments.lease_next(rater=rater, slug=slug, now=timezone.now())
    study = Study.objects.get(slug=slug)
    if leased is None:
        return render(request, "judging/done.html", {"study": study})
    held = assignments.find_assignment(rater=rater, token=leased.blinded.token)
    # Another tab may have judged it meanwhile: what was filled in belongs to that one alone.
    again = filled if filled and filled.token == leased.blinded.token else None
    votes = again.body["votes"] if again else {}
    context = {
        "study": study,
        "guidelines": protocol_under(held.digest).guidelines,
        "assignment": leased.blinded,
        "questions": [(one, votes.get(one.key)) for one in leased.blinded.criteria],
        "comment": again.body["comment"] if again else "",
        "error": again and again.error,
        "skip_reasons": SKIP_REASONS,
    }
    return render(request, "judging/session.html", context, status=400 if again else 200)
