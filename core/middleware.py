"""Request ids, private caching, and pages for domain errors and for the wrong method."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from core.errors import DomainError
from core.problems import status_of

Handler = Callable[[HttpRequest], HttpResponse]


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


class DomainErrorMiddleware:
    """Shows a page, with the right status, for an error that a service raised."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        status = status_of(error)
        return render(request, "error.html", {"error": error, "status": status}, status=status)


class WrongMethodMiddleware:
    """Gives the bare refusal of a method a page, for whoever reloads what answered a form."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = render(request, "error.html", {"status": response.status_code})
        page.status_code = response.status_code
        page["Allow"] = response["Allow"]
        return page
