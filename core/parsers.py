"""Body parsers of the API."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser, MultiPartParser

from core.strict_json import strict_json


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
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from error


class UploadParser(MultiPartParser):
    """A form with files; too many parts are a problem of the request, not of the server."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation as error:
            raise ParseError(_("The form cannot be read: %(error)s") % {"error": error}) from error


class RawFileParser(BaseParser):
    """A file as the whole body, of any media type: what it is, its content says."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return stream.read()
