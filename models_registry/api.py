"""Endpoints, language models, generation runs, and the import of completions."""

from typing import Any, cast
from uuid import uuid4

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import ManageOrRead, MayManage
from core.errors import TooLarge
from core.parsers import UploadParser
from models_registry import serializers
from models_registry.models import DriftNotice, GenerationRun, LanguageModel, ModelEndpoint
from models_registry.presets import PRESETS
from models_registry.services import (
    connecting,
    drift,
    endpoints,
    health,
    imports,
    language_models,
    runs,
)
from models_registry.tasks import ring


def read(kind: type[Serializer], request: Request) -> dict[str, Any]:
    """Return the checked body of a request."""
    body = kind(data=request.data)
    body.is_valid(raise_exception=True)
    return cast("dict[str, Any]", body.validated_data)


class EndpointsView(generics.ListAPIView):
    permission_classes = [ManageOrRead]
    serializer_class = serializers.EndpointSerializer
    queryset = ModelEndpoint.objects.order_by("slug")

    @extend_schema(
        request=serializers.NewEndpointSerializer, responses={201: serializers.EndpointSerializer}
    )
    def post(self, request: Request) -> Response:
        """Register an endpoint; the key is stored encrypted and never shown again."""
        made = endpoints.register_endpoint(**read(serializers.NewEndpointSerializer, request))
        return Response(serializers.EndpointSerializer(made).data, status=201)


class EndpointView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=serializers.EndpointSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(serializers.EndpointSerializer(_endpoint(slug)).data)

    @extend_schema(
        request=serializers.EndpointChangesSerializer, responses=serializers.EndpointSerializer
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change an endpoint; another scheme, host or port wipes its key."""
        changes = read(serializers.EndpointChangesSerializer, request)
        changed = endpoints.update_endpoint(endpoint=_endpoint(slug), **changes)
        ring()
        return Response(serializers.EndpointSerializer(changed).data)


class EndpointResumeView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.EndpointSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Lift the pause that a refused key or a wrong address brought."""
        resumed = endpoints.resume_endpoint(endpoint=_endpoint(slug))
        ring()
        return Response(serializers.EndpointSerializer(resumed).data)


class EndpointTryNowView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.EndpointSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """End a rest at once; after failures one call at a time tries whether the endpoint is back."""
        endpoint = _endpoint(slug)
        health.end_rest(endpoint=endpoint, now=timezone.now())
        ring()
        return Response(serializers.EndpointSerializer(endpoint).data)


class ModelsView(generics.ListAPIView):
    permission_classes = [ManageOrRead]
    serializer_class = serializers.LanguageModelSerializer
    queryset = (
        LanguageModel.objects.select_related("endpoint")
        .prefetch_related("prices")
        .order_by("slug", "-version")
    )

    @extend_schema(
        request=serializers.NewModelSerializer, responses={201: serializers.LanguageModelSerializer}
    )
    def post(self, request: Request) -> Response:
        """Register a model; without an endpoint its completions can only be imported."""
        made = language_models.register_language_model(
            **read(serializers.NewModelSerializer, request)
        )
        return Response(serializers.LanguageModelSerializer(made).data, status=201)


class TriedModelView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=serializers.TriedModelSerializer, responses=serializers.ProbeSerializer)
    def post(self, request: Request) -> Response:
        """Ask one question of a model that is not registered; neither it nor the key is stored."""
        asked = read(serializers.TriedModelSerializer, request)
        kind, base_url, key = (asked.pop(name) for name in ("kind", "base_url", "api_key"))
        probe = connecting.try_connection(
            now=timezone.now(),
            name=asked["remote_name"],
            slug=uuid4().hex,
            address=connecting.Address(kind, base_url, key) if base_url else None,
            **asked,
        )
        return Response(serializers.ProbeSerializer(probe).data)


class ModelView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=serializers.LanguageModelSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Return the newest version, or with SLUG@N that one."""
        model = language_models.find_language_model(slug)
        return Response(serializers.LanguageModelSerializer(model).data)

    @extend_schema(
        request=serializers.ModelChangesSerializer, responses=serializers.LanguageModelSerializer
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change facts at any time, and pinned settings until the first use."""
        model = language_models.find_language_model(slug)
        changes = read(serializers.ModelChangesSerializer, request)
        changed = language_models.update_language_model(language_model=model, **changes)
        return Response(serializers.LanguageModelSerializer(changed).data)


