"""Import completions that were generated elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import Conflict, InputError, Invalid, Missing
from core.identity import names_maker
from core.leases import lock
from core.words import quoted
from models_registry.importers import CompletionRow, one_model, read_completions
from models_registry.models import Completion, LanguageModel
from models_registry.outcomes import worst_outcome, written_outcomes
from models_registry.services.completions import own_names
from models_registry.services.connecting import model_slug
from models_registry.services.language_models import freeze, register_language_model
from prompts.models import Prompt, PromptPoolVersion

BATCH = 1_000
# From so many rows on, of which so large a share belongs to no prompt, it is the pool that is wrong.
MANY_STRANGERS, STRANGERS_SHARE = 5, 0.95


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows created, already there, empty, and naming their maker; and errors."""

    created: int
    present: int
    empty: int
    naming_their_maker: int
    errors: list[InputError] = field(default_factory=list)
    total_errors: int = 0


@transaction.atomic
def import_completions(
    *,
    data: bytes,
    filename: str,
    language_model: LanguageModel,
    pool_version: PromptPoolVersion,
    rows_of: str = "",
    skip_bad_rows: bool = False,
    now: datetime,
) -> Imported:
    """Store a file's answers as the model's completions, byte for byte, all of them or none.

    Rows belong to the prompt with their id, else to the one with exactly their text. With
    `skip_bad_rows` the good ones are stored and the bad ones reported. The same file again changes
    nothing. Raises `Invalid` with the rows that are wrong, `Conflict` for a model that generates
    or a pool that is a draft.
    """
    _refuse_unusable(language_model, pool_version)
    lock(LanguageModel.objects.filter(pk=language_model.pk)).get()
    read = list(read_completions(data, filename=filename))
    errors = [one for one in read if isinstance(one, InputError)]
    rows = one_model([one for one in read if isinstance(one, CompletionRow)], rows_of)
    matched = _Matcher(pool_version).match(rows, errors)
    _refuse_another_pool(pool_version, matched, errors, skip_bad_rows=skip_bad_rows)
    new = _without_present(language_model, matched, errors)
    errors.sort(key=lambda error: error.row or 0)
    if errors and not skip_bad_rows:
        raise Invalid(
            _("%(n_errors)s of %(n_rows)s rows have errors; nothing was imported.")
            % {"n_errors": f"{len(errors):,}", "n_rows": f"{len(read):,}"},
            code="bad_rows",
            errors=errors,
        )
    if not matched:
        raise Invalid(_("The file has no row that can be imported."), code="no_rows", errors=errors)
    completions = [_completion(language_model, prompt, row, now) for prompt, row in new]
    Completion.objects.bulk_create(completions, batch_size=BATCH)
    freeze(models=[language_model], now=now)
    return Imported(
        created=len(completions),
        present=len(matched) - len(new) - _taken(errors),
        empty=sum(one.outcome == Completion.Outcome.EMPTY for one in completions),
        naming_their_maker=sum(one.names_maker for one in completions),
        errors=errors[: Invalid.SHOWN],
        total_errors=len(errors),
    )


@transaction.atomic
def import_answers(*, name: str, **options: Any) -> tuple[LanguageModel, Imported]:
    """Import completions as those of the model with this name, which is registered if it is new.

    Takes and raises what `import_completions` does; after a refusal nothing is registered.
    """
    model = LanguageModel.objects.filter(name=name).order_by("-version").first()
    model = model or register_language_model(slug=model_slug(name), name=name)
    return model, import_completions(language_model=model, **options)


def _refuse_unusable(language_model: LanguageModel, pool_version: PromptPoolVersion) -> None:
    if language_model.endpoint_id is not None:
        raise Conflict(
            _(
                "%(language_model)s generates its own completions; register a model without an "
                "endpoint for imported ones."
            )
            % {"language_model": language_model},
            code="model_generates",
        )
    if pool_version.state != PromptPoolVersion.State.PUBLISHED:
        raise Conflict(_("The pool version is a draft; publish it first."), code="pool_is_draft")


def _refuse_another_pool(
    pool_version: PromptPoolVersion,
    matched: list[tuple[Prompt, CompletionRow]],
    errors: list[InputError],
    *,
    skip_bad_rows: bool,
) -> None:
    """Say once what would be wrong with (nearly) every row: that it answers other prompts."""
    strangers = sum(one.code == "no_such_prompt" for one in errors)
    rows = len(matched) + len(errors)
    if strangers < MANY_STRANGERS or strangers < STRANGERS_SHARE * rows:
        return
    if matched and skip_bad_rows:
        return
    pool = f"“{pool_version.pool.name}”, {_('version')} {pool_version.number}"
    named = {"pool": pool, "matched": len(matched), "rows": f"{rows:,}"}
    if not matched:
        raise Invalid(
            _(
                "None of the %(rows)s rows belongs to a prompt of the pool %(pool)s. Choose the "
                "pool with the prompts that these answers are to."
            )
            % named,
            code="wrong_pool",
        )
    raise Invalid(
        ngettext(
            "Only %(matched)d of %(rows)s rows belongs to a prompt of the pool %(pool)s. Choose "
            "the pool with the prompts that these answers are to.",
            "Only %(matched)d of %(rows)s rows belong to a prompt of the pool %(pool)s. Choose "
            "the pool with the prompts that these answers are to.",
            len(matched),
        )
        % named,
        code="wrong_pool",
    )


