"""Mounts /api/v1/ and the OpenAPI schema."""

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

import judging.api_urls
from config import api_docs
from core.problems import no_such_route

urlpatterns = [
    # First, because a rater's requests are the most, and routes are tried one by one.
    # Side by side with the others': each level of routes makes a match of its own.
    *judging.api_urls.urlpatterns,
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", api_docs.index, name="api-docs"),
    path("docs/<slug:key>/", api_docs.operation, name="api-operation"),
    path("", include("accounts.api_urls")),
    path("", include("prompts.api_urls")),
    path("", include("models_registry.api_urls")),
    path("", include("ratings.api_urls")),
    path("", csrf_exempt(no_such_route)),
    path("<path:path>", csrf_exempt(no_such_route)),
]
