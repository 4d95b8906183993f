"""Boards and files; researchers and admins only, since identities stand on both."""

from typing import Any, cast

from django.http import FileResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.errors import Invalid, Missing
from core.serializers import checked
from judging.models import RaterFinding, Study
from ratings.board import compare
from ratings.board.changes import changes
from ratings.exports.columns import COLUMNS
from ratings.models import BoardRequest, ExportFile, LeaderboardSnapshot
from ratings.permissions import (
    ManageOrRead,
    MayExport,
    MayRead,
    MaySnapshot,
    may_see_identities,
    require_readable,
)
from ratings.serializers import (
    AgreementOfCriterionSerializer,
    BlindingSerializer,
    BoardRequestSerializer,
    BoardSerializer,
    BoardSummarySerializer,
    ChangesSerializer,
    ColumnsSerializer,
    ComparedSerializer,
    ExportFileSerializer,
    FragilitySerializer,
    JudgmentsExportSerializer,
    LeaderboardExportSerializer,
    NewExportFileSerializer,
    NewSnapshotSerializer,
    PairSerializer,
    PowerSerializer,
    RaterFindingSerializer,
    StudyRatersSerializer,
    TwoBoardsSerializer,
    VerificationSerializer,
    WantedPowerSerializer,
)
from ratings.services import (
    blinding_reports,
    board_requests,
    export_files,
    exports,
    power,
    rater_quality,
    snapshots,
)
from ratings.services.fragility import fragility_of
from ratings.services.identities import result_with_codes
from ratings.tasks import ring, take_board, write_export

