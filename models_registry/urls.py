"""Routes of the pages."""

from django.urls import path, re_path

from models_registry.views import completions, drift, endpoints, language_models, runs

# A model is called by its slug and version, so that none is ever called "new".
MODEL = r"^models/(?P<reference>[-\w]+@\d+)/"

urlpatterns = [
    path("endpoints/", endpoints.index, name="endpoints"),
    path("endpoints/<slug:slug>/edit/", endpoints.edit, name="endpoint"),
    path("endpoints/<slug:slug>/resume/", endpoints.resume, name="endpoint-resume"),
    path("endpoints/<slug:slug>/try-now/", endpoints.try_now, name="endpoint-try-now"),
    path("models/", language_models.index, name="models"),
    path("models/new/", language_models.connect, name="model-new"),
    path("models/import/", completions.import_file, name="completions-import"),
    path("models/changes/", drift.index, name="drift"),
    path("models/changes/<int:pk>/", drift.decide, name="drift-decide"),
    re_path(MODEL + "$", language_models.model, name="model"),
    re_path(MODEL + "test/$", language_models.probe, name="model-test"),
    re_path(MODEL + "edit/$", language_models.edit, name="model-edit"),
    re_path(MODEL + "new-version/$", language_models.new_version, name="model-new-version"),
    re_path(MODEL + "price/$", language_models.price, name="model-price"),
    re_path(MODEL + "quarantine/$", language_models.quarantine, name="model-quarantine"),
    re_path(MODEL + "retire/$", language_models.retire, name="model-retire"),
    path("runs/", runs.index, name="runs"),
    path("runs/new/", runs.new, name="run-new"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/pause/", runs.pause, name="run-pause"),
    path("runs/<int:pk>/resume/", runs.resume, name="run-resume"),
    path("runs/<int:pk>/cancel/", runs.cancel, name="run-cancel"),
    path("runs/<int:pk>/budget/", runs.budget, name="run-budget"),
    path("runs/<int:pk>/retry/", runs.retry, name="run-retry"),
]
