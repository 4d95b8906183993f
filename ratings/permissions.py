"""Who may do what with boards and files; identities stand on boards, so raters see none."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.permissions import ManageOrRead, MayExport, MayRead, scopes_of
from core.errors import NotAllowed
from judging.models import Study
from ratings.models import ExportFile
from ratings.services.identities import are_revealed

__all__ = [
    "ManageOrRead",
    "MayExport",
    "MayRead",
    "MaySnapshot",
    "may_see_identities",
    "needs",
    "require_readable",
]

View = Callable[..., HttpResponseBase]


class MaySnapshot(MayExport):
    """Taking a snapshot freezes a result under a name: it needs what a file needs."""


def may_see_identities(request: HttpRequest | Request, study: Study) -> bool:
    """Whoever manages knows the models anyway; the others learn them when the study is closed.

    So nobody who follows an open study, and may talk to its raters, can pass on who is ahead.
    """
    return are_revealed(study) or "manage" in scopes_of(request)


def require_readable(request: HttpRequest | Request, file: ExportFile) -> None:
    """Refuse a file that names the models to whoever may not know yet which is which."""
    if not (file.coded or may_see_identities(request, file.study_version.study)):
        raise NotAllowed(
            _("This file names the models. While the study is open, ask for one with codes.")
        )


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
