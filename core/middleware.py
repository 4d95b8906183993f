"""Request ids, private caching, readable addresses, and pages for errors and the wrong method."""

import uuid
from collections.abc import Callable
from typing import Any

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.generics import ListAPIView

from core.errors import DomainError, InputError, Invalid, Missing
from core.problems import problem_answer, status_of

Handler = Callable[[HttpRequest], HttpResponse]
API = "/api/"
LIBRARY = "drf_spectacular."  # its schema and its page, with parameters of their own
NUL = "\0"
DEBUG_PAGES = (404, 500)


class RequestIdMiddleware:
    """Gives every response an `X-Request-ID` of its own, to be quoted in a report."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["REQUEST_ID"] = request_id = uuid.uuid4().hex
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ContentPolicyMiddleware:
    """Sends the content security policy with every answer; it is the same for all, so built once."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's own pages about errors, for developers, are built of what the policy forbids.
        if not (settings.DEBUG and response.status_code in DEBUG_PAGES):
            response.setdefault("Content-Security-Policy", self.policy)
        return response


class CompressPagesMiddleware(GZipMiddleware):
    """Sends pages compressed to whoever takes them so: on a phone's line that is most of the wait.

    Pages alone: files are streamed as they are, and programs of raters are many and near. The base
    class adds a random length to each answer, so that its size says nothing about what is in it.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Compress what is HTML."""
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


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
            return error_answer(request, Missing(_("There is no such thing here.")))
        if "%00" in request.META.get("QUERY_STRING", ""):
            return error_answer(request, Invalid(_("The query contains a NUL; leave it out.")))
        return self.get_response(request)


class KnownParametersMiddleware:
    """Refuses parameters in the API's addresses that would do nothing: a misspelt one says so.

    Lists take those of their pages; a view takes those of its `query_serializer`, if it has one.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        kind = getattr(view, "cls", None)
        # Asked as text first: a parsed query costs as much as all else here, and most have none.
        if not request.META.get("QUERY_STRING") or kind is None:
            return None
        if kind.__module__.startswith(LIBRARY):
            return None
        known = _parameters(kind)
        unknown = sorted(set(request.GET) - set(known))
        if not unknown:
            return None
        told = (
            _("Unknown parameter; known here: %(names)s.") % {"names": ", ".join(known)}
            if known
            else _("Unknown parameter; none is known here.")
        )
        errors = [InputError("unknown", told, column=one) for one in unknown]
        return error_answer(
            request, Invalid(_("The address has unknown parameters."), errors=errors)
        )


def _parameters(view: type) -> list[str]:
    serializer = getattr(view, "query_serializer", None)
    own = list(serializer().fields) if serializer else []
    return ["page", "page_size", *own] if issubclass(view, ListAPIView) else own


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


def error_answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Answer with a problem document under the API, and with a page elsewhere."""
    if request.path_info.startswith(API):
        return problem_answer(error)
    status = status_of(error)
    return render(request, "error.html", {"error": error, "status": status}, status=status)
