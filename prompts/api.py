"""Pools, their versions and prompts, and uploads into them."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import ManageOrRead, MayManage, MayRead
from core.errors import Invalid, TooLarge, Unsupported
from core.parsers import RawFileParser, UploadParser
from core.serializers import StrictSerializer
from core.uploads import FORM_BYTES
from prompts import services
from prompts.models import Prompt, PromptPool, PromptPoolVersion
from prompts.serializers import (
    AttachedSerializer,
    ImportOptionsSerializer,
    ImportReportSerializer,
    NewPromptPoolSerializer,
    PromptPoolSerializer,
    PromptPoolVersionSerializer,
    PromptSerializer,
    ReferenceOptionsSerializer,
    ReferenceUploadSerializer,
    UploadSerializer,
)


class PromptPoolsView(generics.ListAPIView):
    permission_classes = [ManageOrRead]
    serializer_class = PromptPoolSerializer
    queryset = PromptPool.objects.with_counts().order_by("slug")

    @extend_schema(request=NewPromptPoolSerializer, responses={201: PromptPoolSerializer})
    def post(self, request: Request) -> Response:
        body = NewPromptPoolSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        pool = services.create_pool(**body.validated_data)
        created = PromptPool.objects.with_counts().get(pk=pool.pk)
        return Response(PromptPoolSerializer(created).data, status=201)


class PromptPoolView(generics.RetrieveAPIView):
    permission_classes = [MayRead]
    serializer_class = PromptPoolSerializer
    queryset = PromptPool.objects.with_counts()
    lookup_field = "slug"


class PromptPoolVersionsView(generics.ListAPIView):
    permission_classes = [MayRead]
    serializer_class = PromptPoolVersionSerializer
    queryset = PromptPoolVersion.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        pool = get_object_or_404(PromptPool, slug=self.kwargs["slug"])
        return pool.versions.with_counts().select_related("pool").order_by("-number")


class PromptPoolVersionView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=PromptPoolVersionSerializer)
    def get(self, request: Request, slug: str, number: int) -> Response:
        return Response(PromptPoolVersionSerializer(_version(slug, number)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, number: int) -> Response:
        """Delete a draft; a published version stays."""
        services.delete_draft(version=_version(slug, number))
        return Response(status=204)


class PromptsView(generics.ListAPIView):
    permission_classes = [MayRead]
    serializer_class = PromptSerializer
    queryset = Prompt.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def] # the stubs' return type is generic
        version = _version(self.kwargs["slug"], self.kwargs["number"])
        return version.prompts.order_by("position")


class PublishView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=PromptPoolVersionSerializer)
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Freeze a draft under the SHA-256 of its content; again, it stays as it is."""
        services.publish_version(version=_version(slug, number), now=timezone.now())
        return Response(PromptPoolVersionSerializer(_version(slug, number)).data)


class ImportView(APIView):
    permission_classes = [MayManage]
    query_serializer = ImportOptionsSerializer
    parser_classes = [UploadParser, RawFileParser]

    @extend_schema(
        parameters=[ImportOptionsSerializer],
        request={"multipart/form-data": UploadSerializer, "text/csv": bytes},
        responses={200: ImportReportSerializer, 201: ImportReportSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Import a file into the pool's draft; `dry_run` only reports what would happen."""
        pool = get_object_or_404(PromptPool, slug=slug)
        data, options = _upload(request, ImportOptionsSerializer)
        columns = services.parse_columns(options.pop("columns"))
        report = services.import_prompts(pool=pool, data=data, columns=columns, **options)
        return Response(ImportReportSerializer(report).data, status=200 if report.dry_run else 201)


class ReferencesView(APIView):
    permission_classes = [MayManage]
    query_serializer = ReferenceOptionsSerializer
    parser_classes = [UploadParser, RawFileParser]

    @extend_schema(
        parameters=[ReferenceOptionsSerializer],
        request={"multipart/form-data": ReferenceUploadSerializer, "application/jsonl": bytes},
        responses=AttachedSerializer,
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Attach the reference answers of a file to a draft's prompts, by id."""
        version = _version(slug, number)
        data, options = _upload(request, ReferenceOptionsSerializer)
        n_attached = services.attach_reference_answers(version=version, data=data, **options)
        return Response(AttachedSerializer({"n_attached": n_attached}).data)


def _version(slug: str, number: int) -> PromptPoolVersion:
    versions = PromptPoolVersion.objects.with_counts().select_related("pool")
    return get_object_or_404(versions, pool__slug=slug, number=number)


def _upload(request: Request, serializer: type[StrictSerializer]) -> tuple[bytes, dict[str, Any]]:
    """Return the file of a request, as the form's `file` or the body, and the options with it.

    The size is looked at before anything is read.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Unsupported(_("Compressed bodies are not taken."))
    declared = int(request.META.get("CONTENT_LENGTH") or 0)
    if declared > settings.UPLOAD_MAX_BYTES + FORM_BYTES:
        raise _too_large()
    told: dict[str, Any] = request.query_params.dict()
    body: Any = request.data
    if isinstance(body, QueryDict):
        told |= {key: body[key] for key in body if key != "file"}
        data, name = _form_file(request)
    else:
        data, name = body or b"", ""
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise _too_large()
    options = serializer(data=told)
    options.is_valid(raise_exception=True)
    values = dict(options.validated_data)
    return data, values | {"filename": values["filename"] or name}


def _form_file(request: Request) -> tuple[bytes, str]:
    files = request.FILES.getlist("file")
    if len(files) != 1 or len(request.FILES) > 1:
        raise Invalid(_("The form holds exactly one file, in the field 'file'."), code="file")
    file: UploadedFile = files[0]
    if (file.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise _too_large()
    return file.read(), file.name or ""


def _too_large() -> TooLarge:
    return TooLarge(
        _("The file is larger than %(upload_max_bytes)s bytes.")
        % {"upload_max_bytes": f"{settings.UPLOAD_MAX_BYTES:,}"}
    )
