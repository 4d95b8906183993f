"""Routes of the pages."""

from django.urls import path

from judging.views import sessions

urlpatterns = [
    path("judge/", sessions.open_studies, name="open-studies"),
    path("judge/<slug:slug>/", sessions.next_assignment, name="judge"),
    path("judge/<slug:slug>/<slug:token>/", sessions.judge, name="judge-submit"),
    path("judge/<slug:slug>/<slug:token>/skip/", sessions.skip, name="judge-skip"),
]
