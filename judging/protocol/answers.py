"""One submission of a rater, checked against the protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.canonical import digest
from core.words import gettext as _
from judging.protocol.fields import Fields, Problems
from judging.protocol.types import Protocol
from judging.scales import CANNOT_JUDGE, scale_of

LONGEST_COMMENT = 4_000


@dataclass(frozen=True, slots=True)
class Answers:
    """A value in the display frame for each criterion that applies, and a comment."""

    votes: tuple[tuple[str, int | str], ...]
    comment: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"votes": dict(self.votes), "comment": self.comment}

    def digest(self) -> str:
        return digest(self.as_dict())


def parse_answers(protocol: Protocol, keys: Sequence[str], body: Any) -> Answers:
    """Check a submission against the criteria that apply to the prompt.

    `keys` are those the prompt names (none: all); `body` is `{votes: {criterion: value}, comment?}`.
    Raises `Invalid` naming each field: nothing is guessed, converted or left out.
    """
    criteria = protocol.criteria_for(keys)
    problems = Problems()
    whole = Fields(body, "", problems, known=("votes", "comment"))
    votes = whole.inner("votes", known=[one.key for one in criteria])
    for one in criteria:
        if one.key not in votes.data:
            votes.add(one.key, "missing", _("This criterion has no vote."))
        elif not scale_of(one.scale).has(votes.data[one.key]):
            values = [choice.value for choice in scale_of(one.scale).choices]
            text = ", ".join(str(value) for value in [*values, CANNOT_JUDGE])
            votes.add(one.key, "value", _("Choose one of %(choices)s.") % {"choices": text})
    comment = whole.text("comment", "", longest=LONGEST_COMMENT)
    problems.raise_any(_("The judgment has errors."))
    return Answers(tuple((one.key, votes.data[one.key]) for one in criteria), comment)


def parse_prefetch(body: Any) -> bool:
    """Read `{prefetch?: bool}`, the request for the next assignment. Raises `Invalid`."""
    problems = Problems()
    prefetch = Fields(body, "", problems, known=("prefetch",)).flag("prefetch", default=False)
    problems.raise_any(_("The request has errors."))
    return prefetch
