"""Pages of boards: a study's newest, any earlier one, what changed, and any two models."""

from functools import cache
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from accounts.permissions import scopes_of
from core.errors import Invalid, Missing
from core.pages import page_or_piece
from judging.models import Study
from ratings.board.changes import changes
from ratings.board.sentences import in_words
from ratings.models import BoardRequest, LeaderboardSnapshot
from ratings.permissions import may_see_identities, needs
from ratings.services import board_requests
from ratings.services.fragility import fragility_of
from ratings.services.identities import result_with_codes
from ratings.services.snapshots import is_final
from ratings.services.uncounted import uncounted
from ratings.tasks import ring, take_board
from ratings.views import shown

BOARDS_A_PAGE = 30


@require_GET
@needs("read")
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's newest board. Reading never fits anything."""
    study = get_object_or_404(Study, slug=slug)
    version = study.versions.in_brief().first()
    newest = _of(study).filter(study_version=version).first() if version else None
    working = board_requests.latest_request(version) if version else None
    final = newest is not None and is_final(newest)
    context = {
        "version": version,
        "working": working,
        "final": final,
        # An amendment begins without a board; what was taken before it stays.
        "earlier": newest is None and _of(study).exists(),
    }
    return _board_page(request, study, newest, context)


@require_GET
@needs("read")
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a board as it was."""
    found = _snapshot(pk)
    study = found.study_version.study
    newer = _of(study).filter(pk__gt=pk).exists()
    return _board_page(
        request, study, found, {"version": found.study_version, "fixed": True, "newer": newer}
    )


@require_POST
@needs("export")
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a board now, or in a large study ask a worker to; then show the study's board."""
    study = get_object_or_404(Study, slug=slug)
    user = request.user if isinstance(request.user, User) else None
    made = board_requests.request_board(study=study, user=user, now=timezone.now())
    if isinstance(made, BoardRequest):
        ring(take_board, made.pk)
    return redirect("board", slug)


@require_GET
@needs("read")
def taking(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a board is that is being taken; when it is there, the board."""
    working = get_object_or_404(BoardRequest.objects.select_related("study_version__study"), pk=pk)
    study = working.study_version.study
    if not request.htmx:  # type: ignore[attr-defined] # set by django_htmx's middleware
        return redirect("board", study.slug)
    if working.state == BoardRequest.State.DONE:
        return HttpResponseClientRedirect(reverse("board", args=[study.slug]))
    return render(request, "ratings/_taking.html", {"working": working, "study": study})


@require_GET
@needs("read")
def boards(request: HttpRequest, slug: str) -> HttpResponse:
    """List a study's boards, the newest first, and offer to compare two."""
    study = get_object_or_404(Study, slug=slug)
    page = Paginator(_of(study).defer("result"), BOARDS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "ratings/boards.html", {"study": study, "page": page})


@require_GET
@needs("read")
def changed(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what changed from one board of a study to another."""
    study = get_object_or_404(Study, slug=slug)
    old, new = (_asked(_of(study), request.GET.get(name, "")) for name in ("from", "to"))
    if old.pk > new.pk:
        old, new = new, old
    if old.pk == new.pk:
        raise Invalid(_("Choose two different boards."), code="same_board")
    context = {
        "study": study,
        "old": old,
        "new": new,
        "changes": shown.changed(changes(_result(request, old), _result(request, new))),
        "same_protocol": old.study_version_id == new.study_version_id,
        "same_code": old.code_version == new.code_version,
    }
    return render(request, "ratings/changes.html", context)


@require_GET
@needs("read")
def two_models(request: HttpRequest, pk: int) -> HttpResponse:
    """Show any two models of a board: votes, difference, and a plain verdict per criterion."""
    found = _snapshot(pk)
    a, b = request.GET.get("a", ""), request.GET.get("b", "")
    if a == b:
        raise Invalid(_("Choose two different models."), code="same_model")
    try:
        board = _result(request, found)
        pair = shown.two_models(board, a, b)
    except KeyError as error:
        raise Missing(_("This board has no such model.")) from error
    study = found.study_version.study
    context = {
        "study": study,
        "snapshot": found,
        "board": board,
        "pair": pair,
        "note": in_words(board["cluster"]["note"]),
        "coded": not may_see_identities(request, study),
        "meaning": shown.meaning(shown.PAIR_TERMS),
    }
    return render(request, "ratings/two_models.html", context)


@require_GET
@needs("read")
def fragility(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how few votes, raters or prompts the order of two models hangs on; within their page, or alone."""
    found = _snapshot(pk)
    study = found.study_version.study
    a, b = request.GET.get("a", ""), request.GET.get("b", "")
    coded = not may_see_identities(request, study)
    criteria = fragility_of(snapshot=found, a=a, b=b, coded=coded)
    models = {one["model"]: one for one in _result(request, found)["models"]}
    context = {
        "study": study,
        "snapshot": found,
        "pair": {"a": models[a], "b": models[b]},
        "criteria": criteria,
        "meaning": shown.meaning(shown.FRAGILITY_TERMS),
    }
    return page_or_piece(request, "ratings/fragility", context)


@require_GET
@needs("read")
def head_to_head(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Show who met whom on one criterion and with what outcome; within the board, or alone."""
    found = _snapshot(pk)
    study = found.study_version.study
    try:
        part = shown.head_to_head(_result(request, found), key)
    except KeyError as error:
        raise Missing(_("This board has no such criterion.")) from error
    context = {
        "study": study,
        "snapshot": found,
        "part": part,
        "coded": not may_see_identities(request, study),
    }
    return page_or_piece(request, "ratings/head_to_head", context)


def _board_page(
    request: HttpRequest,
    study: Study,
    found: LeaderboardSnapshot | None,
    context: dict[str, Any],
) -> HttpResponse:
    context |= {"study": study, "snapshot": found, "may_export": "export" in scopes_of(request)}
    if found:
        board = _result(request, found)
        context |= {
            "board": board,
            "coded": not may_see_identities(request, study),
            # A board stays as it is: its pictures and tables are drawn once for each way to name it.
            "drawn": [found.pk, found.digest, get_language(), _names(board)],
            "drawing": cache(lambda: shown.drawing(board)),
            "judgments": cache(lambda: uncounted(found)),
        }
    context["large"] = context["may_export"] and board_requests.is_large(study)
    return render(request, "ratings/board.html", context)


def _result(request: HttpRequest, snapshot: LeaderboardSnapshot) -> dict[str, Any]:
    """Return a board as this person may see it: with the models' names, or with codes."""
    if may_see_identities(request, snapshot.study_version.study):
        return dict(snapshot.result)
    return result_with_codes(snapshot)


def _names(board: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["model"], one["name"]) for one in board["models"]]


def _snapshot(pk: int) -> LeaderboardSnapshot:
    boards = LeaderboardSnapshot.objects.select_related("study_version__study")
    found: LeaderboardSnapshot = get_object_or_404(boards, pk=pk)
    return found


def _of(study: Study) -> QuerySet[LeaderboardSnapshot]:
    """Return a study's boards, the newest first."""
    boards = LeaderboardSnapshot.objects.filter(study_version__study=study)
    return boards.select_related("study_version__study").order_by("-pk")


def _asked(boards: QuerySet[LeaderboardSnapshot], pk: str) -> LeaderboardSnapshot:
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):  # noqa: PLR2004 - digits of a bigint
        raise Missing(_("There is no such board."))
    found: LeaderboardSnapshot = get_object_or_404(boards, pk=int(pk))
    return found
