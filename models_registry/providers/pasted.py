"""What was meant by an address or a key as people paste them (pure)."""

import re

from core.words import gettext as _

# Copied along with what is seen: joiners, direction marks, byte order marks, soft hyphens.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_AROUND = " \t\r\n\u00a0\u202f\u3000\"'`“”‘’«»,;"
_URL = re.compile(r"https?://[^\s\"'`“”‘’<>|\\]+", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:export\s+|set\s+|\$env:)?(?:(?:[A-Z0-9]+_)*(?:KEY|TOKEN)|api_?key)\s*=\s*(?=[^\s=])"
    r"|(?:-H\s*)?[\"']?(?i:authorization|x-api-key|api-key)\s*:\s*"
    r"|(?i:bearer)\s+"
)
_SHORTENED = re.compile(r"…|\.\.\.|•|\*{3}")
_VARIABLE = re.compile(r"\$\{?\w+\}?|%\w+%|\{\{?\s*\w+\s*\}?\}")
_PLACEHOLDER = re.compile(
    r"<.*>|(?:sk-)?your?[-_ ].*|(?:sk-)?(?:insert|paste|enter)[-_ ].*", re.IGNORECASE
)
LONGEST_KEY = 500
# How keys of some vendors begin, the longest beginning of several first; and their hosts.
_KEYS = (
    ("sk-ant-", "Anthropic", "anthropic.com"),
    ("sk-or-", "OpenRouter", "openrouter.ai"),
    ("sk-proj-", "OpenAI", "openai.com"),
    ("gsk_", "Groq", "groq.com"),
    ("hf_", "Hugging Face", "huggingface.co"),
    ("xai-", "xAI", "x.ai"),
    ("pplx-", "Perplexity", "perplexity.ai"),
    ("AIza", "Google", "googleapis.com"),
)


def pasted_url(text: str) -> str:
    """Return the address in what was pasted: without quotes, out of NAME=… or a command.

    Where a text holds no address, or several, it is returned as it came but for its surroundings;
    whether an address may be used is for others to say.
    """
    text = _UNSEEN.sub("", text).strip(_AROUND)
    if re.match("https?:", text, re.IGNORECASE):
        return text
    found = {one.rstrip(_AROUND) for one in _URL.findall(text)}
    return found.pop() if len(found) == 1 else text


def pasted_key(text: str) -> str:
    """Return the key in what was pasted: without quotes, the name of its header, or NAME=."""
    text = _UNSEEN.sub("", text).strip(_AROUND)
    while label := _LABEL.match(text):
        text = text[label.end() :].strip(_AROUND)
    return text


def key_problem(key: str) -> str:
    """Return why a text is no key, and what to paste instead; the empty string when it may be one."""
    if _VARIABLE.fullmatch(key):
        return _("This is the name of a variable: paste the key that it holds.")
    if _SHORTENED.search(key):
        return _(
            "This key was shortened, as lists of keys show them: copy it whole, or make a new one."
        )
    if _PLACEHOLDER.fullmatch(key):
        return _("This stands for a key in an example: paste your own.")
    if _URL.match(key):
        return _("This is an address, not a key.")
    if not (key.isascii() and key.isprintable() and " " not in key) or len(key) > LONGEST_KEY:
        return _("A key is one line of at most %(most)s ASCII characters without spaces.") % {
            "most": LONGEST_KEY
        }
    return ""


def vendor_of_key(key: str, *, host: str) -> str:
    """Return whose key this is by how it begins; nothing for the vendor at `host`, and unknown ones."""
    for beginning, vendor, home in _KEYS:
        if key.startswith(beginning):
            return "" if f".{host}".endswith(f".{home}") else vendor
    return ""
