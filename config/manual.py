"""The texts under docs/ that explain numbers and procedures, as pages of this site."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

from accounts.permissions import needs

NAMES = ("methods", "assignment", "blinding", "protocol", "glossary")
_BESIDE = re.compile(r"(?P<name>[a-z-]+)\.md(?P<at>#.*)?")


@dataclass(frozen=True)
class Text:
    title: str
    sections: tuple[tuple[str, str], ...]  # anchors and headings
    html: SafeString


@require_GET
@needs("read")
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the texts, with its sections on top."""
    if name not in NAMES:
        raise Http404
    others = [(one, text_of(one).title.partition(":")[0]) for one in NAMES]
    return render(request, "manual.html", {"name": name, "text": text_of(name), "others": others})


@cache
def text_of(name: str) -> Text:
    """Return a text as HTML. It is this project's own, so that its Markdown needs no cleaning."""
    source = (settings.BASE_DIR / "docs" / f"{name}.md").read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=3)
    tokens = parser.parse(source)
    headings = [
        (one.tag, str(one.attrGet("id")), within.content)
        for one, within in pairwise(tokens)
        if one.type == "heading_open"
    ]
    for one in tokens:
        for within in one.children or []:
            _lead_to_pages(within)
    sections = tuple((at, words) for tag, at, words in headings if tag == "h2")
    body = parser.renderer.render(_without_title(tokens), parser.options, {})
    return Text(headings[0][2], sections, mark_safe(_scrolling(body)))  # noqa: S308 - our own text


def _lead_to_pages(token: Token) -> None:
    """Let a link to a file beside this one lead to its page, and any other be no link."""
    href = str(token.attrGet("href") or "")
    if not href or href.startswith(("#", "https://")):
        return
    beside = _BESIDE.fullmatch(href)
    if beside and beside["name"] in NAMES:
        token.attrSet("href", reverse("manual", args=[beside["name"]]) + (beside["at"] or ""))
    else:
        token.attrs.pop("href")


def _without_title(tokens: list[Token]) -> list[Token]:
    """Leave out the first heading, which the page has as its own."""
    return tokens[3:]


def _scrolling(html: str) -> str:
    """Let what may be wider than a phone scroll by itself, by keyboard too."""
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    return html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
