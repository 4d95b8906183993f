"""Every route of the URL configuration, walked from its root: what tests of all pages go over."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One named route; `arguments` are the names that its address takes."""

    name: str
    pattern: str
    arguments: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        """Whether it speaks JSON, to tokens as well as to sessions."""
        return self.pattern.startswith("api/") and self.name not in {"api-docs", "api-operation"}


def named_routes() -> list[Route]:
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for one in resolver.url_patterns:
        pattern = prefix + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from _walk(one, pattern)
        elif isinstance(one, URLPattern) and one.name:
            names = getattr(one.pattern, "converters", None) or one.pattern.regex.groupindex
            yield Route(one.name, pattern, tuple(names))
