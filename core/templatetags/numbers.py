"""Numbers as people write them."""

from django import template

register = template.Library()


@register.filter
def minus(text: str) -> str:
    """Write a minus sign where `floatformat` leaves a hyphen."""
    return text.replace("-", "−")
