"""The one door from a text that anybody wrote to HTML: Markdown, code, formulas, and nothing live.

The text is Markdown without HTML. What comes out holds no image, form, id, style or class of the
text's own, and asks for nothing over the network; links are followed only by a person who sees
the host. The same text gives the same HTML, whoever wrote it.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from core.invisible import show_invisible

LONGEST = 60_000  # characters; longer texts are shown as plain text
MOST_STEPS = 8_000  # lines and marks to look at; real answers have a few hundred
SECONDS = 0.5  # of this thread's own clock, for what a few steps can cost; the rest is steps
LONGEST_CODE = 20_000
LONGEST_FORMULA = 2_000
MOST_FORMULAS = 300
KEPT_BYTES = 32 * 1024 * 1024
SCHEMES = ("http", "https", "mailto")
DEEPEST = 40  # quotes and lists in each other; what is deeper would be left out

_BLOCKS = ("p", "ul", "ol", "li", "blockquote", "table", "th", "td")
# fmt: off
_MATHML = frozenset({
        "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot",
        "mstyle", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr",
        "mtd", "mpadded", "mphantom", "menclose", "mmultiscripts", "mprescripts", "none",
})
# Neither colour nor size: with them a formula could hide.
_MATHML_ATTRIBUTES = frozenset({
        "display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form",
        "separator", "accent", "accentunder", "largeop", "movablelimits", "symmetric",
        "minsize", "maxsize", "linethickness", "columnalign", "rowspacing", "columnspacing",
        "columnlines", "rowlines", "notation", "width", "height", "depth", "lspace", "rspace",
})
# fmt: on
_LENGTHS = frozenset({"width", "height", "depth", "lspace", "rspace", "minsize", "maxsize"})
_SANE_LENGTH = re.compile(r"[+-]?[0-9]?(\.[0-9]+)?(em|ex|px|pt|mu)?")
_TAGS = frozenset(
    {
        *_BLOCKS,
        *_MATHML,
        *("a", "br", "code", "del", "div", "em", "hr", "pre", "span", "strong", "tbody", "thead"),
        "tr",
    }
)
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: {"dir"} for tag in _BLOCKS},
    **{tag: set(_MATHML_ATTRIBUTES) for tag in _MATHML},
    "a": {"href", "target"},
    "ol": {"dir", "start"},
    "div": {"dir", "tabindex"},
    "pre": {"dir", "tabindex"},
}
_CODE_CLASSES = {name for name in STANDARD_TYPES.values() if name}
_CLASSES: dict[str, set[str]] = {
    "div": {"scroll", "math", "plain"},
    "p": {"heading", *(f"level-{level}" for level in range(1, 7))},
    "pre": {"code"},
    "code": {"formula"},
    "span": {"no-image", "host", *_CODE_CLASSES},
    "th": {"center", "right"},
    "td": {"center", "right"},
}
# Elements that are MathML's own, so that text inside \text{} cannot pass as a tag.
_FOREIGN_TAG = re.compile(r"<(?!/?m[a-z]+[\s/>])")


class _TooMuch(Exception):
    """The text takes longer than it may."""


def render(text: str) -> SafeString:
    """Return the HTML of a text, safe to stand in any page of ours.

    Too long or too slow a text comes back as plain text. Kept by content, up to `KEPT_BYTES`.
    """
    key = sha256(f"{get_language()} {text}".encode(errors="surrogatepass")).digest()
    html = _kept.get(key)
    if html is None:
        html = _render(show_invisible(text))
        _kept.put(key, html)
    return mark_safe(html)  # noqa: S308 - cleaned by nh3, or escaped as a whole


def _render(text: str) -> str:
    if len(text) > LONGEST:
        return _plain(text)
    parser, budget = _parser(), _Budget()
    try:
        html = parser.render(text, {"budget": budget})
        return _clean(html, budget)
    except (_TooMuch, RecursionError):
        return _plain(text)


def _plain(text: str) -> str:
    return f'<div class="plain" dir="auto">{escape(text)}</div>'


def _clean(html: str, budget: "_Budget") -> str:
    budget.check()
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        allowed_classes=_CLASSES,
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Refuse lengths with which a formula could move over what is not its own."""
    if tag in _MATHML and name in _LENGTHS and not _SANE_LENGTH.fullmatch(value):
        return None
    return value


