"""Routes of the pages."""

from django.urls import path

from ratings.views import boards, exports, home, quality

urlpatterns = [
    path("", home.home, name="home"),
    path("studies/<slug:slug>/board/", boards.board, name="board"),
    path("studies/<slug:slug>/board/take/", boards.take, name="board-take"),
    path("studies/<slug:slug>/boards/", boards.boards, name="boards"),
    path("studies/<slug:slug>/boards/changes/", boards.changed, name="board-changes"),
    path("boards/<int:pk>/", boards.snapshot, name="snapshot"),
    path("boards/<int:pk>/head-to-head/<slug:key>/", boards.head_to_head, name="head-to-head"),
    path("boards/<int:pk>/two/", boards.two_models, name="two-models"),
    path("boards/<int:pk>/two/fragility/", boards.fragility, name="fragility"),
    path("board-requests/<int:pk>/", boards.taking, name="board-taking"),
    path("studies/<slug:slug>/raters/", quality.raters, name="study-raters"),
    path("studies/<slug:slug>/raters/hold/", quality.hold, name="study-hold"),
    path("studies/<slug:slug>/raters/restore/", quality.restore, name="study-restore"),
    path("studies/<slug:slug>/raters/gold/", quality.promote, name="study-gold"),
    path("studies/<slug:slug>/raters/gold/<int:pk>/retire/", quality.retire, name="gold-retire"),
    path("studies/<slug:slug>/blinding/", quality.blinding, name="blinding"),
    path("studies/<slug:slug>/exports/", exports.exports, name="exports"),
    path("exports/<int:pk>/", exports.download, name="export-download"),
]
