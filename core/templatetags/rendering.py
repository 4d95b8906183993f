"""`{{ text|rendered }}`: what somebody wrote, as safe HTML."""

from django import template
from django.utils.safestring import SafeString

from core.rendering import render

register = template.Library()


@register.filter
def rendered(text: str) -> SafeString:
    return render(text)
