"""Studies: managers write and run them, researchers read them."""

import random
from datetime import timedelta
from typing import Any, cast

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.invitations import issued_response
from accounts.models import RaterProfile, User
from accounts.serializers import IssuedInvitationSerializer
from core.errors import Conflict, Invalid
from core.serializers import checked
from judging.models import (
    AuditBatch,
    Comparison,
    GoldComparison,
    Judgment,
    Study,
    StudyTransition,
    StudyVersion,
    UnblindingEvent,
)
from judging.permissions import ManageOrRead, MayManage, MayRead
from judging.protocol import DEFAULT_CRITERIA
from judging.serializers import (
    AddModelSerializer,
    AmendSerializer,
    BlindedAssignmentSerializer,
    CohortChangesSerializer,
    CohortInvitationSerializer,
    CohortMembersSerializer,
    CohortSerializer,
    CriterionSerializer,
    DecisionSerializer,
    ExclusionSerializer,
    FrozenProtocolSerializer,
    GoldSerializer,
    JudgmentsCountedSerializer,
    NewGoldSerializer,
    NewStudySerializer,
    PlanSerializer,
    PromotedSerializer,
    PromotionSerializer,
    PublishSerializer,
    RetiredGoldSerializer,
    SealSerializer,
    StudyChangesSerializer,
    StudyProgressSerializer,
    StudySerializer,
    UnblindingSerializer,
    WantedPlanSerializer,
    WantedPreviewSerializer,
    WantedUnblindingsSerializer,
    blinded_body,
)
from judging.services import checks, cohorts, corrections, history, studies
from judging.services.previews import preview_assignment
from judging.services.unblinding import unblindings

WITH_VERSIONS = Study.objects.select_related("created_by").prefetch_related(
    Prefetch("versions", StudyVersion.objects.in_brief().select_related("published_by")),
    Prefetch("transitions", StudyTransition.objects.select_related("by").order_by("-pk")),
)


class StudiesView(generics.ListAPIView):
    permission_classes = [ManageOrRead]
    serializer_class = StudySerializer
    queryset = WITH_VERSIONS.order_by("-created_at", "-pk")

    @extend_schema(request=NewStudySerializer, responses={201: StudySerializer})
    def post(self, request: Request) -> Response:
        """Begin a study as a draft; its protocol may still be incomplete."""
        data = checked(NewStudySerializer, request.data)
        study = studies.create_study(created_by=cast("User", request.user), **data)
        return Response(StudySerializer(study).data, status=201)


