"""The sampling settings that may be pinned, and their ranges (pure)."""

from collections.abc import Callable, Mapping
from typing import Any

from core.canonical import canonical_json
from core.errors import InputError
from core.words import gettext as _

# Says what is wrong with a value, or nothing.
Check = Callable[[Any], str]
MOST_TOKENS = 1_000_000
MOST_STOPS = 16
LONGEST_JSON = 8_000


def number(low: float, high: float) -> Check:
    def check(value: Any) -> str:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        return (
            ""
            if fits and low <= value <= high
            else _("must be a number from %(low)s to %(high)s")
            % {"low": f"{low:g}", "high": f"{high:g}"}
        )

    return check


def whole(low: int, high: int) -> Check:
    def check(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool)
        return (
            ""
            if fits and low <= value <= high
            else _("must be a whole number, %(low)s to %(high)s") % {"low": low, "high": high}
        )

    return check


def one_of(*words: str) -> Check:
    return lambda value: (
        "" if value in words else _("must be one of %(words)s") % {"words": ", ".join(words)}
    )


def stops(value: Any) -> str:
    texts = [value] if isinstance(value, str) else value
    fits = isinstance(texts, list) and 0 < len(texts) <= MOST_STOPS
    if fits and all(isinstance(text, str) and text for text in texts):
        return ""
    return _("must be a text or a list of at most %(most)s texts") % {"most": MOST_STOPS}


def json_object(value: Any) -> str:
    fits = isinstance(value, dict) and len(canonical_json(value)) <= LONGEST_JSON
    return (
        ""
        if fits
        else _("must be an object of at most %(most)s characters") % {"most": LONGEST_JSON}
    )


def flag(value: Any) -> str:
    return "" if isinstance(value, bool) else _("must be true or false")


SHARED: dict[str, Check] = {
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "max_tokens": whole(1, MOST_TOKENS),
    "service_tier": one_of("auto", "default", "flex", "priority", "standard_only"),
}
LENGTH_LIMITS = ("max_tokens", "max_completion_tokens")
# What is tried where an endpoint refuses a setting under the one name.
OTHER_NAMES = dict(zip(LENGTH_LIMITS, reversed(LENGTH_LIMITS), strict=True))


def settings_errors(
    known: Mapping[str, Check], settings: Mapping[str, Any], *, needs_limit: bool
) -> list[InputError]:
    """Return what is wrong with pinned settings, given a provider's `SETTINGS`."""
    errors = [
        InputError(
            code="unknown_setting",
            message=_("%(name)s is no setting here.") % {"name": name},
            column=f"settings.{name}",
            hint=_("Known are %(known)s.") % {"known": ", ".join(sorted(known))},
        )
        for name in settings
        if name not in known
    ]
    for name, value in settings.items():
        if name in known and (problem := known[name](value)):
            errors.append(
                InputError(
                    code="bad_setting", message=f"{name} {problem}.", column=f"settings.{name}"
                )
            )
    return errors + _limit_errors(settings, needs_limit=needs_limit)


def _limit_errors(settings: Mapping[str, Any], *, needs_limit: bool) -> list[InputError]:
    given = [name for name in LENGTH_LIMITS if name in settings]
    if len(given) > 1:
        message = _(
            "Give max_tokens or max_completion_tokens, whichever the model takes, not both."
        )
    elif needs_limit and not given:
        message = _("This kind of endpoint needs max_tokens.")
    else:
        return []
    return [InputError(code="length_limit", message=message, column="settings.max_tokens")]


def longest_answer(settings: Mapping[str, Any]) -> int | None:
    """Return the most tokens an answer may have, or None when no limit is pinned."""
    return next((int(settings[name]) for name in LENGTH_LIMITS if name in settings), None)


def sent_settings(settings: Mapping[str, Any], replaced: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings as they are sent: under another name, or not at all, where refused."""
    if not replaced:
        return dict(settings)
    return {
        replaced.get(name, name): value
        for name, value in settings.items()
        if replaced.get(name, name)
    }


def replacement_for(
    sent_name: str, settings: Mapping[str, Any], replaced: Mapping[str, str]
) -> dict[str, str]:
    """Return how to replace a setting that was refused under the name it was sent by.

    The setting's own name leads to another one, or to the empty string: it is left out. Nothing is
    returned when no setting is sent under that name.
    """
    for name in settings:
        if replaced.get(name, name) == sent_name:
            return {name: OTHER_NAMES.get(name, "") if sent_name == name else ""}
    return {}
