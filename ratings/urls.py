"""Routes of the pages."""

from django.urls import path

from ratings import views

urlpatterns = [
    path("", views.home, name="home"),
    path("studies/<slug:slug>/board/", views.board, name="board"),
]
