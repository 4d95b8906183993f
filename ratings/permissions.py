"""Who may do what with boards and files; identities stand on boards, so raters see none."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.permissions import MayExport, MayRead, scopes_of
from core.errors import NotAllowed

__all__ = ["MayExport", "MayRead", "MaySnapshot", "needs"]

View = Callable[..., HttpResponseBase]


class MaySnapshot(MayExport):
    """Taking a snapshot freezes a result under a name: it needs what a file needs."""


def needs(scope: str) -> Callable[[View], View]:
    """Refuse a page to whoever lacks `scope`, and say why."""

    def refusing(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if scope not in scopes_of(request):
                raise NotAllowed(
                    _(
                        "Boards and files name the models. So that judging stays blind, raters do"
                        " not see them, not even after a study has ended."
                    )
                )
            return view(request, *args, **kwargs)

        return checked

    return refusing
