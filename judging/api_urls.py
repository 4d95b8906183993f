"""Routes of the API."""

from django.urls import path

from judging.api import flow, raters, studies

urlpatterns = [
    path(
        "studies/<slug:slug>/assignments/", flow.AssignmentsView.as_view(), name="api-assignments"
    ),
    path("assignments/<slug:token>/judgment/", flow.JudgmentView.as_view(), name="api-judgment"),
    path("default-criteria/", studies.DefaultCriteriaView.as_view(), name="api-default-criteria"),
    path("studies/", studies.StudiesView.as_view(), name="api-studies"),
    path("studies/open/", flow.OpenStudiesView.as_view(), name="api-open-studies"),
    path("studies/<slug:slug>/", studies.StudyView.as_view(), name="api-study"),
    path("studies/<slug:slug>/cohorts/", studies.CohortsView.as_view(), name="api-cohorts"),
    path(
        "studies/<slug:slug>/invitations/",
        studies.CohortInvitationsView.as_view(),
        name="api-cohort-invitations",
    ),
    path("studies/<slug:slug>/plan/", studies.StudyPlanView.as_view(), name="api-study-plan"),
    path(
        "studies/<slug:slug>/preview/", studies.StudyPreviewView.as_view(), name="api-study-preview"
    ),
    path("studies/<slug:slug>/versions/", studies.StudyVersionsView.as_view(), name="api-versions"),
    path("studies/<slug:slug>/gold/", studies.GoldView.as_view(), name="api-gold"),
    path(
        "studies/<slug:slug>/gold/promote/",
        studies.GoldPromotionView.as_view(),
        name="api-gold-promote",
    ),
    path(
        "studies/<slug:slug>/gold/retire/",
        studies.GoldRetirementView.as_view(),
        name="api-gold-retire",
    ),
    path("studies/<slug:slug>/guesses/", flow.GuessesView.as_view(), name="api-guesses"),
    path("studies/<slug:slug>/progress/", studies.StudyProgressView.as_view(), name="api-progress"),
    path("studies/<slug:slug>/publish/", studies.PublishView.as_view(), name="api-publish"),
    path("studies/<slug:slug>/amend/", studies.AmendView.as_view(), name="api-amend"),
    path("studies/<slug:slug>/models/", studies.AddModelView.as_view(), name="api-add-model"),
    path("studies/<slug:slug>/pause/", studies.PauseView.as_view(), name="api-pause"),
    path("studies/<slug:slug>/resume/", studies.ResumeView.as_view(), name="api-resume"),
    path("studies/<slug:slug>/discard/", studies.DiscardView.as_view(), name="api-discard"),
    path("studies/<slug:slug>/activity/", raters.StudyActivityView.as_view(), name="api-activity"),
    path("raters/", raters.RatersView.as_view(), name="api-raters"),
    path("raters/<slug:pseudonym>/", raters.RaterView.as_view(), name="api-rater"),
    path("raters/<slug:pseudonym>/hold/", raters.HoldView.as_view(), name="api-hold"),
    path("raters/<slug:pseudonym>/release/", raters.ReleaseView.as_view(), name="api-release"),
    path("me/warnings/", flow.WarningsView.as_view(), name="api-own-warnings"),
    path("studies/<slug:slug>/close/", studies.CloseView.as_view(), name="api-close"),
    path(
        "studies/<slug:slug>/unblindings/",
        studies.UnblindingsView.as_view(),
        name="api-unblindings",
    ),
    path(
        "studies/<slug:slug>/exclusions/", studies.ExclusionsView.as_view(), name="api-exclusions"
    ),
    path("seals/", studies.SealsView.as_view(), name="api-seals"),
    path("assignments/stop/", flow.StopView.as_view(), name="api-stop"),
    path("assignments/<slug:token>/skip/", flow.SkipView.as_view(), name="api-skip"),
]
