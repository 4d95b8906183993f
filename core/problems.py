"""Every API error as problem+json (RFC 9457) with a machine code."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
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


def problem_response(  # noqa: PLR0911 - one list of kinds
    error: Exception, context: Mapping[str, Any]
) -> Response | None:
    """Turn any expected error into problem+json (RFC 9457) with a machine `code`."""
    set_rollback()
    if isinstance(error, DomainError):
        return _problem(status_of(error), error.code, error.message, _extra(error))
    if isinstance(error, Http404):
        return _problem(404, "not_found", _("There is no such thing here."))
    if isinstance(error, PermissionDenied):
        return _problem(403, "not_allowed", _("You may not do this."))
    if isinstance(error, RequestDataTooBig):
        return _problem(413, "too_large", _("The body is too large; files are sent as uploads."))
    if isinstance(error, SuspiciousOperation):
        return _problem(
            400, "invalid", _("The request cannot be read: %(error)s") % {"error": error}
        )
    if isinstance(error, exceptions.ValidationError):
        found = list(_field_errors(error.detail))
        return _problem(400, "invalid", _("The request has errors."), _errors(found, len(found)))
    if isinstance(error, exceptions.APIException):
        challenge = str(getattr(error, "auth_header", "") or "")
        headers = {"WWW-Authenticate": challenge} if challenge else {}
        code = error.default_code if isinstance(error.detail, (list, dict)) else error.detail.code
        return _problem(error.status_code, str(code), str(error.detail), headers=headers)
    return None


@login_not_required
def no_such_route(request: HttpRequest, path: str = "") -> JsonResponse:
    """Answer for addresses under the API that do not exist, its root included."""
    if not path:
        return problem_answer(Missing(_("This is the API; docs/ lists its addresses.")))
    said = _("The API has no %(path)r; see docs/.") % {"path": path}
    slash = "" if path.endswith("/") else " " + _("Its addresses end with a slash.")
    return problem_answer(Missing(said + slash))


def problem_answer(error: DomainError) -> JsonResponse:
    """Answer with an error's problem document, outside the framework's own views."""
    body = _body(status_of(error), error.code, error.message, _extra(error))
    return JsonResponse(body, status=body["status"], content_type=PROBLEM)


def status_of(error: DomainError) -> int:
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
    body = _body(status, code, detail, extra or {})
    return Response(body, status=status, headers=dict(headers or {}), content_type=PROBLEM)


def _body(status: int, code: str, detail: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "about:blank", "status": status, "code": code, "detail": detail, **extra}
