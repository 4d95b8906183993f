"""Admins see raters and their work, hold and release them, and give them a new link."""

from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import ReasonForm
from accounts.models import RaterProfile, User
from accounts.permissions import needs
from accounts.services import issue_sign_in_link
from accounts.services.holds import hold_rater, release_rater
from core.errors import Conflict, Invalid
from judging.services.cohorts import cohort_choices
from judging.services.raters import find_raters, rater_work

PAGE = 50
LONGEST_SEARCH = 100


@needs("manage")
@require_GET
def raters(request: HttpRequest) -> HttpResponse:
    """List raters with their work, newest first; by part of a name, and by kind."""
    wanted, kind = request.GET.get("q", "").strip()[:LONGEST_SEARCH], request.GET.get("kind", "")
    found = find_raters(q=wanted, kind=kind if kind in RaterProfile.Kind.values else "")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "work": rater_work(raters=list(page.object_list)),
        "q": wanted,
        "kind": kind,
        "kinds": RaterProfile.Kind.choices,
        "filtered": bool(wanted or kind),
    }
    return render(request, "judging/raters.html", context)


@needs("manage")
@require_http_methods(["GET", "POST"])
def rater(request: HttpRequest, pseudonym: str) -> HttpResponse:
    """Show one rater's work and holds; a POST holds or releases, with a reason."""
    profile = _profile(pseudonym)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        change = release_rater if profile.held else hold_rater
        # Asked for by name: two admins who press at once must not undo each other.
        if request.POST.get("change") != change.__name__:
            raise Conflict(_("Somebody else changed this just now; look again."), code="raced")
        by, reason = cast("User", request.user), form.cleaned_data["reason"]
        change(rater=profile, by=by, reason=reason, now=timezone.now())
        messages.success(request, _("On hold.") if profile.held else _("Released."))
        return redirect("rater", pseudonym)
    return _page(request, profile, form, status=400 if form.errors else 200)


@needs("manage")
@require_POST
def link(request: HttpRequest, pseudonym: str) -> HttpResponse:
    """Make a one-time sign-in link; it is in this answer and nowhere else."""
    profile = _profile(pseudonym)
    if not profile.user.is_active:
        raise Invalid(_("This account is closed."), code="account_closed")
    secret = issue_sign_in_link(user=profile.user, now=timezone.now())
    address = request.build_absolute_uri(reverse("sign-in", args=[secret]))
    return _page(request, profile, ReasonForm(), link=address)


def _profile(pseudonym: str) -> RaterProfile:
    return get_object_or_404(RaterProfile.objects.select_related("user"), pseudonym=pseudonym)


def _page(
    request: HttpRequest,
    profile: RaterProfile,
    form: ReasonForm,
    *,
    link: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "work": rater_work(raters=[profile])[0],
        "holds": profile.holds.select_related("by").order_by("-pk"),
        "consents": profile.consents.select_related("version").order_by("-pk"),
        "form": form,
        "link": link,
        "cohorts": cohort_choices(rater=profile),
        "change": "release_rater" if profile.held else "hold_rater",
    }
    return render(request, "judging/rater.html", context, status=status)
