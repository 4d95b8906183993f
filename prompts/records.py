"""One prompt as it comes out of a file, checked field by field (pure)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from core.errors import InputError
from core.strict_json import strict_json
from core.words import gettext as _
from core.words import listed

OWN_CONVERSATION = "own_conversation"
FIXED_HISTORY = "fixed_history"

MAX_ROWS = 100_000
MAX_COLUMNS = 50
MAX_DECODED_BYTES = 200 * 1024 * 1024
MAX_CHARACTERS = 32_000  # of one prompt, all its messages together
MAX_MESSAGES = 100
MAX_LABEL = 200
MAX_TAGS = 20

# Kinds of information a row can hold; a shape or the user says which column holds which.
SOURCES = ("prompt", "messages", "turns")
ROLES = (
    *SOURCES,
    "context",
    "system",
    "id",
    "category",
    "domain",
    "language",
    "risk_tags",
    "reference_answer",
    "criteria",
)

_SPEAKERS = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_NO_WARNINGS = frozenset({"safe", "none"})
_NOT_TOLD = frozenset({"n/a", "na", "none", "null", "-"})
# Letters by category that still show nothing: Hangul fillers, the Braille blank, Khmer vowels.
_SHOWS_NOTHING = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VISIBLE_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


class PromptRow(NamedTuple):
    """A prompt ready to be stored; `external_id` is empty where the file gives none.

    `row` counts as a person would in the file: lines of JSONL, entries of JSON, and of a table its
    rows with the header as row 1. `reference_answer` holds one text a turn. A tuple, because it is
    made for every row, and a frozen dataclass takes several times as long.
    """

    row: int
    external_id: str
    kind: str
    messages: list[dict[str, str]]
    category: str = ""
    domain: str = ""
    language: str = ""
    risk_tags: Sequence[str] = ()
    reference_answer: list[str] | None = None
    criteria: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """The reference answers to one prompt, one text a turn."""

    row: int
    external_id: str
    reference_answer: list[str]


class BadRow(Exception):
    """A row that cannot be used, and why."""

    def __init__(self, error: InputError) -> None:
        super().__init__(error.message)
        self.error = error


def refuse(code: str, message: str, *, row: int, column: str | None, hint: str = "") -> NoReturn:
    raise BadRow(InputError(code, message, row=row, column=column, hint=hint or None))


@dataclass(frozen=True, slots=True)
class RowReader:
    """Turns the raw values of a row into a `PromptRow`.

    `columns` says which column holds which role; `constants` are the same in every row of a shape;
    `cells` is true for tables, where every value is a text and an empty one means "not told".
    """

    columns: Mapping[str, str]
    constants: Mapping[str, Any]
    cells: bool
    sources: Mapping[str, str] = field(init=False)  # of `columns`, those that may hold the prompt

    def __post_init__(self) -> None:
        sources = {one: self.columns[one] for one in SOURCES if one in self.columns}
        object.__setattr__(self, "sources", sources)

    def read(self, row: int, raw: Mapping[str, Any]) -> PromptRow:
        """Return the prompt in a row; raises `BadRow`."""
        told = (
            self.columns
        )  # asked here for each role: calling for those that are not told takes long
        messages = self._messages(row, raw)
        n_users = 1 if len(messages) == 1 else sum([one["role"] == "user" for one in messages])
        own = n_users == len(messages) > 1
        return PromptRow(
            row,
            self._id(row, raw) if "id" in told else "",
            OWN_CONVERSATION if own else FIXED_HISTORY,
            messages,
            self._label(row, raw, "category") if "category" in told else self._constant("category"),
            self._label(row, raw, "domain") if "domain" in told else self._constant("domain"),
            self._language(row, raw) if "language" in told else "",
            self._risk_tags(row, raw) if "risk_tags" in told else (),
            self._reference(row, raw, n_users if own else 1)
            if "reference_answer" in told
            else None,
            self._criteria(row, raw) if "criteria" in told else (),
        )

    def read_reference(self, row: int, raw: Mapping[str, Any]) -> ReferenceRow:
        """Return the reference answers in a row; raises `BadRow`."""
        answers = self._reference(row, raw, MAX_MESSAGES)
        if answers is None:
            column = self.columns["reference_answer"]
            refuse("blank", _("There is no reference answer."), row=row, column=column)
        return ReferenceRow(row, self._id(row, raw), answers)

    def _value(self, raw: Mapping[str, Any], role: str) -> Any:
        column = self.columns.get(role)
        value = raw.get(column) if column is not None else self.constants.get(role)
        return None if value == "" and self.cells else value

    def _messages(self, row: int, raw: Mapping[str, Any]) -> list[dict[str, str]]:
        told = [one for one, column in self.sources.items() if column in raw]
        # A table has every column in every row: there an empty cell leaves the others to tell.
        if len(told) > 1:
            told = [one for one in told if self._value(raw, one) not in (None, "", [])] or told[:1]
        if len(told) > 1:
            names = listed([self.columns[one] for one in told])
            refuse(
                "two_prompts",
                _("It has both %(names)s.") % {"names": names},
                row=row,
                column=self.columns[told[1]],
            )
        if not told:
            wanted = next(iter(self.sources.values()))
            refuse(
                "missing_prompt",
                _("It has no %(wanted)r.") % {"wanted": wanted},
                row=row,
                column=wanted,
            )
        source = told[0]
        column = self.columns[source]
        if "system" in self.columns and (self._value(raw, "system") or "") != "":
            refuse(
                "system_prompt",
                _("It brings a system prompt."),
                row=row,
                column=self.columns["system"],
                hint=_(
                    "System prompts belong to the language model; put the text into the prompt."
                ),
            )
        if source == "prompt" and not _holds_messages(raw[column]):
            content = self._prompt(row, raw, column)
            return [{"role": "user", "content": content}]
        value = self._nested(row, column, raw[column])
        return _turns(row, column, value) if source == "turns" else _messages(row, column, value)

    def _prompt(self, row: int, raw: Mapping[str, Any], column: str) -> str:
        content = prompt_text(row, column, raw[column])
        context = self._value(raw, "context")
        if context is None or context == "":
            return content
        context = text_of(row, self.columns["context"], context)
        # The instruction comes first where the shape says so (Alpaca's `input`), else the context.
        first, then = (
            (content, context) if self.constants.get("context_last") else (context, content)
        )
        both = f"{first}\n\n{then}"
        _check_length(row, column, len(both))
        return both

    def _nested(self, row: int, column: str, value: Any) -> Any:
        """Return a list; in a table it is written as JSON."""
        if self.cells and isinstance(value, str):
            try:
                return strict_json(value)
            except ValueError as error:
                refuse(
                    "not_json",
                    _("The cell is not a JSON list: %(error)s.") % {"error": error},
                    row=row,
                    column=column,
                    hint=_('Write ["first turn", "second turn"].'),
                )
        return value

    def _id(self, row: int, raw: Mapping[str, Any]) -> str:
        column, value = self.columns["id"], self._value(raw, "id")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            refuse(
                "id",
                _("The id is %(kind)s, not a text or number.") % {"kind": kind_of(value)},
                row=row,
                column=column,
            )
        value = text_of(row, column, value).strip()
        if not value or len(value) > MAX_LABEL:
            long = _("The id has more than %(most)s characters.") % {"most": MAX_LABEL}
            refuse("id", long if value else _("The id is empty."), row=row, column=column)
        return value

    def _constant(self, role: str) -> str:
        return str(self.constants.get(role, ""))

    def _label(self, row: int, raw: Mapping[str, Any], role: str) -> str:
        value = self._value(raw, role)
        if value is None:
            return ""
        if isinstance(value, str) and len(value) <= MAX_LABEL and _is_plain(value):
            return value
        value = text_of(row, self.columns.get(role, role), value).strip()
        if len(value) > MAX_LABEL:
            message = _("The %(role)s has more than %(most)s characters.") % {
                "role": role,
                "most": MAX_LABEL,
            }
            refuse("too_long", message, row=row, column=self.columns.get(role, role))
        return value

    def _language(self, row: int, raw: Mapping[str, Any]) -> str:
        value = self._label(row, raw, "language").lower().replace("_", "-")
        if value and not _is_language(value):
            refuse(
                "language",
                _("%(value)r is no language code.") % {"value": value},
                row=row,
                column=self.columns["language"],
                hint=_("Write a code such as en, de or pt-br."),
            )
        return value

    def _tags(self, row: int, raw: Mapping[str, Any], role: str) -> Sequence[str]:
        value, column = self._value(raw, role), self.columns[role]
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            value = re.split(r"[;,|]", value)
        if not isinstance(value, list):
            refuse(
                "tags",
                _("It is %(kind)s, not a list of texts.") % {"kind": kind_of(value)},
                row=row,
                column=column,
            )
        tags = [text_of(row, column, one).strip() for one in value]
        if len(tags) > MAX_TAGS or any(not one or len(one) > MAX_LABEL for one in tags):
            message = _("At most %(most)s tags of 1 to %(longest)s characters.") % {
                "most": MAX_TAGS,
                "longest": MAX_LABEL,
            }
            refuse("tags", message, row=row, column=column)
        return tags

    def _risk_tags(self, row: int, raw: Mapping[str, Any]) -> Sequence[str]:
        """Return the tags that warn: a label such as XSTest's "safe" says that nothing is to fear."""
        tags = self._tags(row, raw, "risk_tags")
        return [one for one in tags if one.lower() not in _NO_WARNINGS]

    def _criteria(self, row: int, raw: Mapping[str, Any]) -> Sequence[str]:
        keys = self._tags(row, raw, "criteria")
        for key in keys:
            if not _KEY.fullmatch(key):
                refuse(
                    "criterion",
                    _("%(key)r is no criterion's key.") % {"key": key},
                    row=row,
                    column=self.columns["criteria"],
                    hint=_("Keys are lower case, such as helpfulness."),
                )
        return keys

    def _reference(self, row: int, raw: Mapping[str, Any], n_turns: int) -> list[str] | None:
        value, column = self._value(raw, "reference_answer"), self.columns["reference_answer"]
        if value is None:
            return None
        if self.cells and isinstance(value, str) and n_turns > 1 and value.lstrip()[:1] == "[":
            value = self._nested(row, column, value)
        return reference_of(row, column, value, n_turns)


