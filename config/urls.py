"""Mounts the apps' routes."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("config.api_urls")),
    path("", include("accounts.urls")),
    path("", include("prompts.urls")),
    path("", include("models_registry.urls")),
    path("", include("judging.urls")),
    path("", include("ratings.urls")),
]
