"""Texts from anybody become Markdown, code and formulas, and nothing that lives or asks for anything."""

from html import escape
from html.parser import HTMLParser

import pytest
from pygments.lexers import get_lexer_by_name

from core import rendering
from core.rendering import LONGEST, render

DEAD = {
    "href",
    "target",
    "rel",
    "class",
    "dir",
    "tabindex",
    "start",
    "display",
    "xmlns",
    "stretchy",
    "fence",
    "form",
    "mathvariant",
    "separator",
}
TAGS = {
    "a",
    "br",
    "code",
    "div",
    "em",
    "hr",
    "p",
    "pre",
    "span",
    "strong",
    "ul",
    "ol",
    "li",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "del",
    "math",
    "mrow",
    "mi",
    "mo",
    "mn",
    "mtext",
    "mspace",
    "mstyle",
    "msup",
}


class Seen(HTMLParser):
    """Collects the tags and attributes that a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    "![x][1]\n\n[1]: https://evil.example/x.png",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example)",
    "[x](/admin/)",
    '[x](https://ok.example "onmouseover=\'alert(1)")',
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{position:fixed}{x}$",
    r"\(\unicode{<script>}\)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<form action=//evil.example><button>x</button></form>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<p id=main class=card>x</p>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    "`<img src=x onerror=alert(1)>`",
    "```html\n<img src=x onerror=alert(1)>\n```",
    '```"><img src=x onerror=alert(1)>\nx\n```',
    "| <img src=x onerror=alert(1)> |\n|---|\n| x |",
    "# <img src=x onerror=alert(1)>",
    "> <video src=x onerror=alert(1)>",
    "[<img src=x onerror=alert(1)>](https://ok.example)",
    '<https://evil.example/"onmouseover=alert(1)>',
    "\u0000<script>alert(1)</script>",
    "<scr\u200bipt>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_nothing_live_comes_out(text):
    seen = Seen(str(render(text)))
    assert seen.tags <= TAGS
    assert seen.attributes <= DEAD
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in seen.links)


def test_shows_tables_code_with_colours_and_formulas():
    html = str(
        render(
            "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\ndef f(): return 1\n```\n\n$x^2$ and \\(y\\)"
        )
    )
    assert "<table" in html
    assert '<span class="k">def</span>' in html
    assert html.count("<math") == 2


def test_an_image_is_named_and_not_fetched():
    html = str(render("![a cat](https://evil.example/cat.png)"))
    assert "a cat" in html
    assert "evil.example" not in html


def test_a_link_shows_its_host_and_passes_nothing_on():
    html = str(render("[here](https://some.example/path)"))
    assert "(some.example)" in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_directions_are_the_texts_own():
    html = str(render("שלום\n\nHello"))
    assert html.count('dir="auto"') == 2


def test_hidden_characters_are_made_visible():
    html = str(render("safe\u202etxt.exe \U000e0041"))
    assert "\u202e" not in html
    assert "\U000e0041" not in html


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "> " * 20_000,
        "*a" * 30_000,
        "![](" * 15_000,
        "x" * (LONGEST + 1),
    ],
)
def test_bombs_come_back_as_text(text, monkeypatch):
    # What is shown hangs on the text alone: the clock is for what the steps do not count.
    monkeypatch.setattr(rendering, "SECONDS", 3600)
    assert str(render(text)) == f'<div class="plain" dir="auto">{escape(text)}</div>'


def test_the_same_text_gives_the_same_html_whoever_wrote_it():
    assert render("**a** and `b`") == render("**a** and `b`")


def test_no_text_pays_for_what_is_made_once_in_a_process(monkeypatch):
    now = 0.0

    def slow(*names, **options):
        nonlocal now
        now += 10.0
        return get_lexer_by_name(*names, **options)

    monkeypatch.setattr(rendering.time, "thread_time", lambda: now)
    monkeypatch.setattr(rendering, "get_lexer_by_name", slow)
    assert '<pre class="code"' in render("```python\nfirst = 'use of a language'\n```")
