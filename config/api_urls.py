"""Mounts /api/v1/ and the OpenAPI schema."""

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.problems import no_such_route

# Its answer to OPTIONS would be a page for which it has no template.
DOCS_PAGE = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema", http_method_names=["get", "head"]
)

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", DOCS_PAGE, name="api-docs"),
    path("", include("accounts.api_urls")),
    path("", include("prompts.api_urls")),
    path("", include("models_registry.api_urls")),
    path("", include("judging.api_urls")),
    path("", include("ratings.api_urls")),
    path("<path:path>", csrf_exempt(no_such_route)),
]
