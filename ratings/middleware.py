"""Writes down every answer that joins judgments to models, whoever asked and by whichever path."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import User
from judging.models import Study
from judging.services.unblinding import record_unblinding
from ratings.models import BoardRequest, ExportFile, LeaderboardSnapshot

REASON_HEADER = "X-Reason"
# Routes that show identities beside what was judged, and what for unless the request says otherwise.
PATHS = {
    "api-boards": "list or take a board over the API",
    "api-board": "read a board over the API",
    "api-board-compare": "compare two models over the API",
    "api-board-fragility": "read how little the order of two models hangs on over the API",
    "api-board-verify": "recompute a board over the API",
    "api-board-changes": "compare two boards over the API",
    "api-board-requests": "take a board over the API",
    "api-export-file-content": "download a file over the API",
    "api-export-judgments": "take judgments over the API",
    "api-export-leaderboard": "take a leaderboard over the API",
    "api-blinding": "read how far blinding held over the API",
    "blinding": "read how far blinding held",
    "study-raters": "read who judged how",
    "api-study-raters": "read who judged how over the API",
    "board": "read the board's page",
    "board-take": "take a board",
    "board-taking": "wait for a board",
    "boards": "list the boards",
    "board-changes": "compare two boards",
    "snapshot": "read a board's page",
    "two-models": "compare two models on a page",
    "head-to-head": "read who met whom on a page",
    "fragility": "read how little the order of two models hangs on",
    "export-download": "download a file",
}
# Routes that show none.
PLAIN = frozenset(
    {
        "home",
        "exports",
        "api-board-request",
        "api-export-columns",
        "api-export-file",
        "api-export-files",
        "api-study-power",
        # Checks and counts of raters, without a model.
        "api-agreement",
        "api-holds",
        "study-gold",
        "gold-retire",
        "study-hold",
        "study-restore",
    }
)


class UnblindingMiddleware:
    """After an answer was given: a refused or failed request showed nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        path = match.url_name if match else None
        if match and path in PATHS and response.status_code < 400:  # noqa: PLR2004 - HTTP
            study = _study(path, match.kwargs)
            # The framework of the API puts the token's user here.
            if study is not None and isinstance(request.user, User):
                reason = request.headers.get(REASON_HEADER, "").strip() or PATHS[path]
                record_unblinding(
                    study=study, user=request.user, path=path, reason=reason, now=timezone.now()
                )
        return response


def _study(path: str, kwargs: dict[str, Any]) -> Study | None:
    if "slug" in kwargs:
        return Study.objects.filter(slug=kwargs["slug"]).first()
    kinds: dict[str, Any] = {
        "api-export-file-content": ExportFile,
        "export-download": ExportFile,
        "board-taking": BoardRequest,
    }
    kind = kinds.get(path, LeaderboardSnapshot)
    studies = Study.objects.filter(
        pk__in=kind._default_manager.filter(pk=kwargs["pk"]).values("study_version__study")
    )
    return studies.first()
