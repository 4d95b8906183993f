"""Import answers that were generated elsewhere."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from core.errors import Conflict, Invalid
from core.pages import page_or_piece
from models_registry.forms import ImportForm, chosen_by_name
from models_registry.models import Completion, LanguageModel
from models_registry.services.imports import import_answers


@require_http_methods(["GET", "POST"])
@needs("manage")
def import_file(request: HttpRequest) -> HttpResponse:
    """Take a file of answers and report what became of its rows."""
    posted = request.method == "POST"
    form = ImportForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        declared=int(request.META.get("CONTENT_LENGTH") or 0),
        initial=chosen_by_name(pool=request.GET.get("pool", ""), models=())
        | {"name": request.GET.get("name")},
    )
    context = {"form": form, "known": _import_only()}
    if posted and form.is_valid():
        try:
            context |= _imported(form)
        except (Invalid, Conflict) as error:
            context["error"] = error
    refused = posted and "report" not in context
    return page_or_piece(request, "models_registry/import", context, refused=refused)


def _imported(form: ImportForm) -> dict[str, object]:
    told = dict(form.cleaned_data)
    file = told.pop("file")
    model, report = import_answers(data=file.read(), filename=file.name, now=timezone.now(), **told)
    version = told["pool_version"]
    answered = Completion.objects.succeeded().filter(language_model=model).values("prompt_id")
    unanswered = version.prompts.exclude(pk__in=answered).count()
    return {"model": model, "report": report, "pool_version": version, "unanswered": unanswered}


def _import_only() -> QuerySet:
    models = LanguageModel.objects.filter(endpoint=None, retired_at=None)
    return models.order_by("name").values_list("name", flat=True).distinct()