def reference_of(row: int, column: str, value: Any, n_turns: int) -> list[str] | None:
    """Return reference answers as one text a turn, or None where there are none."""
    if value is None or value == [] or (isinstance(value, str) and _says_nothing(value)):
        return None
    texts = [text_of(row, column, one) for one in (value if isinstance(value, list) else [value])]
    if not any(map(str.strip, texts)):
        return None
    if len(texts) > n_turns:
        message = _("It has %(number)s reference answers for %(turns)s judged turns.") % {
            "number": len(texts),
            "turns": n_turns,
        }
        refuse("reference_answer", message, row=row, column=column)
    for one in texts:
        _check_length(row, column, len(one))
    return texts


def _says_nothing(value: str) -> bool:
    return not value.strip() or value.strip().lower() in _NOT_TOLD


def _holds_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _turns(row: int, column: str, value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        message = _("It is %(kind)s, not a list of the user's turns.") % {"kind": kind_of(value)}
        refuse("turns", message, row=row, column=column)
    return _checked(
        row,
        column,
        [{"role": "user", "content": prompt_text(row, column, _turn(one))} for one in value],
    )


def _turn(value: Any) -> Any:
    """Return a turn's text; Arena-Hard wraps it in an object with nothing else in it."""
    return value["content"] if isinstance(value, dict) and value.keys() == {"content"} else value


def _messages(row: int, column: str, value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        message = _("It is %(kind)s, not a list of messages.") % {"kind": kind_of(value)}
        refuse("messages", message, row=row, column=column)
    messages = [_message(row, f"{column}[{index}]", one) for index, one in enumerate(value)]
    roles = [one["role"] for one in messages]
    if roles[-1] != "user":
        hint = _("The models' reply to the last user turn is what is judged.")
        refuse(
            "messages", _("The last message is not the user's."), row=row, column=column, hint=hint
        )
    if "assistant" in roles and any(
        role != ("user", "assistant")[index % 2] for index, role in enumerate(roles)
    ):
        hint = _("With assistant turns, user and assistant take turns, the user first and last.")
        refuse("messages", _("The roles do not alternate."), row=row, column=column, hint=hint)
    return _checked(row, column, messages)


def _message(row: int, column: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict) and {"from", "value"} <= value.keys():
        value = {
            "role": _SPEAKERS.get(str(value["from"]), value["from"]),
            "content": value["value"],
        }
    if not isinstance(value, dict) or not {"role", "content"} <= value.keys():
        hint = _('Write {"role": "user", "content": "…"}.')
        refuse(
            "messages",
            _("It is %(kind)s, not a message.") % {"kind": kind_of(value)},
            row=row,
            column=column,
            hint=hint,
        )
    role = value["role"]
    if role == "system":
        hint = _(
            "System prompts belong to the language model; put the text into the first user turn."
        )
        refuse("system_prompt", _("It brings a system message."), row=row, column=column, hint=hint)
    if role not in ("user", "assistant"):
        message = _("The role %(role)r is neither user nor assistant.") % {"role": str(role)[:40]}
        refuse("messages", message, row=row, column=column)
    return {"role": role, "content": prompt_text(row, column, _joined(row, column, value))}


def _joined(row: int, column: str, message: dict[str, Any]) -> Any:
    """Return a message's content; one that is written in parts must have text parts only."""
    parts = message["content"]
    if not isinstance(parts, list) or not parts:
        return parts
    for one in parts:
        kind = one.get("type") if isinstance(one, dict) else None
        if kind != "text" or not isinstance(one.get("text"), str):
            typed = _("It has a part of type %(kind)r.") % {"kind": str(kind)[:40]}
            hint = _("Only text is judged here: leave images, sound and files out.")
            refuse(
                "parts",
                typed if kind else _("It has a part without a type."),
                row=row,
                column=column,
                hint=hint,
            )
    return "\n\n".join(one["text"] for one in parts)


def _checked(row: int, column: str, messages: list[dict[str, str]]) -> list[dict[str, str]]:
    if len(messages) > MAX_MESSAGES:
        message = _("It has %(number)s messages; at most %(most)s are taken.") % {
            "number": len(messages),
            "most": MAX_MESSAGES,
        }
        refuse("too_long", message, row=row, column=column)
    _check_length(row, column, sum(len(one["content"]) for one in messages))
    return messages


@lru_cache(maxsize=1024)
def _is_plain(label: str) -> bool:
    """Say whether a label is stored as it is; the same few come again in every row."""
    return label.isascii() and "\x00" not in label and label == label.strip()


@lru_cache(maxsize=1024)
def _is_language(code: str) -> bool:
    return _LANGUAGE.fullmatch(code) is not None and len(code) <= 12  # noqa: PLR2004 - the column's width


def _check_length(row: int, column: str, length: int) -> None:
    if length > MAX_CHARACTERS:
        message = _("It has %(number)s characters; at most %(most)s are taken.") % {
            "number": f"{length:,}",
            "most": f"{MAX_CHARACTERS:,}",
        }
        refuse("too_long", message, row=row, column=column)


def prompt_text(row: int, column: str, value: Any) -> str:
    """Return a text with something to see in it, unchanged."""
    text = text_of(row, column, value)
    if is_blank(text):
        refuse("blank", _("The text is blank."), row=row, column=column)
    _check_length(row, column, len(text))
    return text


def text_of(row: int, column: str, value: Any) -> str:
    """Return `value` if it is a text that every database stores."""
    if not isinstance(value, str):
        refuse(
            "not_text",
            _("It is %(kind)s, not a text.") % {"kind": kind_of(value)},
            row=row,
            column=column,
        )
    if "\x00" in value:
        refuse("nul", _("It contains the NUL character."), row=row, column=column)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            message = _("It contains half of a surrogate pair.")
            refuse("surrogate", message, row=row, column=column)
    return value


def is_blank(text: str) -> bool:
    """Say whether a text shows nothing: white space and invisible characters only."""
    stripped = text.strip()
    if not stripped or stripped[0].isascii():
        return not stripped
    return not any(
        character in _VISIBLE_FORMAT
        or not (
            character.isspace()
            or character in _SHOWS_NOTHING
            or unicodedata.category(character) == "Cf"
        )
        for character in stripped
    )


def kind_of(value: Any) -> str:
    """Say in words what a value of JSON is, to whoever expected something else."""
    if value is None or value == []:
        return _("empty")
    kinds = {bool: _("true or false"), int: _("a number"), float: _("a number"), str: _("a text")}
    kinds |= {list: _("a list"), dict: _("an object")}
    return kinds.get(type(value), type(value).__name__)
