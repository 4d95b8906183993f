"""Numbers as people write them."""

import textwrap

from django import template

register = template.Library()


@register.filter
def in_fours(code: str) -> list[str]:
    """Return a code or key in groups of four characters, as people read and type it."""
    return textwrap.wrap(code, 4)


@register.filter
def minus(text: str) -> str:
    """Write a minus sign where `floatformat` leaves a hyphen."""
    return text.replace("-", "−")
