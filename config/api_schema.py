"""The OpenAPI schema, made once: it takes a second, and is the same for everybody who reads it."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


class OnceGenerator(SchemaGenerator):
    """Answers with the schema that was made first.

    Made a second time it would lose enumerations: naming them changes the descriptions they are in.
    """

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - the library's signature
        return schema()


@cache
def schema() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call] # untyped library
    return dict(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]