class _Budget:
    """What one text may take: steps, formulas, and time."""

    def __init__(self) -> None:
        self.steps = MOST_STEPS
        self.until = time.thread_time() + SECONDS
        self.formulas = MOST_FORMULAS

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count what is made once in a process: it is nobody's text that costs it."""
        began = time.thread_time()
        yield
        self.until += time.thread_time() - began

    def check(self) -> None:
        self.steps -= 1
        if self.steps < 0 or time.thread_time() > self.until:
            raise _TooMuch


class _Kept:
    """The newest results, as many as fit."""

    def __init__(self, size: int) -> None:
        self.room = size
        self.lock = threading.Lock()
        self.results: OrderedDict[bytes, str] = OrderedDict()

    def get(self, key: bytes) -> str | None:
        with self.lock:
            html = self.results.get(key)
            if html is not None:
                self.results.move_to_end(key)
            return html

    def put(self, key: bytes, html: str) -> None:
        with self.lock:
            if key in self.results:
                return
            self.results[key] = html
            # A character takes up to four bytes in memory.
            self.room -= 4 * len(html)
            while self.room < 0:
                _key, oldest = self.results.popitem(last=False)
                self.room += 4 * len(oldest)


_kept = _Kept(KEPT_BYTES)

# ---- the parser ---------------------------------------------------------------------------------


@cache
def _parser() -> MarkdownIt:
    """Return the one parser; it keeps no state between texts, what it needs is in `env`."""
    markdown = MarkdownIt(
        "commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST}, renderer_cls=_Renderer
    )
    markdown.enable(["table", "strikethrough"])
    markdown.use(dollarmath_plugin, allow_labels=False, allow_digits=False, double_inline=True)
    markdown.validateLink = _may_link  # type: ignore[method-assign] # the library's documented hook
    for kind in ("math_inline", "math_inline_double", "math_block"):
        # The plugin brought renderers of its own.
        markdown.renderer.rules[kind] = getattr(markdown.renderer, kind)  # type: ignore[attr-defined] # a mapping, in the base class
    every: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("table", "bracket_math", _bracket_block, every)
    markdown.inline.ruler.before("escape", "bracket_math", _bracket_inline)
    # Asked before every other rule, at each line and each character that is not plain text.
    markdown.block.ruler.before("table", "budget", _check_block)
    markdown.inline.ruler.before("text", "budget", _check_inline)
    return markdown


def _may_link(url: str) -> bool:
    return urlsplit(url).scheme.lower() in SCHEMES if _parses(url) else False


def _parses(url: str) -> bool:
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return False


def _check_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the library's signature
    state.env["budget"].check()
    if state.level >= DEEPEST - 1:
        raise _TooMuch
    return False


def _check_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's signature
    state.env["budget"].check()
    return False


