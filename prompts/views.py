"""Pools, their versions and prompts; upload, preview, import, publish."""

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import needs, scopes_of
from core.errors import Conflict, DomainError, Invalid
from core.forms import add_errors
from core.pages import go_to, page_or_piece
from prompts import services
from prompts.forms import FileForm, ImportForm, SureForm, UploadForm, named_columns
from prompts.models import PromptPool, PromptPoolVersion, PromptUpload
from prompts.records import SOURCES

PAGE = 25


@require_GET
@needs("read")
def pools(request: HttpRequest) -> HttpResponse:
    found = PromptPool.objects.with_counts().with_draft().order_by("name")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "prompts/pools.html", {"page": page, "may_manage": _manages(request)})


@require_GET
@needs("read")
def pool(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(PromptPool, slug=slug)
    versions = shown.versions.with_counts().order_by("-number")
    context = {"pool": shown, "versions": versions, "may_manage": _manages(request)}
    return render(request, "prompts/pool.html", context)


@require_GET
@needs("read")
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a version and its prompts, page by page, as the plain text they are."""
    shown = _version(slug, number)
    page = Paginator(shown.prompts.order_by("position"), PAGE).get_page(request.GET.get("page"))
    context = {
        "pool": shown.pool,
        "version": shown,
        "page": page,
        "sure": SureForm(label_suffix=""),
        "may_manage": _manages(request),
    }
    return render(request, "prompts/version.html", context)


@require_http_methods(["GET", "POST"])
@needs("manage")
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and go on to its preview."""
    posted = request.method == "POST"
    form = UploadForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        declared=int(request.META.get("CONTENT_LENGTH") or 0),
        initial={"pool": request.GET.get("pool")},
    )
    if not posted or not form.is_valid():
        return page_or_piece(request, "prompts/upload", {"form": form}, refused=posted)
    kept = services.keep_upload(
        data=form.cleaned_data["file"].read(),
        filename=form.cleaned_data["file"].name,
        pool=form.cleaned_data["pool"],
        created_by=cast("User", request.user),
        now=timezone.now(),
    )
    return go_to(request, "pool-preview", kept.pk)


@require_http_methods(["GET", "POST"])
@needs("manage")
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what an import would do; or import, and go to the draft."""
    kept = get_object_or_404(PromptUpload.objects.select_related("pool"), pk=pk)
    told = request.POST if request.method == "POST" else request.GET
    options: dict[str, Any] = {
        "columns": named_columns(told),
        "refuse_duplicates": "refuse_duplicates" in told,
    }
    error: DomainError | None = None
    if request.method == "POST":
        try:
            report = services.import_upload(
                upload=kept,
                pool_name=told.get("pool_name", ""),
                skip_bad_rows="skip_bad_rows" in told,
                **options,
            )
        except (Invalid, Conflict) as refused:
            error = refused
        else:
            return _imported(request, report)
    return _preview(request, kept, options, error)


@require_GET
@needs("manage")
def progress(request: HttpRequest, upload: int) -> JsonResponse:
    """Say how many rows an import that is under way has read; of one that is over, 0."""
    return JsonResponse({"rows": services.rows_read(upload=upload)})


@require_POST
@needs("manage")
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a kept file; nothing was imported from it."""
    services.discard_upload(upload=get_object_or_404(PromptUpload, pk=pk))
    messages.info(request, _("The file was discarded; nothing was imported."))
    return redirect("pools")


@require_POST
@needs("manage")
def publish(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    services.publish_version(version=_version(slug, number), now=timezone.now())
    messages.success(request, _("Published. Studies and generation runs can use it now."))
    return redirect("pool-version", slug, number)


@require_POST
@needs("manage")
def delete(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Delete a draft whose name was typed."""
    draft = _version(slug, number)
    SureForm(request.POST).check(draft.pool.name)
    services.delete_draft(version=draft)
    messages.info(request, _("The draft was deleted."))
    return redirect("pool", slug)


@require_http_methods(["GET", "POST"])
@needs("manage")
def references(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Attach a file's reference answers to a draft's prompts."""
    draft, posted = _version(slug, number), request.method == "POST"
    form = FileForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        declared=int(request.META.get("CONTENT_LENGTH") or 0),
    )
    if posted and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            n_attached = services.attach_reference_answers(
                version=draft, data=file.read(), filename=file.name
            )
        except (Invalid, Conflict) as error:
            add_errors(form, error)
        else:
            messages.success(
                request, _("%(count)d reference answers attached.") % {"count": n_attached}
            )
            return redirect("pool-version", slug, number)
    context = {"form": form, "pool": draft.pool, "version": draft}
    return render(request, "prompts/references.html", context, status=400 if posted else 200)


def _preview(
    request: HttpRequest, kept: PromptUpload, options: dict, error: DomainError | None
) -> HttpResponse:
    """Render the preview; a file that cannot be read as it is asks which column holds what."""
    report = None
    columns: tuple[str, ...] = ()
    try:
        report = services.preview_upload(upload=kept, **options)
        columns = report.columns
    except Invalid as refused:
        error = error or refused
        columns = tuple(refused.details.get("columns", ()))
    told = request.POST if request.method == "POST" else request.GET
    holds = next((one for one in SOURCES if report and one in report.roles), "prompt")
    name = kept.filename.rpartition(".")[0] or kept.filename
    initial = {"pool_name": name, "holds": holds} | told.dict()
    form = ImportForm(
        initial=initial,
        columns=columns,
        recognised=report is not None,
        new_pool=kept.pool is None,
    )
    row_errors, n_row_errors = (report.errors, report.n_errors) if report else ((), 0)
    if report is None and isinstance(error, Invalid):
        # What concerns the file as a whole stands above already.
        row_errors = tuple(one for one in error.errors if one.row)
        n_row_errors = error.total if row_errors else 0
    context = {
        "upload": kept,
        "form": form,
        "report": report,
        "error": error,
        "row_errors": row_errors,
        "n_row_errors": n_row_errors,
        "columns": columns,
        "chosen": options["columns"],
        "draft": kept.pool and kept.pool.versions.drafts().with_counts().first(),
    }
    return page_or_piece(request, "prompts/preview", context, refused=request.method == "POST")


def _imported(request: HttpRequest, report: services.ImportReport) -> HttpResponse:
    imported = report.version
    assert imported is not None
    left = _(" %(count)d rows were left out.") % {"count": report.n_skipped}
    done = _("%(count)d prompts imported.") % {"count": report.n_imported}
    messages.success(request, done + (left if report.n_skipped else ""))
    return go_to(request, "pool-version", imported.pool.slug, imported.number)


def _version(slug: str, number: int) -> PromptPoolVersion:
    found = PromptPoolVersion.objects.with_counts().select_related("pool")
    return get_object_or_404(found, pool__slug=slug, number=number)


def _manages(request: HttpRequest) -> bool:
    return "manage" in scopes_of(request)