SNAPSHOTS = LeaderboardSnapshot.objects.select_related("study_version__study")
FILES = {
    (200, "text/csv"): OpenApiTypes.STR,
    (200, "application/x-ndjson"): OpenApiTypes.STR,
    (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY,
}


class BoardsView(generics.ListAPIView):
    """A study's snapshots, newest first."""

    serializer_class = BoardSummarySerializer
    queryset = LeaderboardSnapshot.objects.none()

    def get_permissions(self) -> list[Any]:
        return [MaySnapshot() if self.request.method == "POST" else MayRead()]

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        study = get_object_or_404(Study, slug=self.kwargs["slug"])
        return SNAPSHOTS.filter(study_version__study=study).defer("result").order_by("-pk")

    @extend_schema(
        request=NewSnapshotSerializer, responses={201: BoardSerializer, 200: BoardSerializer}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take a snapshot of the newest version; 200 and the one there is when nothing changed."""
        study = get_object_or_404(Study, slug=slug)
        snapshot, new = snapshots.take_snapshot(
            version=snapshots.latest_version(study),
            now=timezone.now(),
            **checked(NewSnapshotSerializer, request.data),
        )
        return Response(_board(request, snapshot), status=201 if new else 200)


class BoardView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=BoardSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A board with every number, and what each of them means."""
        return Response(_board(request, _snapshot(pk)))


class CompareView(APIView):
    permission_classes = [MayRead]
    query_serializer = PairSerializer

    @extend_schema(parameters=[PairSerializer], responses=ComparedSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Two models of a board: wins, ties, losses, and the difference with its interval."""
        result = _shown(request, _snapshot(pk)).result
        pair = checked(PairSerializer, request.query_params.dict())
        try:
            return Response(compare(result, pair["a"], pair["b"]))
        except KeyError as error:
            raise Missing(
                _("There is no other model %(args)r on this board.") % {"args": error.args[0]}
            ) from error


class FragilityView(APIView):
    permission_classes = [MayRead]
    query_serializer = PairSerializer

    @extend_schema(parameters=[PairSerializer], responses=FragilitySerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How few votes, raters or prompts the order of two models hangs on, by criterion."""
        pair, found = checked(PairSerializer, request.query_params.dict()), _snapshot(pk)
        coded = not may_see_identities(request, found.study_version.study)
        criteria = fragility_of(snapshot=found, coded=coded, **pair)
        return Response(FragilitySerializer({"criteria": criteria}).data)


class ChangesView(APIView):
    permission_classes = [MayRead]
    query_serializer = TwoBoardsSerializer

    @extend_schema(parameters=[TwoBoardsSerializer], responses=ChangesSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What changed between two boards of a study: models, ranks, ratings and votes."""
        wanted = checked(TwoBoardsSerializer, request.query_params.dict())
        boards = SNAPSHOTS.filter(study_version__study__slug=slug)
        old, new = (get_object_or_404(boards, pk=pk) for pk in sorted(wanted.values()))
        if old.pk == new.pk:
            raise Invalid(_("Name two different boards."), code="same_board")
        found = changes(_shown(request, old).result, _shown(request, new).result)
        return Response(
            {
                "before": old.pk,
                "after": new.pk,
                "same_protocol": old.study_version_id == new.study_version_id,
                "same_code": old.code_version == new.code_version,
                **found,
            }
        )


class BoardRequestsView(APIView):
    permission_classes = [MaySnapshot]

    @extend_schema(
        request=None, responses={200: BoardRequestSerializer, 202: BoardRequestSerializer}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take a board: at once in a small study (200), by a worker in a large one (202)."""
        study = get_object_or_404(Study, slug=slug)
        made = board_requests.request_board(study=study, user=_user(request), now=timezone.now())
        if isinstance(made, LeaderboardSnapshot):
            made = BoardRequest(snapshot=made, state=BoardRequest.State.DONE)
            return Response(BoardRequestSerializer(made).data)
        ring(take_board, made.pk)
        return Response(BoardRequestSerializer(made).data, status=202)


class BoardRequestView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=BoardRequestSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far a board is that a worker takes; done, which board it is."""
        return Response(BoardRequestSerializer(get_object_or_404(BoardRequest, pk=pk)).data)


class ExportFilesView(APIView):
    permission_classes = [MayExport]

    @extend_schema(responses=ExportFileSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """A study's newest files, the newest first, expired ones among them."""
        files = export_files.recent_files(get_object_or_404(Study, slug=slug))
        return Response(ExportFileSerializer(files, many=True).data)

    @extend_schema(
        request=NewExportFileSerializer,
        responses={200: ExportFileSerializer, 202: ExportFileSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask a worker for a file (202); 200 and the one there is when nothing changed since."""
        study = get_object_or_404(Study, slug=slug)
        wanted = checked(NewExportFileSerializer, request.data)
        file = export_files.request_file(
            study=study,
            what=wanted["what"],
            file_format=wanted["format"],
            user=_user(request),
            now=timezone.now(),
            coded=not may_see_identities(request, study),
        )
        if file.unfinished:
            ring(write_export, file.pk)
        status = 202 if file.unfinished else 200
        return Response(ExportFileSerializer(file).data, status=status)


class ExportFileView(APIView):
    permission_classes = [MayExport]

    @extend_schema(responses=ExportFileSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far a file is."""
        return Response(ExportFileSerializer(_export_file(pk)).data)


class ExportFileContentView(APIView):
    permission_classes = [MayExport]

    @extend_schema(responses=FILES)
    def get(self, request: Request, pk: int) -> FileResponse:
        """The file itself: 409 while it is written, 410 once it expired."""
        found = _export_file(pk)
        require_readable(request, found)
        name, media_type, content = export_files.open_file(file=found, now=timezone.now())
        return FileResponse(content, as_attachment=True, filename=name, content_type=media_type)


class VerifyView(APIView):
    permission_classes = [MaySnapshot]

    @extend_schema(request=None, responses=VerificationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Recompute the board from the judgments it counted, and compare every number to 1e-9."""
        found = snapshots.verify_snapshot(snapshot=_snapshot(pk))
        return Response(VerificationSerializer(found).data)


class JudgmentsExportView(APIView):
    permission_classes = [MayExport]
    query_serializer = JudgmentsExportSerializer

    @extend_schema(parameters=[JudgmentsExportSerializer], responses=FILES)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Every vote the newest board counts, one a row, as shown and in the canonical frame."""
        options = checked(JudgmentsExportSerializer, request.query_params.dict())
        return _file(request, slug, "judgments", **options)


class LeaderboardExportView(APIView):
    permission_classes = [MayExport]
    query_serializer = LeaderboardExportSerializer

    @extend_schema(parameters=[LeaderboardExportSerializer], responses=FILES)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """The newest snapshot, one row for each model and criterion."""
        options = checked(LeaderboardExportSerializer, request.query_params.dict())
        return _file(request, slug, "leaderboard", **options)


class StudyPowerView(APIView):
    permission_classes = [MayRead]
    query_serializer = WantedPowerSerializer

    @extend_schema(parameters=[WantedPowerSerializer], responses=PowerSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What the next version of a study, as drafted, could show: before anybody judges."""
        wanted = checked(WantedPowerSerializer, request.query_params.dict())
        study = get_object_or_404(Study, slug=slug)
        found = power.study_power(study=study, assumptions=power.Assumptions(**wanted))
        return Response(PowerSerializer(found).data)


class BlindingView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=BlindingSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How far blinding held: indices from raters' guesses, what style tells, and a check without."""
        study = get_object_or_404(Study, slug=slug)
        found = blinding_reports.blinding_report(
            version=snapshots.latest_version(study), coded=not may_see_identities(request, study)
        )
        return Response(BlindingSerializer(found).data)


class StudyRatersView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=StudyRatersSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How each rater judged, what the checks find, and the board with and without the held."""
        study = get_object_or_404(Study, slug=slug)
        found = rater_quality.raters_judged(
            version=snapshots.latest_version(study), coded=not may_see_identities(request, study)
        )
        return Response(StudyRatersSerializer(found).data)


class AgreementView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=AgreementOfCriterionSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """How far raters agree, by criterion, language and category, with intervals."""
        version = snapshots.latest_version(get_object_or_404(Study, slug=slug))
        found = rater_quality.study_agreement(version=version)
        return Response(AgreementOfCriterionSerializer(found, many=True).data)


class HoldsView(generics.ListAPIView):
    """Whom the rule of the protocol held, newest first."""

    permission_classes = [ManageOrRead]
    serializer_class = RaterFindingSerializer
    queryset = RaterFinding.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        study = get_object_or_404(Study, slug=self.kwargs["slug"])
        found = RaterFinding.objects.filter(study_version__study=study)
        return found.select_related("rater", "study_version", "by").order_by("-pk")

    @extend_schema(request=None, responses=RaterFindingSerializer(many=True))
    def post(self, request: Request, slug: str) -> Response:
        """Apply the rule now: hold whom it finds; `exclusions/` counts them again."""
        made = rater_quality.apply_rule(
            version=snapshots.latest_version(get_object_or_404(Study, slug=slug)),
            by=cast("User", request.user),
            now=timezone.now(),
        )
        return Response(RaterFindingSerializer(made, many=True).data)


class ExportColumnsView(APIView):
    permission_classes = [MayRead]

    @extend_schema(responses=ColumnsSerializer)
    def get(self, request: Request) -> Response:
        """What each column of the files means, in words."""
        return Response({what: COLUMNS[kind] for what, kind in exports.KINDS.items()})


def _file(request: Request, slug: str, what: str, **options: Any) -> StreamingHttpResponse:
    study = get_object_or_404(Study, slug=slug)
    found = exports.export(
        study=study,
        what=what,
        file_format=options.pop("format"),
        coded=not may_see_identities(request, study),
        **options,
    )
    return StreamingHttpResponse(
        found.content,
        content_type=found.media_type,
        headers={"Content-Disposition": f'attachment; filename="{found.name}"'},
    )


def _shown(request: Request, snapshot: LeaderboardSnapshot) -> LeaderboardSnapshot:
    """Give the snapshot the board that may be shown: with the models' names, or with codes."""
    if not may_see_identities(request, snapshot.study_version.study):
        snapshot.result = result_with_codes(snapshot)
    return snapshot


def _board(request: Request, snapshot: LeaderboardSnapshot) -> dict[str, Any]:
    return dict(BoardSerializer(_shown(request, snapshot)).data)


def _snapshot(pk: int) -> LeaderboardSnapshot:
    return get_object_or_404(SNAPSHOTS, pk=pk)


def _export_file(pk: int) -> ExportFile:
    files = ExportFile.objects.select_related("study_version__study")
    found: ExportFile = get_object_or_404(files, pk=pk)
    return found


def _user(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None