class ModelVersionsView(generics.ListAPIView):
    permission_classes = [ManageOrRead]
    serializer_class = serializers.LanguageModelSerializer
    queryset = LanguageModel.objects.none()

    def get_queryset(self) -> QuerySet[LanguageModel]:
        return ModelsView.queryset.filter(slug=self.kwargs["slug"])

    @extend_schema(
        request=serializers.ModelChangesSerializer,
        responses={201: serializers.LanguageModelSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make the next version: the newest one with these changes."""
        model = language_models.find_language_model(slug)
        changes = read(serializers.ModelChangesSerializer, request)
        made = language_models.new_version(language_model=model, **changes)
        return Response(serializers.LanguageModelSerializer(made).data, status=201)


class ModelPricesView(APIView):
    permission_classes = [MayManage]

    @extend_schema(
        request=serializers.NewPriceSerializer, responses={201: serializers.PriceSerializer}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Enter or correct the price from a day on."""
        model = language_models.find_language_model(slug)
        values = read(serializers.NewPriceSerializer, request)
        price = language_models.set_price(language_model=model, **values)
        return Response(serializers.PriceSerializer(price).data, status=201)


class ModelProbeView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=serializers.NewProbeSerializer, responses=serializers.ProbeSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Ask the model one question; the answer, or the exact error, is not stored."""
        model = language_models.find_language_model(slug)
        options = read(serializers.NewProbeSerializer, request)
        probe = endpoints.probe_model(language_model=model, **options)
        return Response(serializers.ProbeSerializer(probe).data)


class ModelRetireView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.LanguageModelSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Take a version out of new runs."""
        model = language_models.find_language_model(slug)
        retired = language_models.retire_language_model(language_model=model, now=timezone.now())
        return Response(serializers.LanguageModelSerializer(retired).data)


class ModelResumeView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.LanguageModelSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Go on with a model that was paused because the endpoint did not know it."""
        model = language_models.find_language_model(slug)
        resumed = language_models.resume_language_model(language_model=model)
        ring()
        return Response(serializers.LanguageModelSerializer(resumed).data)


class ModelAcceptNameView(APIView):
    permission_classes = [MayManage]

    @extend_schema(
        request=serializers.AcceptedNameSerializer, responses=serializers.LanguageModelSerializer
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take answers under another name as this model's; those in quarantine then count."""
        accepted = language_models.accept_name(
            language_model=language_models.find_language_model(slug),
            **read(serializers.AcceptedNameSerializer, request),
        )
        ring()
        return Response(serializers.LanguageModelSerializer(accepted).data)


class ModelAskAgainView(APIView):
    permission_classes = [MayManage]

    @extend_schema(
        request=serializers.AcceptedNameSerializer, responses=serializers.AskedAgainSerializer
    )
    def post(self, request: Request, slug: str) -> Response:
        """Throw away answers that came under another name, and ask for them anew."""
        count = language_models.ask_again_for(
            language_model=language_models.find_language_model(slug),
            **read(serializers.AcceptedNameSerializer, request),
        )
        ring()
        return Response({"answers": count})


class DriftNoticesView(generics.ListAPIView):
    """What has changed about models, newest first; without a decision the model is not called."""

    permission_classes = [ManageOrRead]
    serializer_class = serializers.DriftNoticeSerializer
    queryset = DriftNotice.objects.select_related("language_model", "decided_by").order_by("-pk")


class DriftDecideView(APIView):
    permission_classes = [MayManage]

    @extend_schema(
        request=serializers.DriftDecisionSerializer, responses=serializers.LanguageModelSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say whether it still is the same model; returned is the one to go on with."""
        notice = get_object_or_404(DriftNotice, pk=pk)
        model = drift.decide(
            notice=notice,
            by=cast("User", request.user),
            now=timezone.now(),
            **read(serializers.DriftDecisionSerializer, request),
        )
        ring()
        return Response(serializers.LanguageModelSerializer(model).data)


class PresetsView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=serializers.PresetSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List known models and how to reach them."""
        return Response(serializers.PresetSerializer(PRESETS, many=True).data)


class RunsView(generics.ListAPIView):
    permission_classes = [ManageOrRead]
    serializer_class = serializers.RunSerializer
    queryset = (
        GenerationRun.objects.with_told_state()
        .select_related("pool_version__pool")
        .prefetch_related("language_models")
        .order_by("-pk")
    )

    @extend_schema(
        request=serializers.NewRunSerializer,
        responses={200: serializers.StartedRunSerializer, 201: serializers.StartedRunSerializer},
    )
    def post(self, request: Request) -> Response:
        """Start a run, or only estimate it; the same run again is the same run (200)."""
        asked = read(serializers.NewRunSerializer, request)
        wanted = {
            "pool_version": imports.find_published_version(asked["pool"]),
            "language_models": [
                language_models.find_language_model(one) for one in asked["models"]
            ],
            "samples": asked["samples"],
        }
        estimate = runs.estimate_run(**wanted, day=timezone.now().date())
        if asked["dry_run"]:
            nothing = {"run": None, "created": False, "inserted": 0, "reopened": 0, "present": 0}
            return Response(serializers.StartedRunSerializer(nothing | {"estimate": estimate}).data)
        user = cast("User", request.user)
        started = runs.start_run(
            **wanted,
            cost_limit=asked.get("cost_limit"),
            created_by=user,
            now=timezone.now(),
        )
        ring()
        told = {name: getattr(started, name) for name in started.__slots__}
        told["run"] = RunsView.queryset.get(pk=started.run.pk)
        data = serializers.StartedRunSerializer(told | {"estimate": estimate}).data
        return Response(data, status=201 if started.created else 200)


class RunView(APIView):
    permission_classes = [ManageOrRead]

    @extend_schema(responses=serializers.RunDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Tell how far a run is: states, rate, cost, failures by kind, time left."""
        return _told(get_object_or_404(RunsView.queryset, pk=pk))

    @extend_schema(
        request=serializers.RunChangesSerializer, responses=serializers.RunDetailSerializer
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what the run may cost; a run that had reached its limit is then resumed."""
        changes = read(serializers.RunChangesSerializer, request)
        run = get_object_or_404(RunsView.queryset, pk=pk)
        limited = runs.limit_cost(run=run, now=timezone.now(), **changes)
        ring()
        return _told(limited)


class RunPauseView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Begin no further calls."""
        return _told(runs.pause_run(run=get_object_or_404(RunsView.queryset, pk=pk)))


class RunResumeView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Go on with a paused run."""
        run = runs.resume_run(run=get_object_or_404(RunsView.queryset, pk=pk))
        ring()
        return _told(run)


class RunCancelView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=None, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """End a run; what is in flight is paid for and still stored."""
        return _told(runs.cancel_run(run=get_object_or_404(RunsView.queryset, pk=pk)))


class RunRetryView(APIView):
    permission_classes = [MayManage]

    @extend_schema(request=serializers.RetrySerializer, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Ask once more what failed, or only what failed with one kind of error."""
        run = get_object_or_404(RunsView.queryset, pk=pk)
        runs.retry_failed(run=run, **read(serializers.RetrySerializer, request))
        ring()
        return _told(run)


class CompletionsImportView(APIView):
    permission_classes = [MayManage]
    parser_classes = [UploadParser]

    @extend_schema(
        request={"multipart/form-data": serializers.ImportSerializer},
        responses={201: serializers.ImportedSerializer},
    )
    def post(self, request: Request) -> Response:
        """Import a file of answers generated elsewhere, all rows or none."""
        asked = read(serializers.ImportSerializer, request)
        file = asked["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise TooLarge(
                _("The file is larger than %(upload_max_bytes)s bytes.")
                % {"upload_max_bytes": f"{settings.UPLOAD_MAX_BYTES:,}"}
            )
        done = imports.import_completions(
            data=file.read(),
            filename=file.name,
            language_model=language_models.find_language_model(asked["model"]),
            pool_version=imports.find_published_version(asked["pool"]),
            rows_of=asked["rows_of"],
            skip_bad_rows=asked["skip_bad_rows"],
            now=timezone.now(),
        )
        told = {name: getattr(done, name) for name in done.__slots__}
        told["errors"] = [error.as_dict() for error in done.errors]
        return Response(serializers.ImportedSerializer(told).data, status=201)


def _endpoint(slug: str) -> ModelEndpoint:
    return get_object_or_404(ModelEndpoint, slug=slug)


def _told(run: GenerationRun) -> Response:
    found = RunsView.queryset.get(pk=run.pk)
    found.progress = runs.run_progress(run=found, now=timezone.now())
    return Response(serializers.RunDetailSerializer(found).data)
