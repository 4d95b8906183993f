"""Sessions are for people, end twelve hours after their sign-in, and ask admins for a second factor."""

import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.permissions import is_admin

API = "/api/"
Handler = Callable[[HttpRequest], HttpResponse]
SIGNED_IN_AT = "signed_in_at"
HAS_SECOND_FACTOR = "has_second_factor"
# Where an admin without a second factor may go.
ON_THE_WAY = {"sign-out", "account_reauthenticate", "account_set_password"}


def note_sign_in(request: HttpRequest, **_kwargs: Any) -> None:
    """Receives Django's signal, the one place through which every way of signing in comes."""
    request.session[SIGNED_IN_AT] = time.time()


class SessionsEnd:
    """The end of what serves sessions.

    Middleware is made from the last to the first: the `SessionsBegin` of the newest is made next.
    """

    newest: Handler

    def __init__(self, get_response: Handler) -> None:
        self.get_response = SessionsEnd.newest = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class SessionsBegin:
    """Leaves out all middleware up to `SessionsEnd` for requests that bring a token to the API.

    Those have no session, and nothing in it could let them in: with an Authorization header the
    token alone decides. For a rater's program it would be a third of the work of a request.
    """

    def __init__(self, get_response: Handler) -> None:
        self.sessions, self.without = get_response, SessionsEnd.newest

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _brings_token(request):
            return self.sessions(request)
        request.user = AnonymousUser()  # until the token says who it is
        return self.without(request)


def _brings_token(request: HttpRequest) -> bool:
    return "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith(API)


class SessionLimitMiddleware:
    """Signs out when the sign-in is older than SESSION_COOKIE_AGE, however busy the session was."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            age = time.time() - request.session.get(SIGNED_IN_AT, 0)
            if age > settings.SESSION_COOKIE_AGE:
                logout(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Sends admins to set up their second factor, where the installation asks for one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not settings.ADMINS_NEED_SECOND_FACTOR or not is_admin(request.user):
            return None
        if request.session.get(HAS_SECOND_FACTOR):
            return None
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            request.session[HAS_SECOND_FACTOR] = True
            return None
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if name.startswith("mfa_") or name in ON_THE_WAY:
            return None
        needed = _("As an admin you need a second factor before you go on.")
        if request.path_info.startswith(API):
            body = {"type": "about:blank", "status": 403, "code": "second_factor", "detail": needed}
            return JsonResponse(body, status=403, content_type="application/problem+json")
        messages.info(request, needed)
        return redirect("mfa_activate_totp")
