"""Create, fill and publish prompt pools."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core.canonical import canonical_json
from core.collection import no_collection
from core.errors import Conflict, InputError, Invalid
from core.leases import lock, transition
from prompts.models import Prompt, PromptPool, PromptPoolVersion
from prompts.readers import PromptFile, read_prompts, read_references
from prompts.readers.notices import MEANING, exact_key, flags_of, letters_of, near_key
from prompts.readers.sniffing import shown_name
from prompts.records import PromptRow, ReferenceRow

_MOST_PARAMETERS = 999  # of one statement, in any SQLite
_BATCH = 1000
_STORED = (
    "external_id",
    "kind",
    "messages",
    "category",
    "domain",
    "language",
    "risk_tags",
    "reference_answer",
    "criteria",
)
_SHOWN_ROWS = 10
_SHOWN_PROMPTS = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """One kind of thing an import points out; `rows` are the first of `count` rows."""

    code: str
    message: str
    count: int = 1
    rows: tuple[int, ...] = ()
    column: str | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or as a dry run would do; `errors` are the first 100 of `n_errors`.

    `n_skipped` rows had an error and were left out; `version` is None for a dry run. `columns` are
    the file's, `roles` which of them holds what, `examples` the first prompts as they are stored.
    """

    filename: str
    format: str
    shape: str
    n_rows: int
    n_imported: int
    n_skipped: int
    n_errors: int
    errors: tuple[InputError, ...]
    warnings: tuple[Notice, ...]
    dry_run: bool
    version: PromptPoolVersion | None = None
    columns: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[PromptRow, ...] = ()


@dataclass(slots=True)
class _Found:
    """The rows of a file, sorted into usable and not."""

    prompts: list[PromptRow] = field(default_factory=list)
    flags: list[tuple[str, ...]] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)


def create_pool(
    *, slug: str, name: str = "", description: str = "", source: str = "", licence: str = ""
) -> PromptPool:
    """Create an empty pool. Raises `Invalid` for an unusable field, `Conflict` for a taken slug."""
    told = {"name": name or slug, "description": description, "source": source, "licence": licence}
    nul = [column for column, text in told.items() if "\x00" in text]
    if nul:  # one database would take it, and the other fail
        message = _("It contains the NUL character.")
        raise Invalid(
            _("The pool cannot be created: its %(nul)s contains the NUL character.")
            % {"nul": nul[0]},
            errors=[InputError("nul", message, column=column) for column in nul],
        )
    pool = PromptPool(slug=slug, **told)
    try:
        pool.clean_fields()
    except ValidationError as error:
        errors = [
            InputError("invalid", text, column=column)
            for column, texts in error.message_dict.items()
            for text in texts
        ]
        raise Invalid(
            _("The pool cannot be created: %(message)s") % {"message": errors[0].message},
            errors=errors,
        ) from error
    try:
        with transaction.atomic():
            pool.save()
    except IntegrityError as error:
        raise Conflict(
            _("The pool %(slug)r exists already: import into it, or choose another name.")
            % {"slug": slug},
            code="slug_taken",
        ) from error
    return pool


@no_collection()
def import_prompts(
    *,
    pool: PromptPool,
    data: bytes,
    filename: str,
    columns: Mapping[str, str] | None = None,
    skip_bad_rows: bool = False,
    refuse_duplicates: bool = False,
    dry_run: bool = False,
    advance: Callable[[int], None] = lambda _rows: None,
) -> ImportReport:
    """Add a file's prompts to the pool's draft, all of them or, after any error, none.

    A pool without a draft gets a new, empty one under the next number: a published version never
    changes and is not copied. `columns` names the column of a role. With `skip_bad_rows` the rows
    with errors are left out and reported; with `dry_run` nothing is stored and nothing of a row
    raises. Exact duplicates are kept and reported, or with `refuse_duplicates` errors of their row.
    `advance` is told now and then how many rows were read.

    Raises
    ------
    Unsupported, TooLarge
        The file is of a kind or size that is not taken.
    Invalid
        The file cannot be read, has no usable row, or has rows with errors.
    """
    file = read_prompts(data, filename=filename, columns=columns)
    # Reading and checking take most of the time, and need no lock.
    found = _sort_rows(file, refuse_duplicates=refuse_duplicates, advance=advance)
    if dry_run:
        _check_against(found, _draft_of(pool), refuse_duplicates=refuse_duplicates)
        return _report(file, found, filename, dry_run=True)
    with transaction.atomic():
        lock(PromptPool.objects.filter(pk=pool.pk)).get()
        draft = _draft_of(pool)
        _check_against(found, draft, refuse_duplicates=refuse_duplicates)
        _refuse_errors(found, skip_bad_rows=skip_bad_rows)
        draft = draft or _start_draft(pool)
        _insert(draft, found)
    return _report(file, found, filename, version=draft)


