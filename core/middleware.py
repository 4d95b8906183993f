"""Request ids, private caching, readable addresses, and pages for domain errors."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError, Invalid, Missing
from core.problems import problem_answer, status_of

Handler = Callable[[HttpRequest], HttpResponse]
API = "/api/"
NUL = "\0"


class RequestIdMiddleware:
    """Gives every response an `X-Request-ID` of its own, to be quoted in a report."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["REQUEST_ID"] = request_id = uuid.uuid4().hex
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class PrivateCacheMiddleware:
    """Keeps what a signed-in person sees out of every cache."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store, private")
        return response


class ReadableAddressMiddleware:
    """Refuses addresses with a NUL in them: no thing has one in its name, and PostgreSQL takes none.

    Other bytes that are not UTF-8 need no care: Django shows them as %XX or as U+FFFD.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info:
            return error_answer(request, Missing("There is no such thing here."))
        if "%00" in request.META.get("QUERY_STRING", ""):
            return error_answer(request, Invalid("The query contains a NUL (%00); leave it out."))
        return self.get_response(request)


class DomainErrorMiddleware:
    """Shows a page, with the right status, for an error that a service raised."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return error_answer(request, error)


def error_answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Answer with a problem document under the API, and with a page elsewhere."""
    if request.path_info.startswith(API):
        return problem_answer(error)
    status = status_of(error)
    return render(request, "error.html", {"error": error, "status": status}, status=status)
