from django.urls import path

from accounts import api

urlpatterns = [
    path("me/", api.MeView.as_view(), name="api-me"),
    path("users/", api.UsersView.as_view(), name="api-users"),
    path("users/<str:username>/tokens/", api.UserTokensView.as_view(), name="api-user-tokens"),
    path("tokens/", api.OwnTokensView.as_view(), name="api-tokens"),
    path("tokens/<int:pk>/", api.OwnTokenView.as_view(), name="api-token"),
]