@transaction.atomic
def attach_reference_answers(
    *, version: PromptPoolVersion, data: bytes, filename: str, skip_bad_rows: bool = False
) -> int:
    """Give a draft's prompts the reference answers of a file, by id; return how many got one.

    An earlier reference answer is replaced. Raises `Conflict` for a published version, and
    `Invalid`, attaching none, for rows with errors or ids that no prompt has.
    """
    lock(PromptPool.objects.filter(pk=version.pool_id)).get()
    _require_draft(version)
    errors, answers = _references(data, filename)
    prompts = {
        one.external_id: one
        for keys in _batches(answers)
        for one in version.prompts.filter(external_id__in=keys)
    }
    for key, one in answers.items():
        problem = _reference_problem(one, prompts.get(key))
        if problem is not None:
            errors.append(problem)
            prompts.pop(key, None)
        else:
            prompts[key].reference_answer = one.reference_answer
    if errors and (not skip_bad_rows or not prompts):
        raise Invalid(
            _("%(n_errors)s rows have errors; nothing was attached.")
            % {"n_errors": f"{len(errors):,}"},
            errors=errors,
            code="rows",
        )
    Prompt.objects.bulk_update(prompts.values(), ["reference_answer"], batch_size=200)
    return len(prompts)


@transaction.atomic
def publish_version(*, version: PromptPoolVersion, now: datetime) -> PromptPoolVersion:
    """Freeze a draft under the SHA-256 of its content; a published version is returned as it is.

    Raises `Conflict` for a draft without prompts.
    """
    lock(PromptPool.objects.filter(pk=version.pool_id)).get()
    version.refresh_from_db()
    if version.state == PromptPoolVersion.State.PUBLISHED:
        return version
    if not version.prompts.exists():
        raise Conflict(
            _("A version without prompts cannot be published; import some first."),
            code="no_prompts",
        )
    transition(
        PromptPoolVersion.objects.all(),
        version.pk,
        was=PromptPoolVersion.State.DRAFT,
        state=PromptPoolVersion.State.PUBLISHED,
        digest=digest_of(version),
        published_at=now,
    )
    version.refresh_from_db()
    return version


def digest_of(version: PromptPoolVersion) -> str:
    """Return the SHA-256 over one line of canonical JSON for each prompt, in order of position.

    What the import noticed (`flags`) is no content.
    """
    total = hashlib.sha256()
    for row in version.prompts.order_by("position").values(*_STORED).iterator(chunk_size=_BATCH):
        total.update(canonical_json(row).encode() + b"\n")
    return total.hexdigest()


@transaction.atomic
def delete_draft(*, version: PromptPoolVersion) -> None:
    """Delete a draft and its prompts. Raises `Conflict` for a published version."""
    lock(PromptPool.objects.filter(pk=version.pool_id)).get()
    _require_draft(version)
    version.prompts.all().delete()
    version.delete()


def parse_columns(text: str) -> dict[str, str]:
    """Read `role=column,role=column`. Raises `Invalid` for anything else."""
    named = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        role, equals, column = part.partition("=")
        if not (equals and role.strip() and column.strip()) or role.strip() in named:
            message = _("%(part)r does not name a column; write prompt=COLUMN,id=COLUMN.") % {
                "part": part
            }
            raise Invalid(message, code="columns")
        named[role.strip()] = column.strip()
    return named


def _require_draft(version: PromptPoolVersion) -> None:
    version.refresh_from_db()
    if version.state != PromptPoolVersion.State.DRAFT:
        raise Conflict(
            _("A published version never changes; import a file to begin the next one."),
            code="published",
        )


def _draft_of(pool: PromptPool) -> PromptPoolVersion | None:
    # A pool that is not stored yet, as in a dry run, has none.
    return pool.versions.drafts().first() if pool.pk else None


def _start_draft(pool: PromptPool) -> PromptPoolVersion:
    latest = pool.versions.aggregate(latest=Max("number"))["latest"] or 0
    return PromptPoolVersion.objects.create(pool=pool, number=latest + 1)


