"""Which model wrote what: one choice for each answer a rater is asked about."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from judging.forms.judgments import Turn, turns_of
from judging.services.guessing import AskedAnswer, Questionnaire

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GuessedAnswer:
    """An answer on the page, with its question."""

    field: forms.BoundField
    messages: tuple[dict[str, Any], ...]
    turns: list[Turn]


class GuessForm(forms.Form):
    """A choice is by the position of a name, so that a decoy may be called anything."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, asked: Questionnaire) -> None:
        super().__init__(data)
        self.asked = asked
        names = [(str(at), name) for at, name in enumerate(asked.names)]
        for number, one in enumerate(asked.answers, start=1):
            self.fields[_key(one)] = forms.ChoiceField(
                label=_("Who wrote answer %(number)s?") % {"number": number},
                choices=[("", _("Choose")), (UNKNOWN, _("I do not know")), *names],
                error_messages={"required": _("Choose a name, or that you do not know.")},
            )

    def answers(self) -> list[GuessedAnswer]:
        return [
            GuessedAnswer(self[_key(one)], one.messages, turns_of(one.messages, one.answer))
            for one in self.asked.answers
        ]

    def guesses(self) -> dict[tuple[str, str], str]:
        """Return the chosen names by token and side; empty where the rater does not know."""
        chosen = self.cleaned_data
        return {
            (one.token, one.side): ""
            if chosen[_key(one)] == UNKNOWN
            else self.asked.names[int(chosen[_key(one)])]
            for one in self.asked.answers
        }


def _key(one: AskedAnswer) -> str:
    return f"{one.side}-{one.token}"
