"""Role predicates, and their form for the API; the other apps build on them."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import RaterProfile, User
from accounts.tokens import SCOPES_OF_ROLE
from core.errors import NotAllowed

View = Callable[..., HttpResponse]
REFUSALS: Mapping[str, Any] = {
    "read": _("This page is for admins and researchers."),
    "export": _("Downloads are for admins and researchers."),
    "manage": _("Only admins may do this."),
    "judge": _("Only raters judge; sign in as one."),
}


def is_admin(user: Any) -> bool:
    return getattr(user, "role", None) == User.Role.ADMIN


def is_researcher(user: Any) -> bool:
    return getattr(user, "role", None) == User.Role.RESEARCHER


def is_rater(user: Any) -> bool:
    return getattr(user, "role", None) == User.Role.RATER


def rater_of(request: HttpRequest | Request) -> RaterProfile:
    """Return who judges. Raises `NotAllowed` for everybody who is no rater."""
    if not is_rater(request.user):
        raise NotAllowed(REFUSALS["judge"])
    return cast("User", request.user).rater_profile


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


def needs(scope: str) -> Callable[[View], View]:
    """Refuse a page to whoever lacks the scope; the refusal is a page as well."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if scope not in scopes_of(request):
                raise NotAllowed(REFUSALS[scope])
            return view(request, *args, **kwargs)

        return guarded

    return guard
