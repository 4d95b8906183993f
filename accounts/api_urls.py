from django.urls import path

from accounts import api

urlpatterns = [
    path("me/", api.MeView.as_view(), name="api-me"),
    path("users/", api.UsersView.as_view(), name="api-users"),
    path("users/<str:username>/", api.UserView.as_view(), name="api-user"),
    path(
        "users/<str:username>/sign-in-links/",
        api.UserSignInLinksView.as_view(),
        name="api-user-sign-in-links",
    ),
    path(
        "users/<str:username>/tokens/<int:pk>/",
        api.UserTokenView.as_view(),
        name="api-user-token",
    ),
    path("users/<str:username>/tokens/", api.UserTokensView.as_view(), name="api-user-tokens"),
    path("tokens/", api.OwnTokensView.as_view(), name="api-tokens"),
    path("tokens/<int:pk>/", api.OwnTokenView.as_view(), name="api-token"),
]
