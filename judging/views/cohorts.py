"""Admins see the cohorts of a study, put raters into them, and invite others to them."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import needs
from core.errors import Invalid
from judging.forms import CohortInvitationForm, MembersForm
from judging.models import Study
from judging.services import cohorts as services


@needs("manage")
@require_http_methods(["GET", "POST"])
def cohorts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who belongs to which cohort and what is kept for whom; a POST puts raters, or invites."""
    study = get_object_or_404(Study, slug=slug)
    choices = [(one.key, one.label) for one in services.cohorts_of(study=study)]
    sent = request.POST if request.method == "POST" else None
    inviting = sent is not None and sent.get("do") == "invite"
    members = MembersForm(None if inviting else sent, cohorts=choices)
    invitation = CohortInvitationForm(sent if inviting else None, cohorts=choices)
    link, form = "", invitation if inviting else members
    if form.is_valid():
        try:
            if not inviting:
                return _put(request, study, members)
            link = _invite(request, study, invitation)
        except Invalid as error:
            form.add_error(None, error.message)
    context: dict[str, Any] = {
        "study": study,
        "choices": choices,
        "groups": services.cohort_progress(study=study, now=timezone.now()),
        "members": members,
        "invitation": invitation,
        "link": link,
    }
    return render(request, "studies/members.html", context, status=400 if form.errors else 200)


@needs("manage")
@require_POST
def rater_cohort(request: HttpRequest, pseudonym: str) -> HttpResponse:
    """Put one rater into a cohort of a study, or out of all."""
    study = Study.objects.filter(slug=request.POST.get("study", "")).first()
    if study is None:
        raise Invalid(_("Choose one of the studies."), code="study")
    services.set_cohort(
        study=study,
        raters=[pseudonym],
        cohort=request.POST.get("cohort", ""),
        by=cast("User", request.user),
        now=timezone.now(),
    )
    messages.success(request, _("The cohort is saved."))
    return redirect("rater", pseudonym)


def _put(request: HttpRequest, study: Study, form: MembersForm) -> HttpResponse:
    by, now = cast("User", request.user), timezone.now()
    changed = services.set_cohort(study=study, by=by, now=now, **form.cleaned_data)
    messages.success(
        request,
        ngettext(
            "The cohort of %(n)s rater is another now.",
            "The cohort of %(n)s raters is another now.",
            changed,
        )
        % {"n": changed},
    )
    return redirect("study-cohorts", study.slug)


def _invite(request: HttpRequest, study: Study, form: CohortInvitationForm) -> str:
    by, now = cast("User", request.user), timezone.now()
    made = services.invite_to_cohort(study=study, by=by, now=now, **form.cleaned_data)
    return request.build_absolute_uri(reverse("join", args=[made.secret]))
