"""Consent: raters read what they take part in, agree or withdraw; admins write the text."""

from typing import cast

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Consent, ConsentVersion, User
from accounts.permissions import MayJudge, MayManage, rater_of
from accounts.serializers import (
    AgreementSerializer,
    ConsentOverApiSerializer,
    NewConsentTextSerializer,
    OwnConsentSerializer,
    PublishedTextSerializer,
    WithdrawalSerializer,
)
from accounts.services import consent as services
from core.errors import Invalid
from core.serializers import checked


class OwnConsentView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(responses=OwnConsentSerializer)
    def get(self, request: Request) -> Response:
        """The text in force, and when you agreed to it, if you did."""
        version = services.current_consent()
        agreed = rater_of(request).consents.filter(version=version, action=Consent.Action.GIVEN)
        body = {"text": version, "agreed_at": agreed.values_list("at", flat=True).first()}
        return Response(OwnConsentSerializer(body).data)

    @extend_schema(request=AgreementSerializer, responses=OwnConsentSerializer)
    def post(self, request: Request) -> Response:
        """Agree to the text in force; again, the first time counts."""
        data = checked(AgreementSerializer, request.data)
        given = services.give_consent(rater=rater_of(request), now=timezone.now(), **data)
        return Response(OwnConsentSerializer({"text": given.version, "agreed_at": given.at}).data)


class WithdrawalView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(request=WithdrawalSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Close your account for good, tokens and all; what you judged stays, under the pseudonym."""
        user = cast("User", request.user)
        if checked(WithdrawalSerializer, request.data)["username"] != user.username:
            raise Invalid(_("Confirm with your own user name."), code="username")
        services.withdraw_consent(rater=rater_of(request), now=timezone.now())
        return Response(status=204)


class ConsentTextsView(generics.ListAPIView):
    """The versions of the text that raters agree to, the newest, which is in force, first."""

    permission_classes = [MayManage]
    serializer_class = PublishedTextSerializer
    queryset = ConsentVersion.objects.select_related("created_by").order_by("-number")

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        services.current_consent()  # the text that ships counts from the first look at it
        return super().get_queryset()

    @extend_schema(request=NewConsentTextSerializer, responses={201: PublishedTextSerializer})
    def post(self, request: Request) -> Response:
        """Publish a new version, which every rater is asked before their next comparison."""
        texts = checked(NewConsentTextSerializer, request.data)
        made = services.publish_consent(
            created_by=cast("User", request.user), texts=texts, now=timezone.now()
        )
        return Response(PublishedTextSerializer(made).data, status=201)


class ConsentOverApiView(APIView):
    permission_classes = [MayManage]

    @extend_schema(responses=ConsentOverApiSerializer)
    def get(self, request: Request) -> Response:
        """Whether raters need consent over the API too."""
        return Response({"required": services.requires_consent_over_api()})

    @extend_schema(request=ConsentOverApiSerializer, responses=ConsentOverApiSerializer)
    def put(self, request: Request) -> Response:
        """Turn that on or off; who did so and when is kept."""
        data = checked(ConsentOverApiSerializer, request.data)
        services.set_consent_over_api(set_by=cast("User", request.user), now=timezone.now(), **data)
        return Response(data)
