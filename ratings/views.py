"""Pages for those who read boards: the studies, and a study's newest board."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import is_rater, scopes_of
from core.errors import NotAllowed
from judging.models import Study
from ratings.board.meaning import MEANING
from ratings.models import LeaderboardSnapshot
from ratings.services import snapshots

SHARES = ("win_rate", "both_bad_rate", "cannot_judge_rate")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send raters to their work; show the others the studies."""
    if is_rater(request.user):
        return redirect("open-studies")
    studies = Study.objects.order_by("-created_at", "-pk")
    return render(request, "ratings/home.html", {"studies": studies})


@require_http_methods(["GET", "POST"])
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's newest board; a POST takes a new one. Reading never fits anything."""
    if "read" not in scopes_of(request):
        raise NotAllowed(_("Boards name the models, so raters do not see them."))
    study = get_object_or_404(Study, slug=slug)
    version = snapshots.latest_version(study)
    if request.method == "POST":
        snapshots.take_snapshot(version=version, now=timezone.now())
        return redirect("board", slug)
    newest = LeaderboardSnapshot.objects.filter(study_version=version).order_by("-pk").first()
    context: dict[str, Any] = {"study": study, "version": version, "snapshot": newest}
    if newest:
        context |= {"tables": _tables(newest.result), "board": newest.result, "meaning": MEANING}
    return render(request, "ratings/board.html", context)


def _tables(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each criterion, and the composite last, with the models' names in its rows."""
    models = {one["model"]: one for one in result["models"]}
    composite = result["composite"]
    criteria = [*result["criteria"], *([composite | {"key": "composite"}] if composite else [])]
    return [
        one | {"rows": [_shown(row, models[row["model"]]["name"]) for row in one["rows"]]}
        for one in criteria
    ]


def _shown(row: dict[str, Any], name: str) -> dict[str, Any]:
    shares = {key: _percent(row[key]) for key in SHARES if key in row}
    return row | shares | {"name": name}


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
