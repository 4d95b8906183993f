"""Routes of the API."""

from django.urls import path

from models_registry import api

urlpatterns = [
    path("endpoints/", api.EndpointsView.as_view(), name="api-endpoints"),
    path("endpoints/<slug:slug>/", api.EndpointView.as_view(), name="api-endpoint"),
    path(
        "endpoints/<slug:slug>/resume/",
        api.EndpointResumeView.as_view(),
        name="api-endpoint-resume",
    ),
    path(
        "endpoints/<slug:slug>/try-now/",
        api.EndpointTryNowView.as_view(),
        name="api-endpoint-try-now",
    ),
    path("models/", api.ModelsView.as_view(), name="api-models"),
    path("models/<str:slug>/", api.ModelView.as_view(), name="api-model"),
    path(
        "models/<str:slug>/ask-again/", api.ModelAskAgainView.as_view(), name="api-model-ask-again"
    ),
    path("models/<str:slug>/versions/", api.ModelVersionsView.as_view(), name="api-model-versions"),
    path("models/<str:slug>/prices/", api.ModelPricesView.as_view(), name="api-model-prices"),
    path("models/<str:slug>/probe/", api.ModelProbeView.as_view(), name="api-model-probe"),
    path("models/<str:slug>/resume/", api.ModelResumeView.as_view(), name="api-model-resume"),
    path(
        "models/<str:slug>/accept-name/",
        api.ModelAcceptNameView.as_view(),
        name="api-model-accept-name",
    ),
    path("models/<str:slug>/retire/", api.ModelRetireView.as_view(), name="api-model-retire"),
    path("drift-notices/", api.DriftNoticesView.as_view(), name="api-drift-notices"),
    path("drift-notices/<int:pk>/decide/", api.DriftDecideView.as_view(), name="api-drift-decide"),
    path("model-trials/", api.TriedModelView.as_view(), name="api-model-trials"),
    path("model-presets/", api.PresetsView.as_view(), name="api-model-presets"),
    path("generation-runs/", api.RunsView.as_view(), name="api-runs"),
    path("generation-runs/<int:pk>/", api.RunView.as_view(), name="api-run"),
    path("generation-runs/<int:pk>/pause/", api.RunPauseView.as_view(), name="api-run-pause"),
    path("generation-runs/<int:pk>/resume/", api.RunResumeView.as_view(), name="api-run-resume"),
    path("generation-runs/<int:pk>/cancel/", api.RunCancelView.as_view(), name="api-run-cancel"),
    path("generation-runs/<int:pk>/retry/", api.RunRetryView.as_view(), name="api-run-retry"),
    path("completions/import/", api.CompletionsImportView.as_view(), name="api-completions-import"),
]
