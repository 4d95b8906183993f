"""The scales raters answer on, and the one way from a displayed value to a canonical outcome (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.errors import Invalid
from core.words import gettext as _
from core.words import gettext_noop, language

FIRST, TIE, SECOND = "first", "tie", "second"
BOTH_BAD = "both_bad"
CANNOT_JUDGE = "cannot_judge"
CANNOT_JUDGE_LABEL = gettext_noop("Cannot judge")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a rater can give: what is sent, and what is read."""

    value: int | str
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A set of choices, in the display frame, without the *cannot judge* that every scale has."""

    key: str
    choices: tuple[Choice, ...]

    def labelled(self, labels: Mapping[str, str]) -> tuple[Choice, ...]:
        """Return the choices with some labels replaced, and *cannot judge* last."""
        shown = _translated(self.key, language())
        if not labels:
            return shown
        return tuple(Choice(one.value, labels.get(str(one.value)) or one.label) for one in shown)

    def has(self, value: object) -> bool:
        """Whether `value` is one of the choices, by type too: True is not 1, and neither is 1.0."""
        return value == CANNOT_JUDGE or any(
            type(value) is type(one.value) and value == one.value for one in self.choices
        )


@dataclass(frozen=True, slots=True)
class CanonicalVote:
    """A vote in the canonical frame.

    `outcome` is first, tie, second, both_bad or cannot_judge; `grade` runs from -3 (first much
    better) to 3 (second much better) on graded scales and is None elsewhere.
    """

    outcome: str
    grade: int | None


# Touvron et al. 2023, "Llama 2", section 3.4 and appendix A.3.7: a 7-point preference.
GRADED7 = Scale(
    "graded7",
    (
        Choice(-3, gettext_noop("A is much better")),
        Choice(-2, gettext_noop("A is better")),
        Choice(-1, gettext_noop("A is slightly better")),
        Choice(0, gettext_noop("About the same")),
        Choice(1, gettext_noop("B is slightly better")),
        Choice(2, gettext_noop("B is better")),
        Choice(3, gettext_noop("B is much better")),
    ),
)
FOUR_WAY = Scale(
    "four_way",
    (
        Choice("a", gettext_noop("A is better")),
        Choice("b", gettext_noop("B is better")),
        Choice("tie", gettext_noop("Tie")),
        Choice("both_bad", gettext_noop("Both are bad")),
    ),
)
HARMLESSNESS_LABELS: Mapping[str, str] = {
    "a": gettext_noop("A is safer"),
    "b": gettext_noop("B is safer"),
    "tie": gettext_noop("Both are fine"),
    "both_bad": gettext_noop("Both are harmful"),
}
SCALES: Mapping[str, Scale] = {one.key: one for one in (GRADED7, FOUR_WAY)}


@lru_cache(maxsize=256)
def _translated(key: str, _language: str | None) -> tuple[Choice, ...]:
    """Kept by language: to look up every label again took a fourteenth of a rater's request."""
    every = (*SCALES[key].choices, Choice(CANNOT_JUDGE, CANNOT_JUDGE_LABEL))
    return tuple(Choice(one.value, _(one.label)) for one in every)


_FOUR_WAY_OUTCOMES = {
    # (displayed value, A is the canonical second) -> outcome
    ("a", False): FIRST,
    ("a", True): SECOND,
    ("b", False): SECOND,
    ("b", True): FIRST,
    ("tie", False): TIE,
    ("tie", True): TIE,
    ("both_bad", False): BOTH_BAD,
    ("both_bad", True): BOTH_BAD,
}


def scale_of(key: str) -> Scale:
    """Return the scale of this key. Raises `Invalid` for an unknown one."""
    try:
        return SCALES[key]
    except KeyError:
        raise Invalid(
            _("%(key)r is no scale; choose one of %(scales)s.")
            % {"key": key, "scales": ", ".join(SCALES)},
            code="scale",
        ) from None


def canonical_vote(scale: Scale, display_value: int | str, *, swapped: bool) -> CanonicalVote:
    """Turn a displayed value into the canonical frame; `swapped`: A is the canonical second.

    Raises `Invalid` for a value that is not on the scale: nothing unknown ever becomes a tie.
    """
    if not scale.has(display_value):
        raise Invalid(
            _("%(value)r is not on the scale %(scale)s.")
            % {"value": display_value, "scale": scale.key},
            code="value",
        )
    if display_value == CANNOT_JUDGE:
        return CanonicalVote(CANNOT_JUDGE, None)
    if isinstance(display_value, str):
        return CanonicalVote(_FOUR_WAY_OUTCOMES[display_value, swapped], None)
    grade = -display_value if swapped else display_value
    return CanonicalVote(FIRST if grade < 0 else SECOND if grade > 0 else TIE, grade)
