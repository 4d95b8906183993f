"""Content warnings in words: prompts carry them as tags, people read them (pure).

The tags are those of the field's taxonomies: OpenAI's moderation categories, the hazards of MLCommons'
AILuminate 1.0 and what common data sets call the same things.
"""

import re
from collections.abc import Iterable
from typing import Final

from core.words import gettext as _
from core.words import gettext_noop

# By the tag in small letters, with one space wherever it has other signs.
WORDS: Final[dict[str, str]] = {
    "abuse": gettext_noop("Abuse"),
    "animal abuse": gettext_noop("Cruelty to animals"),
    "cbrne": gettext_noop("Weapons of mass destruction"),
    "child abuse": gettext_noop("Abuse of children"),
    "child sexual exploitation": gettext_noop("Sexual abuse of children"),
    "crime": gettext_noop("Crime"),
    "dangerous acts": gettext_noop("Dangerous acts"),
    "death": gettext_noop("Death"),
    "defamation": gettext_noop("Defamation"),
    "discrimination": gettext_noop("Discrimination"),
    "drugs": gettext_noop("Drugs"),
    "eating disorder": gettext_noop("Eating disorders"),
    "eating disorders": gettext_noop("Eating disorders"),
    "elections": gettext_noop("Elections"),
    "extremism": gettext_noop("Extremism"),
    "fraud": gettext_noop("Fraud"),
    "gore": gettext_noop("Graphic violence"),
    "graphic violence": gettext_noop("Graphic violence"),
    "harassment": gettext_noop("Harassment"),
    "harassment threatening": gettext_noop("Harassment and threats"),
    "hate": gettext_noop("Hatred of groups of people"),
    "hate speech": gettext_noop("Hatred of groups of people"),
    "hate threatening": gettext_noop("Hatred and threats"),
    "illicit": gettext_noop("Illegal acts"),
    "illicit violent": gettext_noop("Illegal and violent acts"),
    "illness": gettext_noop("Illness"),
    "indiscriminate weapons": gettext_noop("Weapons of mass destruction"),
    "intellectual property": gettext_noop("Violation of intellectual property"),
    "legal": gettext_noop("Legal matters"),
    "legal advice": gettext_noop("Legal advice"),
    "medical": gettext_noop("Medical matters"),
    "mental health": gettext_noop("Mental health"),
    "misinformation": gettext_noop("Misinformation"),
    "non violent crimes": gettext_noop("Crime without violence"),
    "nonviolent crimes": gettext_noop("Crime without violence"),
    "nudity": gettext_noop("Nudity"),
    "privacy": gettext_noop("Privacy"),
    "profanity": gettext_noop("Foul language"),
    "racism": gettext_noop("Racism"),
    "self harm": gettext_noop("Self-harm"),
    "self harm instructions": gettext_noop("Self-harm: how it is done"),
    "self harm intent": gettext_noop("Self-harm: the wish for it"),
    "sex related crimes": gettext_noop("Sexual crimes"),
    "sexism": gettext_noop("Sexism"),
    "sexual": gettext_noop("Sexual content"),
    "sexual content": gettext_noop("Sexual content"),
    "sexual minors": gettext_noop("Sexual content with minors"),
    "sexual violence": gettext_noop("Sexual violence"),
    "specialized advice": gettext_noop("Advice that takes an expert"),
    "suicide": gettext_noop("Suicide"),
    "suicide and self harm": gettext_noop("Suicide and self-harm"),
    "suicide self harm": gettext_noop("Suicide and self-harm"),
    "terrorism": gettext_noop("Terrorism"),
    "toxicity": gettext_noop("Insults and hostility"),
    "unsafe": gettext_noop("Unsafe requests"),
    "violence": gettext_noop("Violence"),
    "violence graphic": gettext_noop("Graphic violence"),
    "violent crimes": gettext_noop("Violent crime"),
    "war": gettext_noop("War"),
    "weapons": gettext_noop("Weapons"),
}
_SIGNS = re.compile(r"[\W_]+")


def warning_words(tag: str) -> str:
    """Return what a tag says to people; one that is not known, with its underscores as spaces."""
    known = WORDS.get(_SIGNS.sub(" ", tag).strip().lower())
    return _(known) if known else tag.replace("_", " ").strip() or tag


def warnings_in_words(tags: Iterable[str]) -> list[str]:
    """Return what tags say to people, each thing once, in their order."""
    return list(dict.fromkeys(map(warning_words, tags)))