class StudyView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=StudySerializer)
    def get(self, request: Request, slug: str) -> Response:
        return _study_response(slug)

    @extend_schema(request=StudyChangesSerializer, responses=StudySerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change a draft: fields of the protocol that are given are replaced as a whole."""
        data = checked(StudyChangesSerializer, request.data)
        study = studies.update_draft(study=_study(slug), changes=data.pop("protocol"), **data)
        return _study_response(study.slug)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Delete a draft; what was published once stays."""
        studies.discard_draft(study=_study(slug))
        return Response(status=204)


class StudyPlanView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=PlanSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How many judgments, hours and how much money the next version takes, as it is drafted."""
        return Response(PlanSerializer(studies.plan_study(study=_study(slug))).data)

    @extend_schema(request=WantedPlanSerializer, responses=PlanSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """The same with some fields replaced; nothing is stored: weigh an amendment first."""
        data = checked(WantedPlanSerializer, request.data)
        return Response(PlanSerializer(studies.plan_study(study=_study(slug), **data)).data)


class StudyPreviewView(APIView):
    permission_classes = [MayManage]
    query_serializer = WantedPreviewSerializer

    @extend_schema(parameters=[WantedPreviewSerializer], responses=BlindedAssignmentSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """A comparison as the study's raters would get it, as it is drafted; nothing is stored."""
        wanted = checked(WantedPreviewSerializer, request.query_params.dict())
        shown = preview_assignment(
            study=_study(slug),
            position=wanted["prompt"],
            now=timezone.now(),
            rng=random.SystemRandom(),
        )
        return Response(blinded_body(shown))


class StudyVersionsView(generics.ListAPIView):
    permission_classes = [MayRead]
    serializer_class = FrozenProtocolSerializer
    queryset = StudyVersion.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        versions = _study(self.kwargs["slug"]).versions
        return versions.select_related("published_by").order_by("-number")


class StudyProgressView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=StudyProgressSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How far the study is, in counts."""
        return Response(StudyProgressSerializer(studies.study_progress(study=_study(slug))).data)


class PublishView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=PublishSerializer, responses={201: FrozenProtocolSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Freeze the protocol under its SHA-256, build the comparisons, and open the study."""
        data = checked(PublishSerializer, request.data)
        return _version(studies.publish_version(study=_study(slug), **_now_by(request), **data))


class AmendView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=AmendSerializer, responses={201: FrozenProtocolSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Publish the protocol in force with some fields replaced, as a new version."""
        data = checked(AmendSerializer, request.data)
        return _version(studies.amend_study(study=_study(slug), **_now_by(request), **data))


class AddModelView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=AddModelSerializer, responses={201: FrozenProtocolSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Let one model more take part, in a new version."""
        data = checked(AddModelSerializer, request.data)
        return _version(studies.add_model(study=_study(slug), **_now_by(request), **data))


class PauseView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=StudySerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Issue no more comparisons until the study is resumed."""
        studies.pause_study(study=_study(slug), **_now_by(request))
        return _study_response(slug)


class ResumeView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=StudySerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Issue comparisons again."""
        studies.resume_study(study=_study(slug), **_now_by(request))
        return _study_response(slug)


class DiscardView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=StudySerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Forget an amendment that was prepared on the pages; the version in force stays."""
        studies.discard_amendment(study=_study(slug))
        return _study_response(slug)


class CloseView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=StudySerializer)
    def post(self, request: Request, slug: str) -> Response:
        """End the study for good; its seed is told from now on."""
        studies.close_study(study=_study(slug), **_now_by(request))
        return _study_response(slug)


class ExclusionsView(generics.ListAPIView):
    """Whose judgments were left out or counted again: when, by whom, and why. Newest first."""

    permission_classes = [ManageOrRead]
    serializer_class = DecisionSerializer
    queryset = Judgment.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        return history.left_out_of(study=_study(self.kwargs["slug"]))

    @extend_schema(request=ExclusionSerializer, responses=JudgmentsCountedSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Leave out what a rater judged in the study, or count it again; nothing is deleted."""
        data = checked(ExclusionSerializer, request.data)
        change = (
            corrections.restore_judgments if data.pop("restore") else corrections.exclude_judgments
        )
        rater = get_object_or_404(RaterProfile, pseudonym=data.pop("rater"))
        count = change(
            study=_study(slug),
            rater=rater,
            by=cast("User", request.user),
            now=timezone.now(),
            **data,
        )
        return Response({"judgments": count})


class CohortsView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=CohortSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The groups of raters of a study, how many places are kept for each, and how far it is."""
        groups = cohorts.cohort_progress(study=_study(slug), now=timezone.now())
        return Response([_cohort(one) for one in groups])

    @extend_schema(request=CohortMembersSerializer, responses=CohortChangesSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Put raters into a cohort, or out of all; what they judged keeps the cohort it was judged in."""
        data = checked(CohortMembersSerializer, request.data)
        by = cast("User", request.user)
        changed = cohorts.set_cohort(study=_study(slug), by=by, now=timezone.now(), **data)
        return Response({"changed": changed})


class CohortInvitationsView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=CohortInvitationSerializer, responses={201: IssuedInvitationSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Make an invitation whose raters belong to a cohort of the study."""
        data = checked(CohortInvitationSerializer, request.data)
        made = cohorts.invite_to_cohort(
            study=_study(slug),
            by=cast("User", request.user),
            now=timezone.now(),
            lifetime=timedelta(days=data.pop("days")),
            **data,
        )
        return issued_response(request, made)


class GoldView(generics.ListAPIView):
    """The study's comparisons whose answer is known, newest first."""

    permission_classes = [ManageOrRead]
    serializer_class = GoldSerializer
    queryset = GoldComparison.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        found = GoldComparison.objects.filter(comparison__study=_study(self.kwargs["slug"]))
        return found.select_related("by").order_by("-pk")

    @extend_schema(request=NewGoldSerializer, responses={201: GoldSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Say what the answer of a comparison is; it is shown quietly, and no board counts it."""
        data = checked(NewGoldSerializer, request.data)
        comparison = _comparison(slug, data.pop("comparison"))
        made = checks.make_gold(comparison=comparison, by=cast("User", request.user), **data)
        return Response(GoldSerializer(made).data, status=201)


class GoldPromotionView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=PromotionSerializer, responses=PromotedSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Make gold what several raters judged all alike on the primary criterion."""
        data = checked(PromotionSerializer, request.data)
        study = _published(slug)
        count = checks.promote_unanimous(study=study, by=cast("User", request.user), **data)
        return Response({"comparisons": count})


class GoldRetirementView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=RetiredGoldSerializer, responses=GoldSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Show a gold comparison no more; what was judged on it stays."""
        data = checked(RetiredGoldSerializer, request.data)
        gold = GoldComparison.objects.filter(comparison=_comparison(slug, data["comparison"]))
        if not gold:
            raise Invalid(_("This comparison is not gold."), code="comparison")
        checks.retire_gold(gold=gold[0], now=timezone.now())
        return Response(GoldSerializer(gold.get()).data)


class UnblindingsView(generics.ListAPIView):
    """Who was shown which model was judged how: when, by which path, and why. Newest first."""

    permission_classes = [MayRead]
    query_serializer = WantedUnblindingsSerializer
    serializer_class = UnblindingSerializer
    queryset = UnblindingEvent.objects.none()

    @extend_schema(parameters=[WantedUnblindingsSerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who was shown which model was judged how: when, by which path, and why. Newest first."""
        return self.list(request, *args, **kwargs)

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        wanted = self.request.query_params.dict()
        asked = {"user": wanted["user"]} if "user" in wanted else {}
        _study(self.kwargs["slug"])
        asked = checked(WantedUnblindingsSerializer, asked)
        return unblindings(study=self.kwargs["slug"], **asked)


class SealsView(generics.ListAPIView):
    """The seals over the ledger of all studies, newest first: each link follows from the one before."""

    permission_classes = [MayRead]
    serializer_class = SealSerializer
    queryset = AuditBatch.objects.defer("judgments").order_by("-number")


class DefaultCriteriaView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=CriterionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The criteria a study asks unless its protocol says otherwise."""
        return Response(CriterionSerializer(DEFAULT_CRITERIA, many=True).data)


def _now_by(request: Request) -> dict[str, Any]:
    return {"now": timezone.now(), "by": cast("User", request.user)}


def _study(slug: str) -> Study:
    return get_object_or_404(Study, slug=slug)


def _published(slug: str) -> Study:
    study = _study(slug)
    if not study.versions.exists():
        raise Conflict(_("This study is a draft: it compares nothing yet."), code="not_published")
    return study


def _comparison(slug: str, pk: int) -> Comparison:
    """Return a comparison of a study; another's is as wrong a number as one that is none."""
    found = Comparison.objects.filter(study=_published(slug), pk=pk).first()
    if found is None:
        raise Invalid(_("This study has no such comparison."), code="comparison")
    return found


def _cohort(one: cohorts.CohortProgress) -> dict[str, Any]:
    names = None if one.members is None else [member.pseudonym for member in one.members]
    return {
        "key": one.key,
        "label": one.label,
        "members": names,
        "links": one.links,
        "places": one.places,
        "taken": one.taken,
        "judgments": one.judgments,
    }


def _study_response(slug: str) -> Response:
    study = get_object_or_404(WITH_VERSIONS, slug=slug)
    return Response(StudySerializer(study).data)


def _version(version: StudyVersion) -> Response:
    return Response(FrozenProtocolSerializer(version).data, status=201)
