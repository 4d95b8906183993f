"""Invitations: links by which raters make their own accounts."""

from datetime import timedelta
from typing import cast

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Invitation, User
from accounts.permissions import MayManage
from accounts.serializers import (
    InvitationSerializer,
    IssuedInvitationSerializer,
    NewInvitationSerializer,
)
from accounts.services import invitations as services
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


def issued_response(request: Request, issued: services.IssuedInvitation) -> Response:
    """Answer with a new invitation and its link, which is in this answer and nowhere else."""
    url = request.build_absolute_uri(reverse("join", args=[issued.secret]))
    body = {**InvitationSerializer(issued.invitation).data, "url": url}
    return Response(body, status=201)
