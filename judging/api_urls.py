"""Routes of the API."""

from django.urls import path

from judging import api

urlpatterns = [
    path("studies/<slug:slug>/assignments/", api.AssignmentsView.as_view(), name="api-assignments"),
    path("assignments/<slug:token>/judgment/", api.JudgmentView.as_view(), name="api-judgment"),
    path("default-criteria/", api.DefaultCriteriaView.as_view(), name="api-default-criteria"),
    path("studies/", api.StudiesView.as_view(), name="api-studies"),
    path("studies/open/", api.OpenStudiesView.as_view(), name="api-open-studies"),
    path("studies/<slug:slug>/", api.StudyView.as_view(), name="api-study"),
    path("studies/<slug:slug>/cohorts/", api.CohortsView.as_view(), name="api-cohorts"),
    path(
        "studies/<slug:slug>/invitations/",
        api.CohortInvitationsView.as_view(),
        name="api-cohort-invitations",
    ),
    path("studies/<slug:slug>/plan/", api.StudyPlanView.as_view(), name="api-study-plan"),
    path("studies/<slug:slug>/versions/", api.StudyVersionsView.as_view(), name="api-versions"),
    path("studies/<slug:slug>/gold/", api.GoldView.as_view(), name="api-gold"),
    path(
        "studies/<slug:slug>/gold/promote/",
        api.GoldPromotionView.as_view(),
        name="api-gold-promote",
    ),
    path(
        "studies/<slug:slug>/gold/retire/", api.GoldRetirementView.as_view(), name="api-gold-retire"
    ),
    path("studies/<slug:slug>/guesses/", api.GuessesView.as_view(), name="api-guesses"),
    path("studies/<slug:slug>/progress/", api.StudyProgressView.as_view(), name="api-progress"),
    path("studies/<slug:slug>/publish/", api.PublishView.as_view(), name="api-publish"),
    path("studies/<slug:slug>/amend/", api.AmendView.as_view(), name="api-amend"),
    path("studies/<slug:slug>/models/", api.AddModelView.as_view(), name="api-add-model"),
    path("studies/<slug:slug>/pause/", api.PauseView.as_view(), name="api-pause"),
    path("studies/<slug:slug>/resume/", api.ResumeView.as_view(), name="api-resume"),
    path("studies/<slug:slug>/close/", api.CloseView.as_view(), name="api-close"),
    path("studies/<slug:slug>/unblindings/", api.UnblindingsView.as_view(), name="api-unblindings"),
    path("studies/<slug:slug>/exclusions/", api.ExclusionsView.as_view(), name="api-exclusions"),
    path("assignments/stop/", api.StopView.as_view(), name="api-stop"),
    path("assignments/<slug:token>/skip/", api.SkipView.as_view(), name="api-skip"),
]
