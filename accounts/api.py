"""One's own account and tokens; admins create users."""

from datetime import timedelta
from typing import cast

from django.shortcuts import get_object_or_404
from django.utils import timezone
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
    IssuedTokenSerializer,
    LanguagesSerializer,
    NewTokenSerializer,
    NewUserSerializer,
    TokenSerializer,
    UserSerializer,
)
from core.errors import NotAllowed


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
            raise NotAllowed("Only raters declare languages.")
        body = LanguagesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.set_languages(profile=user.rater_profile, **body.validated_data)
        return Response(UserSerializer(user).data)


class UsersView(generics.ListAPIView):
    permission_classes = [MayManage]
    serializer_class = UserSerializer
    queryset = User.objects.select_related("rater_profile").order_by("username")

    @extend_schema(request=NewUserSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        body = NewUserSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.create_user(**body.validated_data)
        return Response(UserSerializer(user).data, status=201)


class UserTokensView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    def post(self, request: Request, username: str) -> Response:
        """Issue a token for a user; the secret is in this answer and nowhere else."""
        user = get_object_or_404(User, username=username, is_active=True)
        return _issue(request, user)


class OwnTokensView(generics.ListAPIView):
    permission_classes = [IsAuthenticated]
    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        return ApiToken.objects.filter(user=cast("User", self.request.user)).order_by("-created_at")

    @extend_schema(request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    def post(self, request: Request) -> Response:
        """Issue a token for yourself; the secret is in this answer and nowhere else."""
        return _issue(request, cast("User", request.user))


class OwnTokenView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke one of your tokens at once."""
        token = get_object_or_404(ApiToken, pk=pk, user=cast("User", request.user))
        services.revoke_token(token=token, now=timezone.now())
        return Response(status=204)


def _issue(request: Request, user: User) -> Response:
    body = NewTokenSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    data = body.validated_data
    # A token never begets one that may do more than itself.
    own = (
        frozenset(request.auth.scopes)
        if isinstance(request.auth, ApiToken) and request.user == user
        else None
    )
    scopes = data.get("scopes", own)
    if own is not None and not own.issuperset(scopes):
        raise NotAllowed("A token cannot issue one with more scopes than its own.")
    issued = services.issue_token(
        user=user,
        name=data["name"],
        scopes=scopes,
        lifetime=timedelta(days=data["days"]),
        now=timezone.now(),
    )
    issued.token.secret = issued.secret  # type: ignore[attr-defined] # for this one answer
    return Response(IssuedTokenSerializer(issued.token).data, status=201)
