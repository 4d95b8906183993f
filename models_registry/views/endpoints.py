"""Where models are served: the list, one endpoint's page, resume."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import needs, scopes_of
from core.errors import Conflict, Invalid
from core.forms import add_errors
from models_registry.forms import EndpointForm
from models_registry.models import ModelEndpoint
from models_registry.retries import is_down
from models_registry.services import endpoints, health
from models_registry.services.claims import is_resting
from models_registry.tasks import ring

SHOWN = ("name", "base_url", *endpoints.LIMITS)


@require_GET
@needs("read")
def index(request: HttpRequest) -> HttpResponse:
    found = ModelEndpoint.objects.annotate(n_models=Count("language_models")).order_by("name")
    context = {
        "endpoints": [_with_rest(one) for one in found],
        "may_manage": "manage" in scopes_of(request),
    }
    return render(request, "models_registry/endpoints.html", context)


@require_http_methods(["GET", "POST"])
@needs("manage")
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change an endpoint; the key goes in and never comes out."""
    endpoint = get_object_or_404(ModelEndpoint, slug=slug)
    initial = {name: getattr(endpoint, name) for name in SHOWN}
    if request.GET.get("base_url"):
        # What the test of a model found to be the right one.
        initial["base_url"] = request.GET["base_url"]
    models = endpoint.language_models.order_by("name", "-version")
    tested = next((one for one in models if str(one) == request.GET.get("model")), None)
    form = EndpointForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            changed = endpoints.update_endpoint(endpoint=endpoint, **form.changes())
        except (Invalid, Conflict) as error:
            add_errors(form, error)
        else:
            ring()
            _tell(request, endpoint, changed)
            return redirect("model", tested) if tested else redirect("endpoints")
    context = {
        "form": form,
        "endpoint": _with_rest(endpoint),
        "models": models,
        "tested": tested,
        "may_manage": True,
    }
    status = 400 if form.is_bound else 200
    return render(request, "models_registry/endpoint.html", context, status=status)


@require_POST
@needs("manage")
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Lift the pause that a refused key or a wrong address brought."""
    endpoint = get_object_or_404(ModelEndpoint, slug=slug)
    endpoints.resume_endpoint(endpoint=endpoint)
    ring()
    messages.success(request, _("%(name)s is called again.") % {"name": endpoint.name})
    return _back(request)


@require_POST
@needs("manage")
def try_now(request: HttpRequest, slug: str) -> HttpResponse:
    """End a rest at once."""
    endpoint = get_object_or_404(ModelEndpoint, slug=slug)
    ended = health.end_rest(endpoint=endpoint, now=timezone.now())
    ring()
    told = _("%(name)s is tried now.") if ended else _("%(name)s rests no longer.")
    messages.success(request, told % {"name": endpoint.name})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """Return to the run from whose page this was asked."""
    run = request.POST.get("run", "")
    return redirect("run", run) if run.isascii() and run.isdecimal() else redirect("endpoints")


def _with_rest(endpoint: ModelEndpoint) -> ModelEndpoint:
    """Return an endpoint that tells whether it rests now, and whether one call then tries it."""
    endpoint.rests = not endpoint.paused_at and is_resting(endpoint, timezone.now())  # type: ignore[attr-defined] # for the template
    endpoint.tried = is_down(endpoint.failures_in_a_row)  # type: ignore[attr-defined] # for the template
    return endpoint


def _tell(request: HttpRequest, before: ModelEndpoint, after: ModelEndpoint) -> None:
    messages.success(request, _("Saved."))
    if before.encrypted_key and not after.encrypted_key:
        messages.warning(
            request,
            _("The address changed, so the old key was forgotten: it belonged to the old address."),
        )
