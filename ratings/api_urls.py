"""Routes of the API."""

from django.urls import path

from ratings import api

urlpatterns = [
    path("studies/<slug:slug>/boards/", api.BoardsView.as_view(), name="api-boards"),
    path(
        "studies/<slug:slug>/exports/judgments/",
        api.JudgmentsExportView.as_view(),
        name="api-export-judgments",
    ),
    path(
        "studies/<slug:slug>/exports/leaderboard/",
        api.LeaderboardExportView.as_view(),
        name="api-export-leaderboard",
    ),
    path(
        "studies/<slug:slug>/boards/changes/", api.ChangesView.as_view(), name="api-board-changes"
    ),
    path(
        "studies/<slug:slug>/board-requests/",
        api.BoardRequestsView.as_view(),
        name="api-board-requests",
    ),
    path("board-requests/<int:pk>/", api.BoardRequestView.as_view(), name="api-board-request"),
    path(
        "studies/<slug:slug>/exports/files/", api.ExportFilesView.as_view(), name="api-export-files"
    ),
    path("exports/<int:pk>/", api.ExportFileView.as_view(), name="api-export-file"),
    path(
        "exports/<int:pk>/content/",
        api.ExportFileContentView.as_view(),
        name="api-export-file-content",
    ),
    path("studies/<slug:slug>/raters/", api.StudyRatersView.as_view(), name="api-study-raters"),
    path("studies/<slug:slug>/agreement/", api.AgreementView.as_view(), name="api-agreement"),
    path("studies/<slug:slug>/holds/", api.HoldsView.as_view(), name="api-holds"),
    path("studies/<slug:slug>/blinding/", api.BlindingView.as_view(), name="api-blinding"),
    path("studies/<slug:slug>/power/", api.StudyPowerView.as_view(), name="api-study-power"),
    path("exports/columns/", api.ExportColumnsView.as_view(), name="api-export-columns"),
    path("boards/<int:pk>/", api.BoardView.as_view(), name="api-board"),
    path("boards/<int:pk>/compare/", api.CompareView.as_view(), name="api-board-compare"),
    path("boards/<int:pk>/fragility/", api.FragilityView.as_view(), name="api-board-fragility"),
    path("boards/<int:pk>/verify/", api.VerifyView.as_view(), name="api-board-verify"),
]