class _Matcher:
    """Finds the prompt of a row, and says why there is none."""

    def __init__(self, version: PromptPoolVersion) -> None:
        self._by_id: dict[str, Prompt] = {}
        self._by_text: dict[str, list[Prompt]] = defaultdict(list)
        for prompt in version.prompts.order_by("position"):
            self._by_id[prompt.external_id] = prompt
            for text in _texts_of(prompt):
                self._by_text[text].append(prompt)

    def match(
        self, rows: Iterable[CompletionRow], errors: list[InputError]
    ) -> list[tuple[Prompt, CompletionRow]]:
        """Return rows with their prompts; a prompt's second row is an error."""
        taken: dict[int, int] = {}
        matched = []
        for row in rows:
            found = self._find(row)
            if isinstance(found, Prompt) and found.pk in taken:
                found = _error(
                    row,
                    "duplicate",
                    _("Row %(row)s answers the same prompt already.") % {"row": taken[found.pk]},
                )
            if isinstance(found, InputError):
                errors.append(found)
                continue
            taken[found.pk] = row.row
            matched.append((found, row))
        return matched

    def _find(self, row: CompletionRow) -> Prompt | InputError:
        prompt = self._by_id.get(row.external_id) if row.external_id else None
        if prompt and row.prompt and row.prompt not in _texts_of(prompt):
            prompt = None  # numbers of rows are no ids: the text decides
        if prompt is None:
            alike = self._by_text.get(row.prompt, []) if row.prompt else []
            if len(alike) > 1:
                return _error(
                    row,
                    "ambiguous",
                    _("%(number)s prompts have this text; name one by its id.")
                    % {"number": len(alike)},
                )
            prompt = alike[0] if alike else None
        if prompt is None:
            name = row.external_id or row.prompt
            said = _("The pool has no prompt %(name)s.") % {"name": quoted(name)}
            return _error(row, "no_such_prompt", said)
        return _fitting(prompt, row)


def _texts_of(prompt: Prompt) -> set[str]:
    """Return the texts a file may call this prompt by: its only message, or its first or last."""
    users = [one["content"] for one in prompt.messages if one["role"] == "user"]
    return {users[0], users[-1]} if prompt.kind == Prompt.Kind.FIXED_HISTORY else {users[0]}


def _fitting(prompt: Prompt, row: CompletionRow) -> Prompt | InputError:
    own = prompt.kind == Prompt.Kind.OWN_CONVERSATION
    wanted = len(prompt.messages) if own else 1
    if len(row.turns) != wanted:
        return _error(
            row,
            "turns",
            ngettext(
                "The prompt has %(wanted)d turn to answer, the row %(given)d.",
                "The prompt has %(wanted)d turns to answer, the row %(given)d.",
                wanted,
            )
            % {"wanted": wanted, "given": len(row.turns)},
        )
    return prompt


def _without_present(
    model: LanguageModel, matched: list[tuple[Prompt, CompletionRow]], errors: list[InputError]
) -> list[tuple[Prompt, CompletionRow]]:
    there = dict(
        Completion.objects.filter(
            language_model=model, prompt__in=[prompt for prompt, _row in matched], sample=0
        ).values_list("prompt", "turns")
    )
    for prompt, row in matched:
        if prompt.pk in there and there[prompt.pk] != row.turns:
            errors.append(
                _error(
                    row,
                    "answered",
                    _("%(model)s has another answer to this prompt already.") % {"model": model},
                )
            )
    return [(prompt, row) for prompt, row in matched if prompt.pk not in there]


def _taken(errors: list[InputError]) -> int:
    return sum(error.code == "answered" for error in errors)


def _completion(
    model: LanguageModel, prompt: Prompt, row: CompletionRow, now: datetime
) -> Completion:
    outcomes = written_outcomes(row.turns)
    return Completion(
        language_model=model,
        prompt=prompt,
        source=Completion.Source.IMPORTED,
        state=Completion.State.SUCCEEDED,
        text=row.turns[-1],
        turns=row.turns,
        turn_outcomes=outcomes,
        outcome=worst_outcome(outcomes),
        names_maker=names_maker("\n\n".join(row.turns), own_names(model)),
        response_model=row.model[:200],
        completed_at=now,
    )


def _error(row: CompletionRow, code: str, message: str) -> InputError:
    return InputError(code, message, row=row.row)


def find_published_version(reference: str) -> PromptPoolVersion:
    """Return the version behind `slug/number`, or the newest published one of the pool `slug`.

    Raises `Missing` when there is none.
    """
    slug, _slash, number = reference.partition("/")
    versions = PromptPoolVersion.objects.filter(pool__slug=slug, state="published")
    if number:
        versions = versions.filter(number=int(number) if number.isdecimal() else 0)
    version = versions.order_by("-number").first()
    if version is None:
        raise Missing(
            _("There is no pool %(reference)r with a published version.")
            % {"reference": reference},
            code="no_pool",
        )
    return version
