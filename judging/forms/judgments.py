"""The judging page's form: what is asked with its keys, and text from a browser to the API's body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from judging.blinding import BlindedAssignment, BlindedCriterion, Side
from judging.protocol import Criterion
from judging.scales import BOTH_BAD, CANNOT_JUDGE, FOUR_WAY, GRADED7

SKIP_REASONS = (
    ("unclear", _("The prompt is unclear")),
    ("language", _("I do not read this language well")),
    ("expertise", _("I lack the knowledge to judge")),
    ("harmful", _("I do not want to read this")),
    ("recognised", _("I recognise a model")),
    ("broken", _("An answer is broken")),
)
CANNOT_JUDGE_KEY = "0"
# Longer prompts are folded, so that the answers stay in sight.
LONG_PROMPT, LONG_PROMPT_LINES = 500, 8
# Letters that stand for a choice beside its number, as other tools have taught people.
LETTERS: Mapping[str, Mapping[int | str, str]] = {
    GRADED7.key: {-2: "a", 2: "b", 0: "t"},
    FOUR_WAY.key: {"a": "a", "b": "b", "tie": "t", BOTH_BAD: "n"},
}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice on the page: `key` is printed on it, `keys` are all that choose it."""

    value: int | str
    label: str
    key: str
    keys: str
    chosen: bool

    @property
    def aside(self) -> bool:
        return self.value == CANNOT_JUDGE


@dataclass(frozen=True, slots=True)
class Question:
    """One criterion on the page, with what it means."""

    key: str
    label: str
    question: str
    scale: str
    definition: str
    guidance: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply of a side; `asked` is what the person wrote after the reply before it."""

    asked: str
    reply: str


def pair_context(
    blinded: BlindedAssignment,
    criteria: Sequence[Criterion],
    *,
    votes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the page shows of a pair; `votes` are the values chosen before, if any."""
    progress = blinded.progress
    messages = _opening(blinded)
    length = sum(len(one["content"]) for one in messages)
    lines = sum(one["content"].count("\n") + 2 for one in messages)
    return {
        "assignment": blinded,
        "opening": messages,
        "left": progress.target - progress.done,
        "veiled": bool(blinded.risk_tags),
        "long_prompt": length > LONG_PROMPT or lines > LONG_PROMPT_LINES,
        "turns_a": turns_of(blinded.messages, blinded.a),
        "turns_b": turns_of(blinded.messages, blinded.b),
        "questions": questions(blinded.criteria, criteria, votes or {}),
        "skip_reasons": SKIP_REASONS,
    }


def _opening(blinded: BlindedAssignment) -> Sequence[Mapping[str, Any]]:
    """Return what stands above both answers: of conversations of their own, up to the first question."""
    if max(len(blinded.a.turns), len(blinded.b.turns)) == 1:
        return blinded.messages
    asked = [number for number, one in enumerate(blinded.messages, 1) if one["role"] == "user"]
    return blinded.messages[: asked[0]]


def turns_of(messages: Sequence[Mapping[str, Any]], side: Side) -> list[Turn]:
    """Return a side's replies, each after the first with the question between them."""
    if len(side.turns) == 1:
        return [Turn("", side.text)]
    asked = [one["content"] for one in messages if one["role"] == "user"]
    return [Turn(*one) for one in zip(["", *asked[1:]], side.turns, strict=False)]


def questions(
    asked: Sequence[BlindedCriterion], criteria: Sequence[Criterion], votes: Mapping[str, Any]
) -> list[Question]:
    """Return what the page asks; `votes` are the values chosen before, as numbers or as text."""
    meant = {one.key: one for one in criteria}
    return [
        Question(
            key=one.key,
            label=one.label,
            question=one.question,
            scale=one.scale,
            definition=meant[one.key].definition,
            guidance=meant[one.key].guidance,
            options=tuple(_options(one, str(votes.get(one.key, "")))),
        )
        for one in asked
    ]


def _options(criterion: BlindedCriterion, chosen: str) -> list[Option]:
    letters = LETTERS.get(criterion.scale, {})
    options = []
    for number, choice in enumerate(criterion.choices, start=1):
        key = CANNOT_JUDGE_KEY if choice.value == CANNOT_JUDGE else str(number)
        keys = f"{key} {letters.get(choice.value, '')}".strip()
        value = str(choice.value)
        options.append(Option(choice.value, choice.label, key, keys, chosen=value == chosen))
    return options


def judgment_body(
    criteria: Sequence[BlindedCriterion], posted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `{votes, comment}`: a browser sends text, and scales may be numbers.

    What is no choice of its criterion is passed on as it is: the protocol names the error.
    """
    votes = {one.key: _value(one, posted[one.key]) for one in criteria if one.key in posted}
    return {"votes": votes, "comment": posted.get("comment", "").replace("\r\n", "\n")}


def _value(criterion: BlindedCriterion, sent: str) -> int | str:
    values = {str(choice.value): choice.value for choice in criterion.choices}
    return values.get(sent, sent)
