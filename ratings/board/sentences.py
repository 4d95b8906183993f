"""What a board says in sentences: kept in English, as it was frozen, and said in words when shown (pure)."""

import re
from functools import cache

from core.words import gettext as _
from core.words import gettext_noop

NOTES = {
    "two-way": gettext_noop(
        "Clustered by rater and by prompt: the interval holds for other raters and other prompts like"
        " these."
    ),
    "rater": gettext_noop(
        "Clustered by rater, all on one prompt: the interval holds for this prompt only."
    ),
    "prompt": gettext_noop(
        "Clustered by prompt, all by one rater: the interval holds for this rater only."
    ),
    "": gettext_noop("One rater and one prompt: there is no interval."),
}
NOBODY_JUDGED = gettext_noop("Nobody has judged yet: there is no interval.")
FEW = {
    "rater prompt": gettext_noop(
        "Fragile: %(rater)s raters and %(prompt)s prompts, fewer than %(least)s, are too few for the"
        " interval to be relied on."
    ),
    "rater": gettext_noop(
        "Fragile: %(rater)s raters, fewer than %(least)s, are too few for the interval to be relied"
        " on."
    ),
    "prompt": gettext_noop(
        "Fragile: %(prompt)s prompts, fewer than %(least)s, are too few for the interval to be relied"
        " on."
    ),
}
SOURCES = {
    "rater": gettext_noop("More of the uncertainty comes from the raters than from the prompts."),
    "prompt": gettext_noop("More of the uncertainty comes from the prompts than from the raters."),
}
NONE_RANKED = gettext_noop("The votes do not rank any two models.")
NO_INTERVAL = gettext_noop("There is no interval: %(reason)s.")
NO_COMPOSITE_WITHOUT_SOME = gettext_noop(
    "There is no composite: %(criteria)s and %(last)s cannot be estimated"
)
NO_COMPOSITE_WITHOUT = gettext_noop("There is no composite: %(criterion)s cannot be estimated")
NO_COMMON_MODELS = gettext_noop(
    "There is no composite: no two models are ranked on every criterion"
)
NO_MEAN = gettext_noop("One rater and one prompt leave their mean without an interval")
NOT_RANKED = gettext_noop("nothing is ranked")
TOO_FEW_WAYS = gettext_noop("it needs votes from at least two raters or on two prompts")
# What the scoring core says, which knows no words but its own.
OF_THE_CORE = (
    gettext_noop("there are no votes"),
    gettext_noop("the votes do not vary, so there is no interval"),
    gettext_noop("every vote is a tie: the tie parameter has no finite estimate"),
    gettext_noop(
        "wins never run against the order of these tiers, so the tie parameter grows without end"
        " (half-win ties can be fitted): %(tiers)s"
    ),
    gettext_noop("an interval by cluster needs votes from at least two clusters"),
    gettext_noop("it is not known which side was shown first"),
    gettext_noop("both bad is not told from a tie"),
    gettext_noop("it is not known how likely each pair was to be drawn"),
    gettext_noop("the votes do not tell the position from the models"),
    gettext_noop("the votes link the models in one way only, so nothing can contradict it"),
    gettext_noop("it is not known who voted"),
    gettext_noop("it is not known which rater each vote is from"),
    gettext_noop("it is not known which prompt each vote is from"),
    gettext_noop("there are fewer than three raters"),
    gettext_noop("there are fewer than three prompts"),
)
KNOWN = (
    *NOTES.values(),
    NOBODY_JUDGED,
    *FEW.values(),
    *SOURCES.values(),
    NONE_RANKED,
    NO_INTERVAL,
    NO_COMPOSITE_WITHOUT_SOME,
    NO_COMPOSITE_WITHOUT,
    NO_COMMON_MODELS,
    NO_MEAN,
    NOT_RANKED,
    TOO_FEW_WAYS,
    *OF_THE_CORE,
)
_NEXT = re.compile(r"(?<=\.) (?=[A-Z])")


def in_words(said: str) -> str:
    """Return what a board says in the language in use; what is not known here stays as it is."""
    return " ".join(_one(sentence) for sentence in _NEXT.split(said))


def _one(sentence: str) -> str:
    known = _known(sentence)
    if known is not None:
        return known
    # A cause that was made a sentence of.
    cause = _known(sentence[:1].lower() + sentence[1:].removesuffix("."))
    cause = _known(sentence.removesuffix(".")) if cause is None else cause
    return sentence if cause is None else f"{cause[:1].upper()}{cause[1:]}."


def _known(said: str) -> str | None:
    for text, pattern in _patterns():
        if found := pattern.fullmatch(said):
            return _(text) % {key: in_words(value) for key, value in found.groupdict().items()}
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    named = re.compile(r"%\\?\((\w+)\\?\)s")
    return tuple(
        (text, re.compile(named.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL)) for text in KNOWN
    )
