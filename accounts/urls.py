"""Routes of the account pages; the sign-in library's own are mounted one by one."""

from allauth.account import views as library
from django.urls import include, path

from accounts.views import consent, invitations, people, profile, sign_in

urlpatterns = [
    path("sign-in/", library.login, name="account_login"),
    path("sign-in/<str:secret>/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("join/<str:secret>/", invitations.accept, name="join"),
    path("account/", profile.profile, name="profile"),
    path("account/languages/", profile.languages, name="profile-languages"),
    path("account/tokens/", profile.tokens, name="profile-tokens"),
    path("account/tokens/<int:pk>/revoke/", profile.revoke_token, name="profile-token-revoke"),
    path("account/sign-out-everywhere/", profile.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/withdraw/", consent.withdraw, name="withdraw"),
    path("account/password/change/", library.password_change, name="account_change_password"),
    path("account/password/set/", library.password_set, name="account_set_password"),
    path("account/confirm/", library.reauthenticate, name="account_reauthenticate"),
    path("account/closed/", library.account_inactive, name="account_inactive"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("people/", people.people, name="people"),
    path("people/<str:username>/link/", people.link, name="person-link"),
    path("people/<str:username>/close/", people.close, name="person-close"),
    path("people/<str:username>/reopen/", people.reopen, name="person-reopen"),
    path("consent/", consent.consent, name="consent"),
    path("consent/text/", consent.text, name="consent-text"),
    path("consent/over-api/", consent.over_api, name="consent-over-api"),
    path("raters/invitations/", invitations.invitations, name="invitations"),
    path("raters/invitations/<int:pk>/revoke/", invitations.revoke, name="invitation-revoke"),
]
