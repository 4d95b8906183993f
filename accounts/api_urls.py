from django.urls import path

from accounts.api import consent, invitations, users

urlpatterns = [
    path("me/", users.MeView.as_view(), name="api-me"),
    path("me/consent/", consent.OwnConsentView.as_view(), name="api-own-consent"),
    path("me/withdraw/", consent.WithdrawalView.as_view(), name="api-withdraw"),
    path(
        "me/sign-out-everywhere/",
        users.SignOutEverywhereView.as_view(),
        name="api-sign-out-everywhere",
    ),
    path("join/", invitations.JoinView.as_view(), name="api-join"),
    path("consent-texts/", consent.ConsentTextsView.as_view(), name="api-consent-texts"),
    path("consent-over-api/", consent.ConsentOverApiView.as_view(), name="api-consent-over-api"),
    path("invitations/", invitations.InvitationsView.as_view(), name="api-invitations"),
    path("invitations/<int:pk>/", invitations.InvitationView.as_view(), name="api-invitation"),
    path("users/", users.UsersView.as_view(), name="api-users"),
    path("users/<str:username>/", users.UserView.as_view(), name="api-user"),
    path(
        "users/<str:username>/sign-in-links/",
        users.UserSignInLinksView.as_view(),
        name="api-user-sign-in-links",
    ),
    path(
        "users/<str:username>/tokens/<int:pk>/",
        users.UserTokenView.as_view(),
        name="api-user-token",
    ),
    path("users/<str:username>/tokens/", users.UserTokensView.as_view(), name="api-user-tokens"),
    path("tokens/", users.OwnTokensView.as_view(), name="api-tokens"),
    path("tokens/<int:pk>/", users.OwnTokenView.as_view(), name="api-token"),
]
