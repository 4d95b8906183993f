"""Routes of the pages."""

from django.urls import path

from judging.views import cohorts, raters, sessions, setup, studies, unblindings

urlpatterns = [
    path("raters/", raters.raters, name="raters"),
    path("raters/<slug:pseudonym>/", raters.rater, name="rater"),
    path("raters/<slug:pseudonym>/link/", raters.link, name="rater-link"),
    path("raters/<slug:pseudonym>/cohort/", cohorts.rater_cohort, name="rater-cohort"),
    path("studies/new/", setup.new, name="study-new"),
    path("studies/<slug:slug>/", studies.study, name="study"),
    path("studies/<slug:slug>/set-up/<slug:key>/", setup.step, name="study-step"),
    path("studies/<slug:slug>/preview/", setup.preview, name="study-preview"),
    path("studies/<slug:slug>/publish/", setup.publish, name="study-publish"),
    path("studies/<slug:slug>/cohorts/", cohorts.cohorts, name="study-cohorts"),
    path("studies/<slug:slug>/pause/", studies.pause, name="study-pause"),
    path("studies/<slug:slug>/resume/", studies.resume, name="study-resume"),
    path("studies/<slug:slug>/close/", studies.close, name="study-close"),
    path("studies/<slug:slug>/add-model/", studies.add_model, name="study-add-model"),
    path("studies/<slug:slug>/discard/", studies.discard, name="study-discard"),
    path("unblindings/", unblindings.log, name="unblindings"),
    path("judge/", sessions.open_studies, name="open-studies"),
    path("judge/<slug:slug>/", sessions.next_assignment, name="judge"),
    path("judge/<slug:slug>/ahead/", sessions.ahead, name="judge-ahead"),
    path("judge/<slug:slug>/guesses/", sessions.guesses, name="judge-guesses"),
    path("judge/<slug:slug>/<slug:token>/", sessions.judge, name="judge-submit"),
    path("judge/<slug:slug>/<slug:token>/skip/", sessions.skip, name="judge-skip"),
    path("judge/<slug:slug>/<slug:token>/change/", sessions.change, name="judge-change"),
    path("stop/", sessions.stop, name="stop"),
    path("warnings/", sessions.warnings, name="warnings"),
]
