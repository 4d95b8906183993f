"""Raters, for those who manage them: their work and pace, and who is on hold."""

from collections.abc import Callable
from typing import Any, cast

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Consent, RaterHold, RaterProfile, User
from accounts.services.holds import hold_rater, release_rater
from core.serializers import checked
from judging.models import Study
from judging.permissions import MayManage
from judging.serializers import (
    HoldReasonSerializer,
    RaterSerializer,
    RaterWorkSerializer,
    StudyActivitySerializer,
    WantedRatersSerializer,
)
from judging.services.activity import study_activity
from judging.services.raters import find_raters, rater_work


class RatersView(generics.ListAPIView):
    permission_classes = [MayManage]
    query_serializer = WantedRatersSerializer
    serializer_class = RaterWorkSerializer
    queryset = RaterProfile.objects.none()

    @extend_schema(parameters=[WantedRatersSerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Raters with their work, the newest first."""
        return self.list(request, *args, **kwargs)

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        wanted = self.request.query_params.dict()
        asked = {name: wanted[name] for name in ("q", "kind") if name in wanted}
        return find_raters(**checked(WantedRatersSerializer, asked))

    def paginate_queryset(self, queryset: Any) -> Any:
        """Count the work of one page's raters only."""
        page = super().paginate_queryset(queryset)
        return None if page is None else rater_work(raters=page)


class RaterView(APIView):
    permission_classes = [MayManage]

    @extend_schema(responses=RaterSerializer)
    def get(self, request: Request, pseudonym: str) -> Response:
        """One rater: their work, holds, consents, and the cohorts they belong to."""
        return _rater_response(_rater(pseudonym))


class HoldView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=HoldReasonSerializer, responses=RaterSerializer)
    def post(self, request: Request, pseudonym: str) -> Response:
        """Give the rater no new comparisons; what they judged stays. Held already: no change."""
        return _change(hold_rater, request, pseudonym)


class ReleaseView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=HoldReasonSerializer, responses=RaterSerializer)
    def post(self, request: Request, pseudonym: str) -> Response:
        """Give a held rater comparisons again. Not held: no change."""
        return _change(release_rater, request, pseudonym)


class StudyActivityView(APIView):
    permission_classes = [MayManage]

    @extend_schema(responses=StudyActivitySerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Who works on a study, how fast, and why comparisons were skipped."""
        study = get_object_or_404(Study, slug=slug)
        return Response(
            StudyActivitySerializer(study_activity(study=study, now=timezone.now())).data
        )


def _change(service: Callable[..., bool], request: Request, pseudonym: str) -> Response:
    reason = checked(HoldReasonSerializer, request.data)["reason"]
    by, now = cast("User", request.user), timezone.now()
    service(rater=_rater(pseudonym), by=by, reason=reason, now=now)
    return _rater_response(_rater(pseudonym))


def _rater(pseudonym: str) -> RaterProfile:
    found = RaterProfile.objects.select_related("user", "invitation").prefetch_related(
        Prefetch("holds", RaterHold.objects.select_related("by").order_by("-pk")),
        Prefetch("consents", Consent.objects.select_related("version").order_by("-pk")),
    )
    return get_object_or_404(found, pseudonym=pseudonym)


def _rater_response(rater: RaterProfile) -> Response:
    return Response(RaterSerializer(rater_work(raters=[rater])[0]).data)
