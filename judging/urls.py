"""Routes of the pages."""

from django.urls import path

from judging.views import raters, sessions

urlpatterns = [
    path("raters/", raters.raters, name="raters"),
    path("raters/<slug:pseudonym>/", raters.rater, name="rater"),
    path("raters/<slug:pseudonym>/link/", raters.link, name="rater-link"),
    path("judge/", sessions.open_studies, name="open-studies"),
    path("judge/<slug:slug>/", sessions.next_assignment, name="judge"),
    path("judge/<slug:slug>/<slug:token>/", sessions.judge, name="judge-submit"),
    path("judge/<slug:slug>/<slug:token>/skip/", sessions.skip, name="judge-skip"),
]
