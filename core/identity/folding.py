"""A text as it reads, without markup and disguises (pure)."""

import re
import unicodedata
from functools import lru_cache

from core.identity.names import NAME_WORDS

LONGEST_NAME = 30
_HOMOGLYPHS = str.maketrans(
    "аеорсухіјѕһԁӏАВЕКМНОРСТХІΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαιυνρκ",
    "aeopcyxijshdlABEKMHOPCTXIABEZHIKMNOPTYXoaiuvpk",
)
_GREEK_OR_CYRILLIC = re.compile(r"[\u0370-\u04ff]")
# One of them beside a Latin letter.
_MIXED = re.compile(
    r"[\u0370-\u04ff\u0345\u1c80-\u1c87](?:(?=[A-Za-z\u0130\u0131])|(?<=[A-Za-z\u0130\u0131].))",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u04ff]+")
_LINK = re.compile(r"\]\((?:https?|mailto):[^\s()]*\)")
SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n")
_MARKS = '*_`~"“”«»„「」『』\\[\\]'
_MARKUP = re.compile(f"[{_MARKS}]+")
_ASCII_MARKS = '*_`~"[]'
_ASCII_MARKUP = str.maketrans("\t\r\v\f\x1c\x1d\x1e\x1f", " " * 8, _ASCII_MARKS)
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_HIDDEN}]")
_OTHER_SPACE = (
    "\t\v\f\r\x1c-\x1f\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # not "\n"
)
_SPACE = re.compile(f"[{_OTHER_SPACE}]")
# Most texts have none of all that, and are done with after one look.
_NOT_AS_READ = re.compile(f"[{_MARKS}{_HIDDEN}{_OTHER_SPACE}’]")
_SPACES = re.compile(" {2,}")


def fold(text: str) -> str:
    """Return `text` as it reads: NFKC, no invisible characters, no markup, disguised names as Latin."""
    if "](" in text:
        text = _LINK.sub("", text)
    if not text.isascii():
        as_read = unicodedata.is_normalized("NFKC", text) and not _NOT_AS_READ.search(text)
        if not as_read:
            text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).replace("’", "'")
            text = _MARKUP.sub("", text)
        text = " ".join(
            [
                _undisguised_again(one) if len(one) <= LONGEST_NAME else _undisguised(one)
                for one in text.split(" ")
            ]
        )
        if not as_read:
            text = _SPACE.sub(" ", text)
    elif not text.isprintable() or any([mark in text for mark in _ASCII_MARKS]):  # noqa: C419 - a generator takes twice as long
        text = text.translate(_ASCII_MARKUP)
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return text.casefold()


def _undisguised(piece: str) -> str:
    """Return a piece between spaces with the names in it that wear accents or look-alikes in Latin."""
    if piece.isascii():
        return piece
    if _MIXED.search(piece):
        piece = piece.translate(_HOMOGLYPHS)
    return _WORD.sub(_name_or_word, piece)


# The same few short pieces come again and again.
_undisguised_again = lru_cache(maxsize=8192)(_undisguised)


def _name_or_word(found: re.Match[str]) -> str:
    return _plain(found[0])


def _plain(word: str) -> str:
    if len(word) > LONGEST_NAME or word.isascii():
        return word
    plain = word.translate(_HOMOGLYPHS) if _GREEK_OR_CYRILLIC.search(word) else word
    plain = "".join(one for one in unicodedata.normalize("NFD", plain) if one.isalpha())
    return plain if plain == "AI" or plain.casefold() in NAME_WORDS else word
