"""Routes of the API."""

from django.urls import path

from prompts import api

urlpatterns = [
    path("pools/", api.PromptPoolsView.as_view(), name="api-pools"),
    path("pools/<slug:slug>/", api.PromptPoolView.as_view(), name="api-pool"),
    path("pools/<slug:slug>/imports/", api.ImportView.as_view(), name="api-pool-imports"),
    path(
        "pools/<slug:slug>/versions/",
        api.PromptPoolVersionsView.as_view(),
        name="api-pool-versions",
    ),
    path(
        "pools/<slug:slug>/versions/<int:number>/",
        api.PromptPoolVersionView.as_view(),
        name="api-pool-version",
    ),
    path(
        "pools/<slug:slug>/versions/<int:number>/prompts/",
        api.PromptsView.as_view(),
        name="api-prompts",
    ),
    path(
        "pools/<slug:slug>/versions/<int:number>/publish/",
        api.PublishView.as_view(),
        name="api-pool-publish",
    ),
    path(
        "pools/<slug:slug>/versions/<int:number>/references/",
        api.ReferencesView.as_view(),
        name="api-pool-references",
    ),
]
