"""One's own account and tokens; admins create users."""

from datetime import timedelta
from typing import cast

from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.models import ApiToken, User
from accounts.permissions import MayManage, is_rater
from accounts.serializers import (
    EndedSerializer,
    IssuedTokenSerializer,
    LanguagesSerializer,
    NewTokenSerializer,
    NewUserSerializer,
    SignInLinkSerializer,
    SignOutSerializer,
    TokenSerializer,
    UserSerializer,
    UserStateSerializer,
)
from core.errors import NotAllowed
from core.serializers import checked


class MeView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(request.user).data)

    @extend_schema(request=LanguagesSerializer, responses=UserSerializer)
    def patch(self, request: Request) -> Response:
        """Declare the languages you read well (raters)."""
        user = cast("User", request.user)
        if not is_rater(user):
            raise NotAllowed(_("Only raters declare languages."))
        data = checked(LanguagesSerializer, request.data)
        services.set_languages(profile=user.rater_profile, **data)
        return Response(UserSerializer(user).data)


class SignOutEverywhereView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=SignOutSerializer, responses=EndedSerializer)
    def post(self, request: Request) -> Response:
        """End all your sessions but the one that asks; `tokens`: and all your tokens but the one that asks."""
        data = checked(SignOutSerializer, request.data)
        _require_credentials(request)
        user, asking = cast("User", request.user), _asking(request)
        services.sign_out_everywhere(user=user)
        if asking is None:
            update_session_auth_hash(cast("HttpRequest", request), user)
        ended = 0
        if data["tokens"]:
            ended = services.revoke_tokens(user=user, but=asking, now=timezone.now())
        return Response({"tokens": ended})


class UsersView(generics.ListAPIView):
    permission_classes = [MayManage]
    serializer_class = UserSerializer
    queryset = User.objects.select_related("rater_profile").order_by("username")

    @extend_schema(request=NewUserSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        data = checked(NewUserSerializer, request.data)
        _require_credentials(request)
        user = services.create_user(**data)
        return Response(UserSerializer(user).data, status=201)


class UserTokensView(generics.ListAPIView):
    permission_classes = [MayManage]
    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        _require_credentials(self.request)
        user = get_object_or_404(User, username=self.kwargs["username"])
        return ApiToken.objects.filter(user=user).order_by("-pk")

    @extend_schema(request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    def post(self, request: Request, username: str) -> Response:
        """Issue a token for a user; the secret is in this answer and nowhere else."""
        return _issue(request, get_object_or_404(User, username=username, is_active=True))


class UserTokenView(APIView):
    permission_classes = [MayManage]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, username: str, pk: int) -> Response:
        """Revoke a user's token at once."""
        _require_credentials(request)
        token = get_object_or_404(ApiToken, pk=pk, user__username=username)
        services.revoke_token(token=token, now=timezone.now())
        return Response(status=204)


class UserSignInLinksView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses={201: SignInLinkSerializer})
    def post(self, request: Request, username: str) -> Response:
        """Make a one-time sign-in link for a user; it is in this answer and nowhere else."""
        _require_credentials(request)
        user = get_object_or_404(User, username=username, is_active=True)
        secret = services.issue_sign_in_link(user=user, now=timezone.now())
        url = request.build_absolute_uri(reverse("sign-in", args=[secret]))
        return Response(SignInLinkSerializer({"url": url}).data, status=201)


class UserView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=UserStateSerializer, responses=UserSerializer)
    def patch(self, request: Request, username: str) -> Response:
        """Deactivate a user, which ends all their tokens and sessions, or activate them again."""
        _require_credentials(request)
        data = checked(UserStateSerializer, request.data)
        user = get_object_or_404(User, username=username)
        services.set_active(user=user, by=cast("User", request.user), **data)
        return Response(UserSerializer(user).data)


class OwnTokensView(generics.ListAPIView):
    permission_classes = [IsAuthenticated]
    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return _own_tokens(self.request).order_by("-created_at")

    @extend_schema(request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    def post(self, request: Request) -> Response:
        """Issue a token for yourself; the secret is in this answer and nowhere else."""
        return _issue(request, cast("User", request.user))


class OwnTokenView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke one of your tokens at once."""
        token = get_object_or_404(_own_tokens(request), pk=pk)
        services.revoke_token(token=token, now=timezone.now())
        return Response(status=204)


def _asking(request: Request) -> ApiToken | None:
    return request.auth if isinstance(request.auth, ApiToken) else None


def _own_tokens(request: Request) -> QuerySet[ApiToken]:
    """Return the user's tokens; to a token with fewer scopes than the role's, only itself."""
    tokens = ApiToken.objects.filter(user=cast("User", request.user))
    asking = _asking(request)
    if asking is None or services.may_manage_credentials(asking):
        return tokens
    return tokens.filter(pk=asking.pk)


def _require_credentials(request: Request) -> None:
    asking = _asking(request)
    if asking is not None and not services.may_manage_credentials(asking):
        raise NotAllowed(_("This needs a token with all scopes of its role, or a session."))


def _issue(request: Request, user: User) -> Response:
    data, asking = checked(NewTokenSerializer, request.data), _asking(request)
    own = asking.scopes if asking and asking.user_id == user.pk else None
    issued = services.issue_token(
        user=user,
        name=data["name"],
        scopes=data.get("scopes", own),
        lifetime=timedelta(days=data["days"]),
        now=timezone.now(),
        by=asking,
    )
    issued.token.secret = issued.secret  # type: ignore[attr-defined] # for this one answer
    return Response(IssuedTokenSerializer(issued.token).data, status=201)
