"""Changes of models: what waits for a decision, what was decided, and deciding."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import needs, scopes_of
from models_registry.models import DriftNotice
from models_registry.services import drift
from models_registry.tasks import ring

PAGE = 50


@require_GET
@needs("read")
def index(request: HttpRequest) -> HttpResponse:
    decided = DriftNotice.objects.exclude(decision="").order_by("-decided_at")
    context = {
        "open_notices": drift.open_notices(),
        "page": Paginator(decided.select_related("language_model", "decided_by"), PAGE).get_page(
            request.GET.get("page")
        ),
        "may_manage": "manage" in scopes_of(request),
    }
    return render(request, "models_registry/changes.html", context)


@require_POST
@needs("manage")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether it still is the same model; a new version leads to its page."""
    notice = get_object_or_404(DriftNotice, pk=pk)
    model = drift.decide(
        notice=notice,
        decision=request.POST.get("decision", ""),
        note=request.POST.get("note", ""),
        by=request.user,  # type: ignore[arg-type] # who manages is signed in
        now=timezone.now(),
    )
    ring()
    if model.pk == notice.language_model_id:
        messages.success(request, _("%(name)s counts as the same model.") % {"name": model.name})
        return redirect("drift")
    messages.success(
        request,
        _("A new version begins. Start a run with it: the old one is no longer called."),
    )
    return redirect("model", model)
