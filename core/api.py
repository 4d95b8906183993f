"""What every API view shares: strict JSON, pages, and problem+json for every error."""

import logging
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.errors import (
    Conflict,
    DomainError,
    Gone,
    InputError,
    Invalid,
    Missing,
    NotAllowed,
    TooLarge,
    Unsupported,
)
from core.strict_json import strict_json

log = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
# Most particular first: the first class that fits decides.
STATUS: Mapping[type[DomainError], int] = {
    TooLarge: 413,
    Unsupported: 415,
    Invalid: 400,
    NotAllowed: 403,
    Missing: 404,
    Conflict: 409,
    Gone: 410,
    DomainError: 400,
}


class Pages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class StrictSerializer(serializers.Serializer):
    """Refuses fields it does not know, so that a misspelt field is never silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["Unknown field."] for name in unknown})
        return super().to_internal_value(data)


class StrictJSONParser(JSONParser):
    """JSON without its traps: no NaN, no duplicate keys, no NUL, no lone surrogates, no deep nests."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return strict_json(stream.read())
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not JSON: {error}") from error


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn any expected error into problem+json (RFC 9457) with a machine `code`."""
    set_rollback()
    if isinstance(error, DomainError):
        return _problem(_status(error), error.code, error.message, _extra(error))
    if isinstance(error, Http404):
        return _problem(404, "not_found", "There is no such thing here.")
    if isinstance(error, PermissionDenied):
        return _problem(403, "not_allowed", "You may not do this.")
    if isinstance(error, exceptions.ValidationError):
        found = list(_field_errors(error.detail))
        return _problem(400, "invalid", "The request has errors.", _errors(found, len(found)))
    if isinstance(error, exceptions.APIException):
        headers = {"WWW-Authenticate": error.auth_header} if getattr(error, "auth_header", "") else {}
        code = error.default_code if isinstance(error.detail, (list, dict)) else error.detail.code
        return _problem(error.status_code, str(code), str(error.detail), headers=headers)
    return None


def _status(error: DomainError) -> int:
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def _extra(error: DomainError) -> dict[str, Any]:
    extra = dict(error.details)
    if isinstance(error, Invalid) and error.errors:
        extra |= _errors(error.errors, error.total)
    return extra


def _errors(errors: list[InputError], total: int) -> dict[str, Any]:
    return {"errors": [one.as_dict() for one in errors], "total_errors": total}


def _field_errors(detail: Any, where: str = "") -> list[InputError]:
    if isinstance(detail, Mapping):
        pairs = [(f"{where}.{key}".strip("."), value) for key, value in detail.items()]
        return [one for name, value in pairs for one in _field_errors(value, name)]
    if isinstance(detail, list):
        return [one for value in detail for one in _field_errors(value, where)]
    field = where.removesuffix("non_field_errors").strip(".") or None
    return [InputError(code=str(detail.code), message=str(detail), column=field)]


def _problem(
    status: int,
    code: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **(extra or {})}
    return Response(body, status=status, headers=dict(headers or {}), content_type=PROBLEM)
