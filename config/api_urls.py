"""Mounts /api/v1/ and the OpenAPI schema."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("", include("accounts.api_urls")),
    path("", include("prompts.api_urls")),
    path("", include("models_registry.api_urls")),
    path("", include("judging.api_urls")),
    path("", include("ratings.api_urls")),
]
