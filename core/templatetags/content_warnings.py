"""`{{ tags|content_warnings }}`: the tags of a prompt in words."""

from collections.abc import Iterable

from django import template

from core.content_warnings import warning_words, warnings_in_words

register = template.Library()
register.filter(warning_words)


@register.filter
def content_warnings(tags: Iterable[str]) -> list[str]:
    return warnings_in_words(tags)
