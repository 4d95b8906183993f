"""Which format an answer of the API has."""

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

ANY = "*/*"


class PlainNegotiation(DefaultContentNegotiation):
    """Gives whoever takes anything, as programs do, the first format without looking further.

    What else is asked for is weighed as the library does, which copies all headers and the query:
    for a rater's program it was a fourteenth of a request.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and the media type it answers with."""
        if format_suffix is None and request.META.get("HTTP_ACCEPT", ANY) == ANY:
            first = next(iter(renderers))
            return first, str(first.media_type)
        return super().select_renderer(request, renderers, format_suffix)  # type: ignore[no-any-return] # untyped
