"""The blind flow: raters get comparisons, judge, skip, stop, and choose what they are never shown."""

import math
from collections.abc import Callable

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import EVERY_WARNING, RaterProfile
from core.errors import Invalid
from core.serializers import checked
from judging.models import Study
from judging.permissions import MayJudge, rater_of
from judging.protocol import parse_prefetch
from judging.serializers import (
    BlindedAssignmentSerializer,
    GuessesCountedSerializer,
    GuessesSerializer,
    JudgedSerializer,
    JudgmentBodySerializer,
    NextSerializer,
    OpenStudySerializer,
    OwnWarningsSerializer,
    QuestionnaireSerializer,
    RecordedSerializer,
    ReturnedSerializer,
    SkippedSerializer,
    SkipSerializer,
    WarningsSerializer,
    blinded_body,
    judged_body,
    open_study_body,
    questionnaire_body,
    recorded_body,
)
from judging.services import assignments, content_warnings, guessing, judgments
from judging.services.endings import stop_judging
from judging.services.undo import read_judged
from judging.services.versions import protocol_of


class OpenStudiesView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(responses=OpenStudySerializer(many=True))
    def get(self, request: Request) -> Response:
        """The studies that are open for judging, with what is asked and your progress."""
        return Response(
            [
                open_study_body(one.version.study, protocol_of(one.version), one.progress)
                for one in assignments.open_studies(rater=rater_of(request))
            ]
        )


class AssignmentsView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(
        request=NextSerializer,
        responses={201: BlindedAssignmentSerializer, 200: BlindedAssignmentSerializer, 204: None},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Your next comparison; the open one again while there is one; 204: nothing is left.

        A 204 with the header Retry-After: others hold the last ones, and may give some back.
        """
        prefetch = parse_prefetch(request.data)
        leased = assignments.lease_next(
            rater=rater_of(request),
            slug=slug,
            now=timezone.now(),
            prefetch=prefetch,
        )
        if leased is None:
            return _nothing_now(rater_of(request), slug)
        return Response(blinded_body(leased.blinded), status=201 if leased.created else 200)


class StopView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(request=None, responses=ReturnedSerializer)
    def post(self, request: Request) -> Response:
        """Stop for now: all you hold goes back at once, and may be yours again later."""
        count = stop_judging(rater=rater_of(request), now=timezone.now())
        return Response({"returned": count})


class GuessesView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(responses=QuestionnaireSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Which answers you are asked about, once your session is over; empty where none are."""
        asked = guessing.questionnaire(rater=rater_of(request), study=_published(slug))
        return Response(questionnaire_body(asked))

    @extend_schema(request=GuessesSerializer, responses={201: GuessesCountedSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Say which model you think wrote each of them, once; you are not told who did."""
        said = checked(GuessesSerializer, request.data)["guesses"]
        chosen = {(one["token"], one["side"]): one["name"] for one in said}
        if len(chosen) < len(said):
            raise Invalid(_("Say one thing of each answer."), code="answers")
        study = _published(slug)
        count = guessing.record_guesses(
            rater=rater_of(request), study=study, guesses=chosen, now=timezone.now()
        )
        return Response({"guesses": count}, status=201)


class JudgmentView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(responses=JudgedSerializer)
    def get(self, request: Request, token: str) -> Response:
        """What you judged and how, while you can still change it."""
        judged = read_judged(rater=rater_of(request), token=token, now=timezone.now())
        return Response(judged_body(judged))

    @extend_schema(
        request=JudgmentBodySerializer, responses={201: RecordedSerializer, 200: RecordedSerializer}
    )
    def post(self, request: Request, token: str) -> Response:
        """Submit once; the same again gives the same judgment, something else is refused."""
        return _record(judgments.record_judgment, request, token)

    @extend_schema(request=JudgmentBodySerializer, responses=RecordedSerializer)
    def put(self, request: Request, token: str) -> Response:
        """Change what was submitted, within the undo window; the first impression is kept."""
        response = _record(judgments.supersede_judgment, request, token)
        response.status_code = 200
        return response


class SkipView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(request=SkipSerializer, responses=SkippedSerializer)
    def post(self, request: Request, token: str) -> Response:
        """Give the comparison back for good, with a reason."""
        data = checked(SkipSerializer, request.data)
        assignment = assignments.find_assignment(rater=rater_of(request), token=token)
        assignments.skip_assignment(assignment=assignment, now=timezone.now(), **data)
        return Response({"token": token, "state": "skipped"})


class WarningsView(APIView):
    permission_classes = [MayJudge]

    @extend_schema(responses=OwnWarningsSerializer)
    def get(self, request: Request) -> Response:
        """What you are never shown, and which content warnings there are."""
        return _warnings_response(rater_of(request))

    @extend_schema(request=WarningsSerializer, responses=OwnWarningsSerializer)
    def put(self, request: Request) -> Response:
        """Choose what you are never shown; what you hold of it goes back, and counts against nobody."""
        data, rater = checked(WarningsSerializer, request.data), rater_of(request)
        tags = [*data["tags"], *[EVERY_WARNING] * data["every"]]
        content_warnings.avoid_warnings(rater=rater, tags=tags, now=timezone.now())
        return _warnings_response(rater)


def _warnings_response(rater: RaterProfile) -> Response:
    avoided = rater.avoided_tags
    return Response(
        {
            "every": EVERY_WARNING in avoided,
            "tags": [one for one in avoided if one != EVERY_WARNING],
            "in_use": content_warnings.warnings_in_use(),
        }
    )


def _nothing_now(rater: RaterProfile, slug: str) -> Response:
    """No content; and in how many seconds to ask again, where others hold the last places."""
    until = assignments.busy_until(rater=rater, slug=slug)
    if until is None:
        return Response(status=204)
    seconds = max(math.ceil((until - timezone.now()).total_seconds()), 1)
    return Response(status=204, headers={"Retry-After": str(seconds)})


def _record(service: Callable[..., judgments.Recorded], request: Request, token: str) -> Response:
    assignment = assignments.find_assignment(rater=rater_of(request), token=token)
    recorded = service(assignment=assignment, body=request.data, now=timezone.now())
    body = recorded_body(recorded, token=token)
    return Response(body, status=201 if recorded.created else 200)


def _published(slug: str) -> Study:
    """Return a study that raters may know of: a draft's name is nobody's business yet."""
    return get_object_or_404(Study.objects.exclude(state=Study.State.DRAFT), slug=slug)
