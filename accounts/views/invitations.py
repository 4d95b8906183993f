"""Admins invite raters by link; the invited make their account."""

from datetime import timedelta
from typing import cast

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import AcceptForm, InvitationForm
from accounts.models import Invitation, User
from accounts.permissions import needs
from accounts.services import invitations as services
from accounts.views.sign_in import enter
from core.errors import Conflict, Invalid

PAGE = 50


@needs("manage")
@require_http_methods(["GET", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """List invitations, and make one: its link is in this answer and nowhere else."""
    form = InvitationForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        link = _made(request, form)
    found = Invitation.objects.select_related("created_by").order_by("-pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    form = InvitationForm() if link else form
    context = {"form": form, "link": link, "page": page, "now": timezone.now()}
    return render(request, "accounts/invitations.html", context, status=400 if form.errors else 200)


def _made(request: HttpRequest, form: InvitationForm) -> str:
    """Make the invitation and return its link; empty when the form shows why not."""
    data = form.cleaned_data
    try:
        issued = services.create_invitation(
            created_by=cast("User", request.user),
            note=data["note"],
            languages=form.codes,
            max_uses=data["max_uses"],
            lifetime=timedelta(days=data["days"]),
            now=timezone.now(),
        )
    except Invalid as error:
        form.show(error, column="others" if error.code == "language" else None)
        return ""
    return request.build_absolute_uri(reverse("join", args=[issued.secret]))


@needs("manage")
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    services.revoke_invitation(invitation=invitation, now=timezone.now())
    messages.success(request, _("The invitation is revoked. Accounts made by it stay."))
    return redirect("invitations")


@login_not_required
@rate_limit(action="signup")  # type: ignore[untyped-decorator] # untyped library
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Let the invited choose a name, and a password if they like, and sign them in.

    Whoever is signed in is asked whether that is them: a computer may be shared.
    """
    if request.user.is_authenticated:
        return _signed_in_already(request, secret)
    services.find_invitation(secret=secret, now=timezone.now())
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.accept_invitation(
                secret=secret, now=timezone.now(), **form.cleaned_data
            )
        except (Conflict, Invalid) as error:
            form.show(error, column="username")
        else:
            return enter(request, user)
    if form.errors:
        form.ask_again_for_password()
    return render(request, "accounts/join.html", {"form": form}, status=400 if form.errors else 200)


def _signed_in_already(request: HttpRequest, secret: str) -> HttpResponse:
    if services.came_by(user=cast("User", request.user), secret=secret):
        messages.info(request, _("You made your account by this invitation: you are in."))
        return redirect("home")
    services.find_invitation(secret=secret, now=timezone.now())
    return render(request, "accounts/join_as_another.html")
