"""What happens to refused, filtered, empty and cut-off answers, and to those that name their maker."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from core.errors import Invalid
from core.words import gettext as _
from judging.protocol.types import ANSWER_RULES, Protocol

NAMES_MAKER = "names_maker"
SHOW, FORFEIT, EXCLUDE = ANSWER_RULES


@dataclass(frozen=True, slots=True)
class Treatment:
    """What the protocol does with one answer, and the reason when it is not simply shown."""

    action: str
    reason: str = ""


def treatment(protocol: Protocol, *, outcome: str, names_maker: bool) -> Treatment:
    """Say what happens to an answer of this outcome; the side it stands on plays no part.

    `outcome` is answered, refused, filtered, empty or cut_off; anything else raises `Invalid`.
    """
    rules: Mapping[str, str] = {"answered": SHOW, **asdict(protocol.answers)}
    if outcome not in rules:
        raise Invalid(
            _("%(outcome)r is no outcome of a completion.") % {"outcome": outcome}, code="outcome"
        )
    action = rules[outcome]
    if names_maker and protocol.names_maker == EXCLUDE and action != EXCLUDE:
        return Treatment(EXCLUDE, NAMES_MAKER)
    return Treatment(action, "" if action == SHOW else outcome)


def forfeit_of(first: Treatment, second: Treatment) -> str:
    """Say which canonical side forfeits, when neither is excluded: first, second, both or none."""
    lost = (first.action == FORFEIT, second.action == FORFEIT)
    names = {(True, True): "both", (True, False): "first", (False, True): "second"}
    return names.get(lost, "")
