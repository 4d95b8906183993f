"""Answers that suit both a browser's own request and htmx's."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django_htmx.http import HttpResponseClientRedirect


def go_to(request: HttpRequest, where: str, *args: Any) -> HttpResponse:
    """Send the browser to another page; htmx would otherwise swap that page into this one."""
    if request.htmx:  # type: ignore[attr-defined] # set by django-htmx's middleware
        return HttpResponseClientRedirect(resolve_url(where, *args))
    return redirect(where, *args)


def page_or_piece(
    request: HttpRequest, name: str, context: Mapping[str, Any], *, refused: bool = False
) -> HttpResponse:
    """Render `app/name.html`, or for htmx the piece `app/_name.html` that it includes.

    htmx swaps nothing in for an error's status, so a refused form comes back to it with 200.
    """
    if request.htmx:  # type: ignore[attr-defined] # set by django-htmx's middleware
        app, _, page = name.partition("/")
        return render(request, f"{app}/_{page}.html", dict(context))
    return render(request, f"{name}.html", dict(context), status=400 if refused else 200)
