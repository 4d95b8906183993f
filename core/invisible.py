"""Make characters that show nothing, or reorder what is shown, visible (pure).

What an answer hides must not work on a rater, and whoever compares two answers must see the same
as whoever wrote them. Joiners inside the scripts and emoji that need them stay as they are.
"""

import re

# Of one letter's marks, stacked: no writing system needs more.
MOST_MARKS = 6
TAGS = "\U000e0020-\U000e007e"
TAG_OFFSET = 0xE0000

# Arabic, Syriac, the Indic scripts, Mongolian: a joiner there changes the letters' shape.
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_DIRECTION_MARKS = "\u200e\u200f\u061c"

_FINDING = re.compile(
    # Kept: what belongs to an emoji or a joining script.
    "(?P<kept>"
    f"\U0001f3f4[{TAGS}]{{1,8}}\U000e007f"
    f"|(?<=[{_JOINING}])[\u200c\u200d]"
    "|(?<=[\u00a9-\u3299\U0001f000-\U0001fbff\ufe0f])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001fbff])"
    "|(?<=[#*0-9\u00a9-\u3299\U0001f000-\U0001fbff])\ufe0f"
    ")"
    f"|(?P<tags>[\U000e0000-\U000e007f]+)"
    f"|(?P<direction>[{_DIRECTION_MARKS}])"
    "|(?P<hidden>(?P<one>["
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0080-\U000e0fff\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f"
    "])(?P=one)*)"
)
_STACKED = re.compile(
    f"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
    f"{{{MOST_MARKS}}})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def show_invisible(text: str) -> str:
    """Return the text with every hidden character named, as in ⟦U+200B⟧, and piled marks clipped.

    Of characters that copy ASCII invisibly the hidden words are shown: ⟦hidden: …⟧.
    """
    right_to_left = bool(_RIGHT_TO_LEFT.search(text))

    def shown(match: re.Match[str]) -> str:
        found = match[0]
        if match["kept"] or (match["direction"] and right_to_left):
            return found
        if match["tags"]:
            words = (ord(one) - TAG_OFFSET for one in found)
            return f"⟦hidden: {''.join(chr(one) if one >= ord(' ') else '' for one in words)}⟧"
        times = f" ×{len(found)}" if len(found) > 1 else ""
        return f"⟦U+{ord(found[0]):04X}{times}⟧"

    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return _STACKED.sub(r"\1", _FINDING.sub(shown, text))
