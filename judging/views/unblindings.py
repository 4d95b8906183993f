"""The log of who was shown which model was judged how, for whoever may look."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.permissions import needs
from judging.models import Study, UnblindingEvent
from judging.services.unblinding import unblindings

PAGE = 50


@needs("read")
@require_GET
def log(request: HttpRequest) -> HttpResponse:
    """List the looks, newest first: all, or of one study, or of one person."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("study", "user")}
    page = Paginator(unblindings(**wanted), PAGE).get_page(request.GET.get("page"))
    people = UnblindingEvent.objects.exclude(user=None).order_by("user__username")
    context = {
        "page": page,
        "wanted": wanted,
        "studies": Study.objects.exclude(state=Study.State.DRAFT).order_by("name", "pk"),
        "people": people.values_list("user__username", flat=True).distinct(),
    }
    return render(request, "studies/unblindings.html", context)
