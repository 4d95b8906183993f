"""Admins make the accounts of other admins and of researchers, and let them in or keep them out."""

from typing import cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.forms import AccountForm
from accounts.models import User
from accounts.permissions import needs
from core.errors import Conflict, Invalid


@needs("manage")
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """List who is no rater, and make an account: its sign-in link is in this answer and nowhere else."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.create_user(**form.cleaned_data)
        except (Conflict, Invalid) as error:
            form.show(error, column="username")
        else:
            return _page(request, AccountForm(), signs_in=user)
    return _page(request, form)


@needs("manage")
@require_POST
def link(request: HttpRequest, username: str) -> HttpResponse:
    """Make a one-time sign-in link; it is in this answer and nowhere else."""
    user = _account(username)
    if not user.is_active:
        raise Invalid(_("This account is closed."), code="account_closed")
    return _page(request, AccountForm(), signs_in=user)


@needs("manage")
@require_POST
def close(request: HttpRequest, username: str) -> HttpResponse:
    """Keep somebody out: their sessions and tokens open nothing from now on."""
    user = _account(username)
    services.set_active(user=user, is_active=False, by=cast("User", request.user))
    messages.success(request, _("The account of %(name)s is closed.") % {"name": username})
    return redirect("people")


@needs("manage")
@require_POST
def reopen(request: HttpRequest, username: str) -> HttpResponse:
    """Let somebody in again."""
    user = _account(username)
    services.set_active(user=user, is_active=True, by=cast("User", request.user))
    messages.success(request, _("The account of %(name)s is open again.") % {"name": username})
    return redirect("people")


def _account(username: str) -> User:
    return get_object_or_404(_accounts(), username=username)


def _accounts() -> QuerySet[User]:
    return User.objects.exclude(role=User.Role.RATER)


def _page(request: HttpRequest, form: AccountForm, *, signs_in: User | None = None) -> HttpResponse:
    link = ""
    if signs_in is not None:
        secret = services.issue_sign_in_link(user=signs_in, now=timezone.now())
        link = request.build_absolute_uri(reverse("sign-in", args=[secret]))
    context = {
        "form": form,
        "people": _accounts().order_by("username"),
        "signs_in": signs_in,
        "link": link,
        "me": cast("User", request.user),
    }
    return render(request, "accounts/people.html", context, status=400 if form.errors else 200)