def _sort_rows(
    file: PromptFile, *, refuse_duplicates: bool, advance: Callable[[int], None]
) -> _Found:
    found, seen = _Found(), _Seen()
    for count, one in enumerate(file.rows, start=1):
        if count % _BATCH == 0:
            advance(count)
        if isinstance(one, InputError):
            found.errors.append(one)
            continue
        problem = seen.take_id(one) or seen.take_text(one, refuse_duplicates=refuse_duplicates)
        if isinstance(problem, InputError):
            found.errors.append(problem)
            continue
        flags = flags_of(one.messages)
        if problem:
            flags += (problem,)
        found.prompts.append(one)
        found.flags.append(flags)
    return found


class _Seen:
    """Ids and texts met so far, with the row they were first met in."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        # By the hash, since nothing is told by it alone. None where the first with these letters has
        # taken its keys below, since another has them.
        self.letters: dict[int, PromptRow | None] = {}
        self.texts: dict[str, int] = {}
        self.near: set[str] = set()

    def take_id(self, one: PromptRow) -> InputError | None:
        if not one.external_id:
            return None
        first = self.ids.setdefault(one.external_id, one.row)
        if first == one.row:
            return None
        message = _("The id %(id)r stands in row %(row)s already.") % {
            "id": one.external_id[:80],
            "row": f"{first:,}",
        }
        return InputError("duplicate_id", message, row=one.row, column="id")

    def take_text(self, one: PromptRow, *, refuse_duplicates: bool) -> InputError | str:
        letters = hash(letters_of(one.messages))
        met = self.letters.setdefault(letters, one)
        if met is one:
            return ""
        if met is not None:
            self._take_keys(met)
            self.letters[letters] = None
        first, is_near = self._take_keys(one)
        if first == one.row:
            return "near_duplicate" if is_near else ""
        if not refuse_duplicates:
            return "duplicate"
        message = _("The prompt stands in row %(row)s already.") % {"row": f"{first:,}"}
        return InputError("duplicate", message, row=one.row, column="prompt")

    def _take_keys(self, one: PromptRow) -> tuple[int, bool]:
        """Return the first row with this very text, and whether one that reads alike was met."""
        first = self.texts.setdefault(exact_key(one.messages), one.row)
        near = near_key(one.messages)
        is_near = near in self.near
        self.near.add(near)
        return first, is_near


def _check_against(
    found: _Found, draft: PromptPoolVersion | None, *, refuse_duplicates: bool
) -> None:
    """Compare with what the draft holds already; new errors and flags go into `found`."""
    if draft is None:
        return
    stored = draft.prompts.values_list("external_id", "messages")
    ids, texts = set(), set()
    for external_id, messages in stored.iterator(chunk_size=_BATCH):
        ids.add(external_id)
        texts.add(hash(exact_key(messages)))
    kept = _Found(errors=found.errors)
    for one, flags in zip(found.prompts, found.flags, strict=True):
        repeated = hash(exact_key(one.messages)) in texts
        if one.external_id in ids:
            message = _("The draft has a prompt with the id %(id)r already.") % {
                "id": one.external_id[:80]
            }
            kept.errors.append(InputError("duplicate_id", message, row=one.row, column="id"))
        elif repeated and refuse_duplicates:
            message = _("The draft has this prompt already.")
            kept.errors.append(InputError("duplicate", message, row=one.row, column="prompt"))
        else:
            new = ("duplicate",) if repeated and "duplicate" not in flags else ()
            kept.prompts.append(one)
            kept.flags.append(flags + new)
    found.prompts, found.flags = kept.prompts, kept.flags


def _refuse_errors(found: _Found, *, skip_bad_rows: bool) -> None:
    if found.errors and not (skip_bad_rows and found.prompts):
        n_errors, n_rows = len(found.errors), len(found.errors) + len(found.prompts)
        raise Invalid(
            _("%(n_errors)s of %(n_rows)s rows have errors; nothing was imported.")
            % {"n_errors": f"{n_errors:,}", "n_rows": f"{n_rows:,}"},
            code="rows",
            errors=sorted(found.errors, key=lambda one: one.row or 0),
        )


def _insert(draft: PromptPoolVersion, found: _Found) -> None:
    """Append prompts, many with each prepared statement: less than a quarter of what `bulk_create` takes."""
    last = draft.prompts.aggregate(last=Max("position"))["last"] or 0
    columns = ", ".join(("version_id", "position", *_STORED, "flags"))
    one_row = "(" + ", ".join(["%s"] * (len(_STORED) + 3)) + ")"
    numbered = enumerate(zip(found.prompts, found.flags, strict=True), start=last + 1)
    rows = [
        (draft.pk, number, *_stored(one, number), _dumped(flags))
        for number, (one, flags) in numbered
    ]
    into = f"INSERT INTO {Prompt._meta.db_table} ({columns}) VALUES "  # noqa: S608 - our own names
    at_once = _MOST_PARAMETERS // (len(_STORED) + 3)
    whole = len(rows) - len(rows) % at_once
    batches = [
        tuple(chain.from_iterable(rows[at : at + at_once])) for at in range(0, whole, at_once)
    ]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(into + ", ".join([one_row] * at_once), batches)
            cursor.executemany(into + one_row, rows[whole:])
    except IntegrityError as error:
        # The ids given were checked: what is left is a given id that looks like a made one.
        raise Invalid(
            _("An id of the form prompt-NUMBER collides with one made for a row without id."),
            code="duplicate_id",
            hint=_("Give every row an id, or none."),
        ) from error


def _stored(one: PromptRow, number: int) -> tuple[Any, ...]:
    """Return the values of `_STORED`, JSON as text."""
    _row, external_id, kind, messages, *labels, risk_tags, reference_answer, criteria = one
    return (
        external_id or f"prompt-{number}",
        kind,
        _dumps(messages),
        *labels,
        _dumped(risk_tags),
        reference_answer and _dumps(reference_answer),
        _dumped(criteria),
    )


def _dumped(labels: Sequence[str]) -> str:
    return _dumps(labels) if labels else "[]"


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _references(data: bytes, filename: str) -> tuple[list[InputError], dict[str, ReferenceRow]]:
    errors: list[InputError] = []
    answers: dict[str, ReferenceRow] = {}
    for one in read_references(data, filename=filename):
        if isinstance(one, InputError):
            errors.append(one)
        elif one.external_id in answers:
            first = answers[one.external_id].row
            message = _("The id %(id)r stands in row %(row)s already.") % {
                "id": one.external_id[:80],
                "row": f"{first:,}",
            }
            errors.append(InputError("duplicate_id", message, row=one.row, column="id"))
        else:
            answers[one.external_id] = one
    return errors, answers


def _reference_problem(one: ReferenceRow, prompt: Prompt | None) -> InputError | None:
    if prompt is None:
        message = _("No prompt has the id %(id)r.") % {"id": one.external_id[:80]}
        return InputError("unknown_id", message, row=one.row, column="id")
    judged = len(prompt.messages) if prompt.kind == Prompt.Kind.OWN_CONVERSATION else 1
    if len(one.reference_answer) <= judged:
        return None
    message = _("It has %(number)s reference answers for %(turns)s judged turns.") % {
        "number": len(one.reference_answer),
        "turns": judged,
    }
    return InputError("reference_answer", message, row=one.row, column="reference_answer")


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _report(
    file: PromptFile,
    found: _Found,
    filename: str,
    *,
    dry_run: bool = False,
    version: PromptPoolVersion | None = None,
) -> ImportReport:
    whole = [Notice(one.code, one.message, column=one.column) for one in file.warnings]
    noticed = defaultdict(list)
    for one, flags in zip(found.prompts, found.flags, strict=True):
        for flag in flags:
            noticed[flag].append(one.row)
    rows = [
        Notice(flag, _(meaning), len(noticed[flag]), tuple(noticed[flag][:_SHOWN_ROWS]))
        for flag, meaning in MEANING.items()
        if flag in noticed
    ]
    return ImportReport(
        filename=shown_name(filename),
        format=file.format,
        shape=file.shape,
        n_rows=len(found.prompts) + len(found.errors),
        n_imported=len(found.prompts),
        n_skipped=len(found.errors),
        n_errors=len(found.errors),
        errors=tuple(sorted(found.errors, key=lambda one: one.row or 0)[: Invalid.SHOWN]),
        warnings=tuple(whole + rows),
        dry_run=dry_run,
        version=version,
        columns=file.columns,
        roles=file.roles,
        examples=tuple(found.prompts[:_SHOWN_PROMPTS]),
    )
