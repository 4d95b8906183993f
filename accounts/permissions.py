"""Role predicates, and their form for the API; the other apps build on them."""

from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import User
from accounts.tokens import SCOPES_OF_ROLE


def is_admin(user: Any) -> bool:
    return getattr(user, "role", None) == User.Role.ADMIN


def is_researcher(user: Any) -> bool:
    return getattr(user, "role", None) == User.Role.RESEARCHER


def is_rater(user: Any) -> bool:
    return getattr(user, "role", None) == User.Role.RATER


def scopes_of(request: HttpRequest | Request) -> frozenset[str]:
    """Return what this request may do: the token's scopes, or in a session the role's."""
    token = getattr(request, "auth", None)
    role = getattr(request.user, "role", "")
    allowed = SCOPES_OF_ROLE.get(role, frozenset())
    return allowed & frozenset(token.scopes) if token is not None else allowed


class HasScope(BasePermission):
    """Base of the scope permissions; a view names the one it needs."""

    scope = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        return self.scope in scopes_of(request)


class MayRead(HasScope):
    """Pools, models, studies and boards."""

    scope = "read"


class MayExport(HasScope):
    """Votes and leaderboards as files."""

    scope = "export"


class MayManage(HasScope):
    """Uploads, registration, generation, studies."""

    scope = "manage"


class MayJudge(HasScope):
    """The rater's flow."""

    scope = "judge"


class ManageOrRead(BasePermission):
    """Reading needs `read`, everything else `manage`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scopes = scopes_of(request)
        return (
            "read" in scopes if request.method in {"GET", "HEAD", "OPTIONS"} else "manage" in scopes
        )
