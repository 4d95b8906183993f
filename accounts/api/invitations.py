"""Invitations: links by which raters make their own accounts."""

from datetime import timedelta
from typing import cast

from allauth.core.ratelimit import consume
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Invitation, User
from accounts.permissions import MayManage
from accounts.serializers import (
    InvitationSerializer,
    IssuedInvitationSerializer,
    JoinedSerializer,
    JoinSerializer,
    NewInvitationSerializer,
)
from accounts.services import invitations as services
from accounts.services import issue_token
from core.errors import Conflict
from core.serializers import checked


class InvitationsView(generics.ListAPIView):
    """All invitations, the newest first; their links were told once and are kept nowhere."""

    permission_classes = [MayManage]
    serializer_class = InvitationSerializer
    queryset = Invitation.objects.select_related("created_by").order_by("-pk")

    @extend_schema(request=NewInvitationSerializer, responses={201: IssuedInvitationSerializer})
    def post(self, request: Request) -> Response:
        """Make an invitation. Those into a cohort are made at the study: `studies/…/invitations/`."""
        data = checked(NewInvitationSerializer, request.data)
        issued = services.create_invitation(
            created_by=cast("User", request.user),
            now=timezone.now(),
            lifetime=timedelta(days=data.pop("days")),
            **data,
        )
        return issued_response(request, issued)


class InvitationView(APIView):
    permission_classes = [MayManage]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke an invitation at once; accounts made by it stay."""
        invitation = get_object_or_404(Invitation, pk=pk)
        services.revoke_invitation(invitation=invitation, now=timezone.now())
        return Response(status=204)


class JoinView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(request=JoinSerializer, responses={201: JoinedSerializer})
    def post(self, request: Request) -> Response:
        """Make an account by an invitation; the secret of its token is in this answer and nowhere else."""
        if request.user is not None:
            raise Conflict(_("You have an account; the invitation is for others."), code="account")
        if not consume(cast("HttpRequest", request), action="signup"):
            raise Throttled(detail=_("Too many people join from here; wait a minute."))
        data, now = checked(JoinSerializer, request.data), timezone.now()
        user = services.accept_invitation(secret=data.pop("code"), now=now, **data)
        issued = issue_token(user=user, name=_("made on joining"), now=now)
        issued.token.secret = issued.secret
        user.token = issued.token
        return Response(JoinedSerializer(user).data, status=201)


def issued_response(request: Request, issued: services.IssuedInvitation) -> Response:
    """Answer with a new invitation and its link, which is in this answer and nowhere else."""
    url = request.build_absolute_uri(reverse("join", args=[issued.secret]))
    body = {**InvitationSerializer(issued.invitation).data, "url": url}
    return Response(body, status=201)
