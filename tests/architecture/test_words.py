"""Every word that a page or a script shows can be translated."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Proper names, kinds of files, keys, units and commands: the same in every language.
SAME = {
    "Preferendum",
    "UTC",
    "SHA-256",
    "CSV",
    "JSON",
    "lines",
    "Parquet",
    "AC1",
    "AC2",
    "Esc",
    "Enter",
    "curl",
    "Authorization",
    "Bearer",
    "pfd_",
    "api",
    "v1",
    "studies",
    "Content-Type",
    "application",
    "json",
    "true",
    "false",
    "manage.py",
    "sign_in_link",
    "NAME",
    "verify_snapshot",
    "ms",
}
TAG = re.compile(
    r"\{% comment.*?endcomment %\}|\{% blocktrans(?:late)?\b.*?\{% endblocktrans(?:late)? %\}"
    r"|\{% block width %\}.*?\{% endblock[^%]*%\}|\{[%{#].*?[%}#]\}|<pre\b.*?</pre>|<kbd.*?</kbd>",
    re.DOTALL,
)
WORD = re.compile(r"[^\W\d_][\w.-]{2,}")
# Attributes that are read out or shown.
SHOWN = re.compile(r'\b(?:aria-label|aria-description|title|placeholder|alt)="([^"]*)"')
# Text that a script puts on the page without having taken it from the page.
SAID = re.compile(
    r"""(?:textContent|innerText|title|ariaLabel|placeholder)\s*=\s*["'`][^"'`$]*[A-Za-z]{3}"""
    r"""|\b(?:alert|confirm|prompt)\(\s*["'`]"""
)


def test_templates_show_no_word_that_is_not_marked():
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        bare = TAG.sub(" ", path.read_text(encoding="utf-8"))
        shown = " ".join([*SHOWN.findall(bare), re.sub(r"<[^>]*>", " ", bare)])
        words = [word for word in WORD.findall(shown) if word.strip(".-") not in SAME]
        found += [f"{path.name}: {' '.join(words)}"] if words else []
    assert not found, "\n".join(found)


def test_scripts_take_their_words_from_the_page():
    found = [
        f"{path.name}: {hit[0]}"
        for path in sorted((ROOT / "static" / "js").rglob("*.js"))
        for hit in SAID.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)
