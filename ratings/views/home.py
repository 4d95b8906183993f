"""The first page: raters go to their work, the others see the studies, admins what to do next."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.permissions import is_rater, scopes_of
from judging.models import Study
from ratings.services.next_steps import first_steps, waiting
from ratings.services.overviews import overviews

STUDIES_A_PAGE = 24


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    if is_rater(request.user):
        return redirect("open-studies")
    studies = Study.objects.defer("draft").order_by("-created_at", "-pk")
    page = Paginator(studies, STUDIES_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "overviews": overviews(list(page)),
        "may_manage": "manage" in scopes_of(request),
        "may_export": "export" in scopes_of(request),
    }
    if context["may_manage"]:
        steps = first_steps()
        todo = next((one for one in steps if not one.done), None)
        context |= {"steps": steps, "todo": todo, "waiting": waiting()}
    return render(request, "ratings/home.html", context)