def _bracket_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's signature
    r"""Formulas in \( \) and \[ \], which most models write."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in {r"\(", r"\["}:
        return False
    closing = r"\)" if opening == r"\(" else r"\]"
    end = state.src.find(closing, state.pos + 2, state.pos + 2 + LONGEST_FORMULA)
    if end < 0 or not state.src[state.pos + 2 : end].strip():
        return False
    if not silent:
        kind = "math_inline" if opening == r"\(" else "math_inline_double"
        state.push(kind, "math", 0).content = state.src[state.pos + 2 : end]
    state.pos = end + 2
    return True


def _bracket_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the library's signature
    r"""A formula between \[ and \] on lines of its own, which may look like other blocks."""
    begin = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(r"\[", begin):
        return False
    close = state.src.find(r"\]", begin + 2, begin + 2 + LONGEST_FORMULA)
    line = start
    while close >= 0 and line < end and state.eMarks[line] < close:
        line += 1
    if close < 0 or line >= end or state.src[close + 2 : state.eMarks[line]].strip(" .,;"):
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content, token.map, token.block = state.src[begin + 2 : close], [start, line], True
    state.line = line + 1
    return True


# ---- from tokens to HTML ------------------------------------------------------------------------


class _Renderer(RendererHTML):
    """Markdown's own HTML, but without images and headings, and with blocks that keep to themselves.

    Headings become paragraphs: the page's outline is the page's own.
    """

    def renderToken(  # noqa: N802 - the library's name
        self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[idx]
        if token.tag in {"th", "td"}:
            _align(token)
        if token.nesting == 1 and token.tag in _BLOCKS:
            token.attrSet("dir", "auto")
        html = super().renderToken(tokens, idx, options, env)
        if token.tag == "table":
            opening = '<div class="scroll" tabindex="0">'
            return f"{opening}{html}" if token.nesting == 1 else f"{html}</div>"
        return html

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<p class="heading level-{tokens[idx].tag[1]}" dir="auto">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</p>\n"

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        env.setdefault("links", []).append(str(token.attrs.get("href", "")))
        return f'<a href="{escape(env["links"][-1])}" target="_blank">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'</a> <span class="host">({escape(_host(env["links"].pop()))})</span>'

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        alt = self.renderInlineAsText(tokens[idx].children or [], options, env).strip()
        said = _("Image, not shown: %s") % alt if alt else _("Image, not shown")
        return f'<span class="no-image">{escape(said)}</span>'

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        words = tokens[idx].info.split()
        return _code(tokens[idx].content, words[0] if words else "", env["budget"])

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _code(tokens[idx].content, "", env["budget"])

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _formula(tokens[idx].content, "inline", env["budget"])

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _formula(tokens[idx].content, "block", env["budget"])

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        inner = _formula(tokens[idx].content, "block", env["budget"])
        return f'<div class="math" tabindex="0">{inner}</div>\n'


def _align(token: Token) -> None:
    side = str(token.attrs.pop("style", "")).rpartition(":")[2]
    if side in {"center", "right"}:
        token.attrSet("class", side)


def _host(href: str) -> str:
    parts = urlsplit(href)
    return parts.path if parts.scheme == "mailto" else parts.hostname or parts.scheme


def _code(source: str, language: str, budget: _Budget) -> str:
    budget.check()
    with budget.paused():  # the first use of a language compiles its lexer
        lexer = _lexer(language.lower()) if len(source) <= LONGEST_CODE else None
    inner = highlight(source, lexer, _formatter()) if lexer else escape(source)
    return f'<pre class="code" dir="ltr" tabindex="0"><code>{inner}</code></pre>\n'


@cache
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True)


def _lexer(language: str) -> Any:
    try:
        return get_lexer_by_name(language, stripnl=False) if language else None
    except ClassNotFound:
        return None


@cache
def _converter() -> Any:
    from latex2mathml.converter import convert

    return convert


def _formula(source: str, display: str, budget: _Budget) -> str:
    """Set a formula in MathML; one that cannot be set is shown as it was written."""
    budget.check()
    budget.formulas -= 1
    written = f'<code class="formula">{escape(source.strip())}</code>'
    if len(source) > LONGEST_FORMULA or budget.formulas < 0:
        return written
    try:
        with budget.paused():  # the first formula imports the converter
            convert = _converter()
        mathml: str = convert(source.strip(), display=display)
    except Exception:  # noqa: BLE001 - the converter raises a dozen kinds, and plain IndexErrors
        return written
    return written if _FOREIGN_TAG.search(mathml) else mathml
