"""`{{ text|prose }}`: what an admin wrote in a plain text field, as paragraphs and lists."""

import re
from itertools import groupby

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

ITEM = "- "
BREAK = SafeString("<br>")


@register.filter
def prose(text: str) -> SafeString:
    """Return paragraphs at empty lines, and a list where lines begin with a hyphen."""
    parts = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        for listed, lines in groupby(block.split("\n"), key=lambda line: line.startswith(ITEM)):
            if listed:
                items = format_html_join("", "<li>{}</li>", ([one[len(ITEM) :]] for one in lines))
                parts.append(format_html("<ul>{}</ul>", items))
            else:
                inner = format_html_join(BREAK, "{}", ([one] for one in lines))
                parts.append(format_html("<p>{}</p>", inner))
    return format_html_join("\n", "{}", ([one] for one in parts))
