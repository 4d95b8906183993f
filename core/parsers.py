"""Body parsers of the API."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

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
            raise ParseError(f"The body is not JSON: {error}") from error
