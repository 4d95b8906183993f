"""Bearer tokens and sessions for the API, with one clear answer for every failure."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts import services
from accounts.models import ApiToken, User

PARTS = 2


class BearerTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer …` with a token from `create_user --token` or the tokens API."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        parts = header.split()
        if len(parts) != PARTS or parts[0].lower() != "bearer":
            raise exceptions.AuthenticationFailed(
                _("Write the header as: Authorization: Bearer TOKEN.")
            )
        token = services.find_token(secret=parts[1], now=timezone.now())
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is unknown, revoked or expired."))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF protection."""


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # untyped hook
    target_class = "accounts.authentication.BearerTokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # untyped hook
    target_class = "accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
