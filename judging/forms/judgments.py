"""The judging page's form: text from a browser to the body the API takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from judging.blinding import BlindedCriterion

SKIP_REASONS = (
    ("unclear", "The prompt is unclear"),
    ("language", "I do not read this language well"),
    ("expertise", "I lack the knowledge to judge"),
    ("harmful", "I do not want to read this"),
    ("recognised", "I recognise a model"),
    ("broken", "An answer is broken"),
)


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
