"""Mounts the apps' routes."""

from django.urls import include, path

from config import health, manual

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("api/v1/", include("config.api_urls")),
    path("manual/<slug:name>/", manual.page, name="manual"),
    path("", include("accounts.urls")),
    path("", include("prompts.urls")),
    path("", include("models_registry.urls")),
    path("", include("judging.urls")),
    path("", include("ratings.urls")),
]
