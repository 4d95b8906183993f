"""What errors and choices say can be translated; of templates and scripts see `test_words`."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.utils.functional import Promise

import core.errors
from core.errors import DomainError
from models_registry.providers import base as providers
from models_registry.providers.base import ProviderError

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "config", "core", "judging", "models_registry", "prompts", "ratings")
ERRORS = {
    name
    for module, base in ((core.errors, DomainError), (providers, ProviderError))
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, base)
}
# Where the message stands among what is given to these.
PLACES = {"InputError": 1, "refuse": 1, "_BadRow": 1, "add": 2} | dict.fromkeys(
    (*ERRORS, "BadUrl", "ValidationError", "AuthenticationFailed", "ParseError", "Throttled"), 0
)
WORD = re.compile(r"[^\W\d_]{2}")
MARKS = {"_", "gettext", "gettext_lazy", "ngettext"}
# Nobody meets these in a browser: programmers do, and who runs commands.
NOT_ON_PAGES = ("core/models.py", "ratings/vote_files/", "ratings/ranking/", "ratings/scoring/")


def modules() -> list[Path]:
    """Everything whose words may reach a page."""
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return [
        path
        for path in found
        if not path.relative_to(ROOT).as_posix().startswith(NOT_ON_PAGES)
        and not {"management", "migrations"} & set(path.parts)
    ]


def told(call: ast.Call) -> list[ast.expr]:
    """Return what an error says, and hints at."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in PLACES:
        return []
    at = PLACES[name]
    named = [one.value for one in call.keywords if one.arg in {"message", "hint"}]
    return [*call.args[at : at + 1], *named]


def unmarked(node: ast.expr) -> bool:
    """Whether an expression holds words that no gettext sees."""
    if isinstance(node, ast.IfExp):
        return unmarked(node.body) or unmarked(node.orelse)
    if isinstance(node, ast.BinOp):
        added = isinstance(node.op, ast.Add) and unmarked(node.right)
        return added or unmarked(node.left)
    if isinstance(node, ast.JoinedStr):
        return any(unmarked(part) for part in node.values)
    return isinstance(node, ast.Constant) and WORD.search(str(node.value)) is not None


def found_in(source: str) -> list[int]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [one.lineno for call in calls for one in told(call) if unmarked(one)]


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ('raise Invalid("No.")', [1]),
        ('raise Invalid(f"No {x}.")', [1]),
        ('raise Conflict("No " + x)', [1]),
        ('raise Conflict("No %s" % x)', [1]),
        ('raise errors.Gone(_("No.") if x else "Yes.")', [1]),
        ('InputError("code", "No.")', [1]),
        ('refuse("code", "No.", row=1)', [1]),
        ('raise BadUrl("No.")', [1]),
        ('raise BadReply(f"{_(told)} No.")', [1]),
        ('problems.add("field", "code", "No.")', [1]),
        ('raise BadReply(f"{_(told)} {more}")', []),
        ('raise Invalid(_("No.") + more)', []),
        ('seen.add("no")', []),
        ('InputError("code", _("No."), hint="Try.")', [1]),
        ('raise Invalid(_("No %(x)s.") % {"x": x}, code="no")', []),
        ("raise Invalid(error.message)", []),
        ('print("No.")', []),
    ],
)
def test_an_unmarked_message_is_found(line, lines):
    assert found_in(line) == lines


def test_every_message_of_an_error_is_marked():
    paths = modules()
    assert len(paths) > 100
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in paths
        for line in found_in(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_every_word_of_a_choice_is_marked():
    fields = [field for model in apps.get_models() for field in model._meta.fields]
    ours = [one for one in fields if one.choices and one.model.__module__.startswith(APPS)]
    assert len(ours) > 10
    wrong = {
        f"{field}: {label}"
        for field in ours
        for value, label in field.choices
        if value and not isinstance(label, Promise)
    }
    assert wrong == set()
