"""Sign in by a one-time link, and sign out; passwords and codes are the sign-in library's pages."""

from typing import cast

from allauth.account.utils import perform_login
from allauth.decorators import rate_limit
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.models import User


def enter(request: HttpRequest, user: User) -> HttpResponse:
    """Sign a user in, asking for the second factor where there is one; the session id is new."""
    if request.user.is_authenticated:
        logout(request)
    return cast("HttpResponse", perform_login(request, user))


@login_not_required
@rate_limit(action="login")  # type: ignore[untyped-decorator] # untyped library
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a button, and sign in when it is pressed: a link preview must not use the link up."""
    if request.method == "GET":
        return render(request, "accounts/sign_in.html")
    return enter(request, services.redeem_sign_in_link(secret=secret, now=timezone.now()))


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; also one that waits for its second factor. Drafts go with it.

    A form may say where on this site to go then, such as back to an invitation.
    """
    logout(request)
    wanted = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    # What does not begin with a slash would be taken for a route's name.
    response = redirect(wanted if here and wanted.startswith("/") else "account_login")
    response["Clear-Site-Data"] = '"storage"'
    return response
