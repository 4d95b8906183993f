"""Which entry of the navigation the page belongs to."""

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def current(context: Any, *beginnings: str) -> SafeString | str:
    """Return `aria-current` for a link when the page's address begins so; "/" is that page alone."""
    request = context.get("request")
    path = request.path if request else ""
    here = any(path == one if one == "/" else path.startswith(one) for one in beginnings)
    return mark_safe(' aria-current="true"') if here else ""
