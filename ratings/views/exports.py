"""Pages of files: what can be taken along, how far a long one is, and the file."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from judging.models import Study
from ratings.exports.columns import COLUMNS
from ratings.models import ExportFile
from ratings.permissions import may_see_identities, needs, require_readable
from ratings.services import board_requests, export_files
from ratings.services.exports import KINDS
from ratings.tasks import ring, write_export


@require_http_methods(["GET", "POST"])
@needs("export")
def exports(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's files; a POST asks for one, to be written in the background."""
    study = get_object_or_404(Study, slug=slug)
    coded = not may_see_identities(request, study)
    if request.method == "POST":
        user = request.user if isinstance(request.user, User) else None
        file = export_files.request_file(
            study=study,
            what=request.POST.get("what", ""),
            file_format=request.POST.get("format", ""),
            user=user,
            now=timezone.now(),
            coded=coded,
        )
        if file.unfinished:
            ring(write_export, file.pk)
        return redirect("exports", slug)
    files = export_files.recent_files(study)
    context = {
        "study": study,
        "files": files,
        "coded": coded,
        "unfinished": any(one.unfinished for one in files),
    }
    if request.htmx:  # type: ignore[attr-defined] # set by django_htmx's middleware
        return render(request, "ratings/_files.html", context)
    context |= {
        "columns": {what: COLUMNS[kind] for what, kind in KINDS.items()},
        "large": board_requests.is_large(study),
        "has_board": study.versions.filter(snapshots__isnull=False).exists(),
    }
    return render(request, "ratings/exports.html", context)


@require_GET
@needs("export")
def download(request: HttpRequest, pk: int) -> FileResponse:
    """Send a file that was written."""
    found = get_object_or_404(ExportFile.objects.select_related("study_version__study"), pk=pk)
    require_readable(request, found)
    name, media_type, content = export_files.open_file(file=found, now=timezone.now())
    return FileResponse(content, as_attachment=True, filename=name, content_type=media_type)
