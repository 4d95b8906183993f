"""What an import points out without refusing it: a prompt is flagged, never changed (pure)."""

import re
import string
import unicodedata
from collections.abc import Sequence
from typing import Final

from core.identity import asks_identity
from core.words import gettext_noop

# Flags, in a word or two beside a prompt.
NAMES: Final[dict[str, str]] = {
    "asks_identity": gettext_noop("asks who made the model"),
    "asks_for_a_side": gettext_noop("asks for a side"),
    "duplicate": gettext_noop("duplicate"),
    "near_duplicate": gettext_noop("nearly a duplicate"),
    "bidi_control": gettext_noop("turns the direction of writing"),
    "tag_characters": gettext_noop("invisible tag characters"),
    "invisible_characters": gettext_noop("invisible characters"),
    "control_characters": gettext_noop("control characters"),
    "combining_marks": gettext_noop("piled up combining marks"),
    "secret": gettext_noop("password or key"),
    "personal_data": gettext_noop("e-mail address or telephone number"),
}
# And what they say in a report.
MEANING: Final[dict[str, str]] = {
    "asks_identity": gettext_noop(
        "It asks who made the model or what it was told; the answer may break the blind."
    ),
    "asks_for_a_side": gettext_noop("It asks the rater or a judge to choose a side."),
    "duplicate": gettext_noop("It has the same text as an earlier prompt."),
    "near_duplicate": gettext_noop(
        "It differs from an earlier prompt in case, width, space or punctuation only."
    ),
    "bidi_control": gettext_noop("It contains characters that turn the direction of writing."),
    "tag_characters": gettext_noop("It contains invisible tag characters."),
    "invisible_characters": gettext_noop("It contains invisible characters."),
    "control_characters": gettext_noop("It contains control characters."),
    "combining_marks": gettext_noop("It piles up combining marks."),
    "secret": gettext_noop(
        "It seems to contain a password or key, which would be sent to the endpoints."
    ),
    "personal_data": gettext_noop("It seems to contain an e-mail address or telephone number."),
}

_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|hf_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}"
    r"|eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{10,})|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
# Every secret has one of these in it, most prompts none.
_SECRET_HINTS = ("-", "_", "AKIA", "AIza", "eyJ")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[A-Za-z]{2,24}\b")
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}"
    r"|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}-\d{3}-\d{4})(?![\w-])"
)
# How a number of any of these kinds begins or goes on; a fast look before the exact one. Each begins
# with one character, which is looked for much faster than any of three.
_PHONE_BEGUN = (re.compile(r"\+\d"), re.compile(r"\(\d"), re.compile(r"-\d(?<=\d-\d)"))
_SIDE = re.compile(
    r"\b(?:choose|pick|prefer|select|vote for|rate|rank|judge|favou?r)\b.{0,20}"
    r"\b(?:answer|response|assistant|model|option|side|output) [ab]\b",
    re.IGNORECASE,
)
# Every phrase of that kind has one of these in it, most prompts none.
_SIDES = ("answer ", "response ", "assistant ", "model ", "option ", "side ", "output ")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_INVISIBLE = re.compile("[\u200b\u2060-\u2064\ufeff\u180e\u206a-\u206f]")
# The tags of a flag emoji (the regions' flags) are no hidden text.
_FLAG_EMOJI = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{3,6}\U000e007f")
_PILE = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5,}")
# One look for all of these before each is asked for.
_UNUSUAL = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u180e\u1ab0-\u1aff\u1dc0-\u1dff\u200b\u202a-\u202e\u2060-\u206f"
    "\u20d0-\u20ff\ufeff\U000e0000-\U000e007f]"
)
_ASCII_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation, " "))
# Of bytes: upper case as lower, and all that is neither an ASCII letter nor a digit.
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_NOT_ALIKE = bytes({*range(256)} - {*(string.ascii_letters + string.digits).encode()})
_PUNCTUATION = re.compile(r"[^\w\s]|_")


def flags_of(messages: Sequence[dict[str, str]]) -> tuple[str, ...]:
    """Return what a prompt's text gives reason to point out, in the order of `MEANING`."""
    text = "\n".join([one["content"] for one in messages])
    flags = []
    if any(asks_identity(one["content"]) for one in messages if one["role"] == "user"):
        flags.append("asks_identity")
    lowered = text.lower()
    if any([one in lowered for one in _SIDES]) and _SIDE.search(text):  # noqa: C419 - a generator takes twice as long
        flags.append("asks_for_a_side")
    if not text.isascii() and _UNUSUAL.search(text):
        flags += _unusual(text)
    if not text.replace("\n", "").isprintable() and _CONTROL.search(text):
        flags.append("control_characters")
    if any([hint in text for hint in _SECRET_HINTS]) and _SECRET.search(text):  # noqa: C419
        flags.append("secret")
    if ("@" in text and _EMAIL.search(text)) or _has_phone(text):
        flags.append("personal_data")
    return tuple(flags)


def _has_phone(text: str) -> bool:
    return (
        any([one.search(text) for one in _PHONE_BEGUN])  # noqa: C419 - a generator takes twice as long
        and _PHONE.search(text) is not None
    )


def _unusual(text: str) -> list[str]:
    flags = ["bidi_control"] if _BIDI.search(text) else []
    if _TAGS.search(_FLAG_EMOJI.sub("", text)):
        flags.append("tag_characters")
    if _INVISIBLE.search(text):
        flags.append("invisible_characters")
    if _PILE.search(text):
        flags.append("combining_marks")
    return flags


def exact_key(messages: Sequence[dict[str, str]]) -> str:
    """Return what two prompts share exactly when their texts are the same (after NFC)."""
    text = "\x00".join([f"{one['role']}\x01{one['content']}" for one in messages])
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def near_key(messages: Sequence[dict[str, str]]) -> str:
    """Return what two prompts share when they read alike.

    Punctuation counts where there is nothing else: "?" and "!" do not read alike.
    """
    text = "\n".join([one["content"] for one in messages])
    if text.isascii():
        words = text.lower().translate(_ASCII_PUNCTUATION).split()
    else:
        words = _PUNCTUATION.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split()
    return " ".join(words) or text


def letters_of(messages: Sequence[dict[str, str]]) -> bytes:
    """Return the ASCII letters and digits, which prompts share that read alike or are the same.

    Made in a fraction of the time of either key: few prompts need those.
    """
    text = "\n".join([one["content"] for one in messages])
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold()
    return text.encode().translate(_LOWER, _NOT_ALIKE)
