"""The sampling settings that may be pinned, and their ranges (pure)."""

from collections.abc import Callable, Mapping
from typing import Any

from core.canonical import canonical_json
from core.errors import InputError

MOST_TOKENS = 1_000_000
MOST_STOPS = 16
LONGEST_JSON = 8_000


def _number(low: float, high: float) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        return "" if fits and low <= value <= high else f"must be a number from {low:g} to {high:g}"

    return check


def _whole(low: int, high: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool)
        return "" if fits and low <= value <= high else f"must be a whole number, {low} to {high}"

    return check


def _one_of(*words: str) -> Callable[[Any], str]:
    return lambda value: "" if value in words else f"must be one of {', '.join(words)}"


def _stops(value: Any) -> str:
    texts = [value] if isinstance(value, str) else value
    fits = isinstance(texts, list) and 0 < len(texts) <= MOST_STOPS
    if fits and all(isinstance(text, str) and text for text in texts):
        return ""
    return f"must be a text or a list of at most {MOST_STOPS} texts"


def _object(value: Any) -> str:
    fits = isinstance(value, dict) and len(canonical_json(value)) <= LONGEST_JSON
    return "" if fits else f"must be an object of at most {LONGEST_JSON} characters"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


SHARED: dict[str, Callable[[Any], str]] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_tokens": _whole(1, MOST_TOKENS),
    "service_tier": _one_of("auto", "default", "flex", "priority", "standard_only"),
}
SETTINGS: dict[str, dict[str, Callable[[Any], str]]] = {
    "openai_chat": {
        **SHARED,
        "max_completion_tokens": _whole(1, MOST_TOKENS),
        "seed": _whole(-(2**63), 2**63 - 1),
        "stop": _stops,
        "frequency_penalty": _number(-2, 2),
        "presence_penalty": _number(-2, 2),
        "logit_bias": _object,
        "response_format": _object,
        "reasoning_effort": _one_of("none", "minimal", "low", "medium", "high", "xhigh"),
        "verbosity": _one_of("low", "medium", "high"),
        # vLLM, llama.cpp and Ollama
        "top_k": _whole(-1, MOST_TOKENS),
        "min_p": _number(0, 1),
        "repetition_penalty": _number(0, 10),
        "chat_template_kwargs": _object,
        "cache_prompt": _flag,
    },
    "anthropic_messages": {
        **SHARED,
        "temperature": _number(0, 1),
        "top_k": _whole(0, MOST_TOKENS),
        "stop_sequences": _stops,
        "thinking": _object,
    },
}
LENGTH_LIMITS = ("max_tokens", "max_completion_tokens")


def settings_errors(kind: str, settings: Mapping[str, Any]) -> list[InputError]:
    """Return what is wrong with the settings pinned for an endpoint of this kind."""
    known = SETTINGS[kind]
    errors = [
        InputError(
            code="unknown_setting",
            message=f"{name} is no setting of {kind}.",
            column=f"settings.{name}",
            hint=f"Known are {', '.join(sorted(known))}.",
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
    return errors + _length_errors(kind, settings)


def _length_errors(kind: str, settings: Mapping[str, Any]) -> list[InputError]:
    given = [name for name in LENGTH_LIMITS if name in settings]
    if len(given) > 1:
        message = "Give max_tokens or max_completion_tokens, whichever the model takes, not both."
    elif kind == "anthropic_messages" and not given:
        message = "Anthropic messages need max_tokens."
    else:
        return []
    return [InputError(code="length_limit", message=message, column="settings.max_tokens")]


def longest_answer(settings: Mapping[str, Any]) -> int | None:
    """Return the most tokens an answer may have, or None when no limit is pinned."""
    return next((int(settings[name]) for name in LENGTH_LIMITS if name in settings), None)
