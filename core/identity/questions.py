"""Whether a prompt asks who made the model, what it is, or what it was told in secret (pure)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from core.identity.folding import SENTENCE, fold
from core.identity.foreign_questions import ARE_YOU_HINTS, FOREIGN, FOREIGN_ARE_YOU, FOREIGN_HINTS
from core.identity.lazy import LazyPattern
from core.identity.literals import any_of
from core.identity.names import MAKER, MODEL, may_name_model

_VERB = (
    r"(?:made|created|developed|built|trained|programmed|designed|owns?|invented|coded|released"
    r"|engineered|operates|runs|behind|fine-?tuned|wrote|powers)"
)
_ENDS = (
    r"(?=\s*(?:$|[?.!,;:)\n？。]|and\b|or\b|in\b|when\b|then\b|as\b|to be\b|first\b|initially\b"
    r"|really\b|exactly\b))"
)
_ABOUT = (
    r"(?:model(?: name| version| number| architecture)?|(?:ai |real |actual )?name|version"
    r"|architecture|knowledge cut[ -]?off|(?:training|knowledge)(?: data)?(?:'s)? (?:cut[ -]?off|end)"
    r"|cut[ -]?off(?: date)?|creators?|developers?|makers?|parent company|training data|owners?"
    r"|programmers?|(?:last|latest) (?:training|knowledge)? ?update|parameter count|base model"
    r"|underlying model|(?:system|initial|hidden|original|first|secret|exact|full|pre|internal) ?-?"
    r"(?:prompts?|instructions?|message|rules)|context length|origins?|identity)"
)
_YOUR_OWN = r"your (?:own |current |exact |complete )?"
# How what is asked about begins: less than `_ABOUT`, and found much faster.
_ABOUT_BEGUN = any_of(
    (
        *("model", "name", "ai name", "real name", "actual name", "version", "architecture"),
        *("knowledge", "training", "cutoff", "cut-off", "cut off", "creator", "developer", "maker"),
        *("parent company", "owner", "programmer", "last ", "latest ", "parameter count"),
        *("base model", "underlying model", "system", "initial", "hidden", "original", "first"),
        *("secret", "exact", "full", "pre", "internal", "context length", "origin", "identity"),
        *("data", "information", "company", "organi"),
    )
)
_HIDDEN = (
    r"(?:system (?:prompt|message|instructions?)|(?:initial|hidden|original|previous|prior|secret"
    r"|internal|starting|developer) (?:prompt|instructions?|message)|(?:prompt|instructions?|text"
    r"|words|messages?|everything|content|conversation)(?: that (?:came|is|was|appears))?"
    r" (?:above|before this|you were given|you (?:have )?(?:received|got)))"
)
_TALKING = r"(?:talking|speaking|chatting) (?:to|with)"


@dataclass(frozen=True, slots=True)
class _Question:
    """A way to ask: any of `hints` stands in it, then it `may_be` in it, then all of it is found."""

    hints: tuple[str, ...]
    may_be: Callable[[str], object]
    whole: LazyPattern

    def asked_in(self, sentence: str) -> bool:
        return bool(self.may_be(sentence)) and self.whole.search(sentence) is not None


def _question(
    hints: tuple[str, ...], whole: str, core: str | Callable[[str], object] = ""
) -> _Question:
    """`core` is a pattern that every such question holds, or a function that says whether it may."""
    may_be = core if callable(core) else LazyPattern(core) if core else _always
    return _Question(hints, may_be, LazyPattern(whole))


def _always(_text: str) -> bool:
    return True


_QUESTIONS = (
    _question(
        (
            "ed you",
            "made you",
            "built you",
            " own you",
            "owns you",
            "runs you",
            "behind you",
            "wrote you",
            "operates you",
            "powers you",
        ),
        r"(?<!\w)(?:(?:who|what|which)(?:'s| is| are| was)?(?: [a-z]+){0,5}?|(?:name|tell me|state) the"
        rf" (?:company|lab|firm|people|team|organi[sz]ation)) (?:that |who )?{_VERB} you{_ENDS}",
        rf"{_VERB} you{_ENDS}",
    ),
    _question(
        ("are you", "were you", "aren't you", "you are", "you're", "is this", "am i "),
        r"(?<!\w)(?:were|are) you (?:really |actually |just |maybe )?(?:made|created|developed|built"
        r"|trained|programmed|owned|designed|powered) (?:by|on|at)\b"
        r"|(?<!\w)(?:by whom|who|when|where|how|by which company|by what company) (?:were|are) you"
        r" (?:made|created|developed|built|trained|programmed|last updated|last trained|designed)"
        rf"|(?<!\w)(?:are you|aren't you|you are|you're|is this|am i {_TALKING})"
        r" (?:really |actually |still |based on |running on |using |a version of |an? |the |some kind of"
        rf" |openai'?s? |google'?s? |anthropic'?s? |meta'?s? )*(?:{MODEL}|claude|bard|gemini|llama|mistral)"
        r"(?!\w)[^.!\n]{0,40}\?"
        rf"|(?<!\w)(?:are|were) you (?:an? |the )?{MAKER}"
        r"|(?<!\w)(?:who|what) (?:exactly |really |even )?are you"
        r"(?:,? (?:exactly|really|anyway|called))?\s*(?:[?!.]|$)"
        r"|(?<!\w)(?:tell me|say|state|reveal|know|wonder|curious|disclose)[^.?!\n]{0,20}? (?:what|which)"
        r"(?: kind of| type of| exact)? (?:ai|llm|(?:ai |language )?model|chatbot|version) (?:you are|you're)"
        rf"{_ENDS}",
    ),
    _question(
        ("are you", "is this", "do you", "did you", "am i ", "do i ", "did i ", "are this"),
        r"(?<!\w)(?:what|which)(?: kind of| type of| sort of| specific| exact| version of)?"
        r"(?: (?:ai|large|language|gpt|openai|claude|llama|chat|foundation))*"
        r" (?:model|llm|ai|chatbot|assistant|version|bot|system|gpt|company|lab|organi[sz]ation|vendor)"
        r"(?: version| number)? (?:are|is|do|did|am) (?:you|this|i)\b"
        r"(?: (?:work for|come from|belong to|running on|based on|use|using|"
        rf"{_TALKING}))?{_ENDS}",
        r"(?:are|is|do|did|am) (?:you|this|i)\b",
    ),
    _question(
        ("your ",),
        r"(?<!\w)(?:what(?:'s| is| was| are| were)|tell me|state|name|give me|reveal|say|share"
        r"|show me|disclose|describe|print|repeat|output|know|when is|when was|who is|who are|who was"
        rf"|who were|is)(?: me)?(?: the)?(?: exact| name of| name of the)? {_YOUR_OWN}{_ABOUT}(?!\w)"
        r"|who your (?:developer|creator|maker|owner)s? (?:is|are)\b"
        r"|(?:when|(?:what|which) (?:date|year|month|point)|how (?:recent|up[ -]to[ -]date|current|old))\b"
        r"[^.!?\n]{0,30}\byour (?:training|knowledge|data|information)"
        r"|your (?:training data|knowledge|training|information|data)"
        r" (?:is |was )?(?:cut ?off|end|stop|go up to|updated|current|last)"
        r"|the name of your (?:model|company|creator|developer|organi[sz]ation)",
        rf"{_YOUR_OWN}{_ABOUT_BEGUN}",
    ),
    _question(
        ("prompt", "instruction", " above", "before this", "you were given", " message"),
        r"(?<!\w)(?:repeat|print|show|reveal|output|display|tell me|give me|write out|write down|copy"
        r"|recite|translate|summari[sz]e|paste|quote|leak|dump|return|disclose"
        r"|what(?:'s| is| are| was| were| does| do)|ignore|share)\b[^.?!\n]{0,50}?\b"
        r"(?:everything above(?! the)|(?:your|the|all|my|you(?:'ve)?) [^.?!\n]{0,25}?"
        rf"{_HIDDEN})",
        rf"{_HIDDEN}",
    ),
    _question(
        ("yourself", "parameters do", "do you", "call you", "you called"),
        r"(?:^|please |can you |could you )introduce yourself(?=\s*(?:$|[.!?,\n]|and your (?:maker|creator|developer)))"
        r"|how many parameters do|where do you come from"
        r"|what (?:do|should|can) i call you|do you have a name|what are you called",
    ),
    _question(
        # What says "you", "who" or "model" in the other languages.
        FOREIGN_HINTS,
        FOREIGN,
    ),
    _question(ARE_YOU_HINTS, FOREIGN_ARE_YOU, may_name_model),
)


# Each hint, and the places of the questions that have it.
_HINTED: dict[str, list[int]] = {}
for _place, _each in enumerate(_QUESTIONS):
    for _hint in _each.hints:
        _HINTED.setdefault(_hint, []).append(_place)
_ALL_FOREIGN = {*FOREIGN_HINTS, *ARE_YOU_HINTS}
_FOREIGN_ASCII = sorted(filter(str.isascii, _ALL_FOREIGN))
# A whole word of one of them: there the others are worth a look.
_FOREIGN_WORD = re.compile(
    rf" {any_of(f'{word} ' for hint in _FOREIGN_ASCII for word in hint.split() if len(word) > 1)}"
)
_ENGLISH = sorted(hint for hint in _HINTED if hint.isascii() and hint not in _ALL_FOREIGN)
# Looking for dozens of hints in every prompt takes long: first for what many of them share.
_SHARED = (" i ", " this", "prompt", "instruction", " above", " message", "parameters do", "your ")
_WITH_SHARED = {shared: [hint for hint in _ENGLISH if shared in hint] for shared in _SHARED}
_WITH_YOU = [hint for hint in _ENGLISH if "you" in hint and hint != "your "]
_BESIDE_YOU = re.compile(
    "you(?:"
    + "|".join(
        f"(?<={hint})" if hint.endswith("you") else hint.removeprefix("you") for hint in _WITH_YOU
    )
    + ")"
)
# Each question that has hints with other letters than ASCII, and what finds any of them.
_OTHER = {
    place: re.compile(any_of(hint for hint in each.hints if not hint.isascii()))
    for place, each in enumerate(_QUESTIONS)
    if not all(map(str.isascii, each.hints))
}


def asks_identity(text: str) -> bool:
    """Say whether a prompt asks who made the model, what it is, or what it was told in secret."""
    folded = fold(text)
    hinted = _hinted_in(folded)
    if not hinted:
        return False
    likely = [_QUESTIONS[place] for place in hinted if _QUESTIONS[place].may_be(folded)]
    return bool(likely) and any(
        question.asked_in(sentence) for sentence in SENTENCE.split(folded) for question in likely
    )


def _hinted_in(folded: str) -> set[int]:
    """Return the places of the questions that have a hint in a folded text."""
    hints = [
        hint
        for shared in [one for one in _SHARED if one in folded]
        for hint in _WITH_SHARED[shared]
        if hint in folded
    ]
    if _BESIDE_YOU.search(folded):
        hints += [hint for hint in _WITH_YOU if hint in folded]
    if _FOREIGN_WORD.search(f" {folded} ".replace("\n", " ")):
        hints += [hint for hint in _FOREIGN_ASCII if hint in folded]
    hinted = {place for hint in hints for place in _HINTED[hint]}
    if not folded.isascii():
        hinted.update(place for place, hint in _OTHER.items() if hint.search(folded))
    return hinted
