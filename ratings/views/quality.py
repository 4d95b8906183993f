"""Pages of how far a study's judgments can be relied on: blinding, agreement, and who judged how."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from judging.models import Study
from ratings.permissions import may_see_identities, needs
from ratings.services import blinding_reports
from ratings.services.snapshots import latest_version


@require_GET
@needs("read")
def blinding(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how far blinding held: what raters guess, what style tells, and a check without."""
    study = get_object_or_404(Study, slug=slug)
    coded = not may_see_identities(request, study)
    version = latest_version(study)
    context = {
        "study": study,
        "coded": coded,
        "guessing": version.protocol.get("guessing", {}),
        "report": blinding_reports.blinding_report(version=version, coded=coded),
    }
    return render(request, "ratings/blinding.html", context)
