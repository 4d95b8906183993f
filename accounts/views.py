"""Sign in by a one-time link, and sign out."""

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a button, and sign in when it is pressed: a link preview must not use the link up."""
    if request.method == "GET":
        return render(request, "accounts/sign_in.html")
    user = services.redeem_sign_in_link(secret=secret, now=timezone.now())
    login(request, user, backend=BACKEND)
    return redirect("home")


@login_not_required
@require_GET
def sign_in_help(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/sign_in_help.html")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in-help")
