"""Write a study's protocol, publish it, amend it, and open and close the study."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, InputError, Invalid
from core.identity import models_mentioned
from core.leases import lock, transition
from judging.blinding import commitment
from judging.models import (
    Assignment,
    Comparison,
    KeptPlaces,
    Study,
    StudyTransition,
    StudyVersion,
)
from judging.protocol import Plan, PoolRef, PromptFacts, Protocol, parse_protocol, plan
from judging.services.comparisons import build_comparisons, count_missing
from judging.services.feasibility import FACTS, require_enough, require_known
from judging.services.places import give_back_all
from models_registry.models import LanguageModel
from prompts.models import Prompt, PromptPoolVersion

SEED_BYTES = 32
# Names that are routes beside the studies.
RESERVED_SLUGS = frozenset({"new", "open"})
# They decide which judgments exist at all; changed midway, boards would mix two populations.
FIXED_ONCE_PUBLISHED = ("answers", "names_maker", "asks_identity")
State = Study.State


@dataclass(frozen=True, slots=True)
class Told:
    """A name of a model that raters would read, and where; `field` as in the study."""

    field: str
    name: str


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """The numbers of a study before it is published; `missing_completions` are not there yet.

    `prompts_without_criterion` of the pool name other criteria than the study has, and are not asked.
    """

    numbers: Plan
    prompts: int
    prompts_without_criterion: int
    missing_completions: int
    pool: PoolRef
    models: tuple[str, ...]
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """Counts only. `judgments` counts assignments judged, `places` the judgments wanted.

    Of the judgments those `beside_plan` fill no place: repeats, known answers, more on disagreement.
    """

    comparisons: int
    forfeited: int
    places: int
    open_places: int
    leased: int
    judgments: int
    beside_plan: int
    skipped: int
    raters: int

    @property
    def planned(self) -> int:
        """The judgments that filled a place."""
        return self.judgments - self.beside_plan


def create_study(
    *,
    slug: str,
    name: str,
    created_by: User | None,
    description: str = "",
    protocol: Mapping[str, Any] | None = None,
) -> Study:
    """Create a draft with a secret seed. Raises `Conflict` when the slug is taken, or `Invalid`."""
    study = Study(
        slug=slug,
        name=name,
        description=description,
        draft=_checked_draft(protocol or {}),
        secret_seed=secrets.token_hex(SEED_BYTES),
        created_by=created_by,
    )
    _save_named(study)
    return study


@transaction.atomic
def update_draft(*, study: Study, changes: Mapping[str, Any], **texts: str) -> Study:
    """Replace whole fields of a draft's protocol, and its name, description or slug.

    Raises `Conflict` once it was published or when the slug is taken, and `Invalid` for fields
    that are wrong in themselves.
    """
    study = _locked(study)
    if study.state != State.DRAFT:
        raise Conflict(
            _("A published protocol is never changed; amend the study."), code="published"
        )
    study.draft = _checked_draft({**study.draft, **changes})
    for name in ("name", "description", "slug"):
        setattr(study, name, texts.get(name, getattr(study, name)))
    _save_named(study)
    return study


@transaction.atomic
def discard_draft(*, study: Study) -> None:
    """Delete a study that was never published. Raises `Conflict` once it was."""
    study = _locked(study)
    if study.state != State.DRAFT:
        raise Conflict(_("A published study stays; close it when it is over."), code="published")
    study.delete()


def plan_study(*, study: Study, changes: Mapping[str, Any] | None = None) -> StudyPlan:
    """Return the numbers of the next version as written, with whole fields replaced by `changes`.

    Stores nothing. Raises `Invalid` while it is incomplete, and for changes an amendment may not
    make.
    """
    changes = _unsealed(changes or {})
    if changes and study.state != State.DRAFT:
        _refuse_amendment(study, changes)
    protocol = parse_protocol({**_next_protocol(study), **changes})
    pool_version, models = _pool_version(protocol), _language_models(protocol)
    rows = list(
        Prompt.objects.filter(version=pool_version).values_list("criteria", "flags", *FACTS)
    )
    without = sum(not protocol.criteria_for(criteria) for criteria, *_others in rows)
    asked = [facts for criteria, flags, *facts in rows if protocol.asks(criteria, flags)]
    facts = [PromptFacts(*one) for one in asked] if protocol.keeps_places else []
    missing = count_missing(
        protocol=protocol, pool_version_id=pool_version.pk, model_ids=[one.pk for one in models]
    )
    numbers, pool = plan(protocol, prompts=len(asked), facts=facts), protocol.pool
    assert pool is not None  # the protocol is complete
    told = tuple(_told(study, protocol, models))
    return StudyPlan(numbers, len(asked), without, missing, pool, protocol.models, told)


def drafted_protocol(*, study: Study) -> Protocol:
    """Return what is drafted, with the defaults filled in; parts of it may still be missing."""
    return parse_protocol(_next_protocol(study), complete=False)


def frozen_protocol(*, study: Study) -> Protocol:
    """Return the protocol that publishing what is drafted now would freeze. Raises `Invalid`."""
    protocol = parse_protocol(_next_protocol(study))
    return _sealed(study, protocol, _pool_version(protocol))


@transaction.atomic
def publish_version(
    *,
    study: Study,
    now: datetime,
    by: User | None = None,
    allow_missing: bool = False,
    digest: str = "",
) -> StudyVersion:
    """Freeze the draft under its SHA-256, build the comparisons and open the study.

    With `digest`, only what was looked at under it. Raises `Invalid` while the protocol is
    incomplete, `Conflict` when it was published before, when it is not the one of the `digest`, or
    when completions are missing and `allow_missing` was not said.
    """
    study = _locked(study)
    if study.state != State.DRAFT:
        raise Conflict(_("This study was published before; amend it."), code="published")
    version = _freeze(
        study, study.draft, number=1, now=now, by=by, allow_missing=allow_missing, digest=digest
    )
    study.state = State.OPEN
    study.save(update_fields=["draft", "state"])
    return version


@transaction.atomic
def prepare_amendment(*, study: Study, changes: Mapping[str, Any]) -> Study:
    """Keep what the next version is to say in the draft; nothing is in force until it is published.

    Raises `Conflict` when the study is not open or paused, `Invalid` for fields that stay fixed.
    """
    study = _locked(study)
    _refuse_amendment(study, changes)
    study.draft = _checked_draft({**_next_protocol(study), **changes})
    _refuse_late_rule(study, study.draft)
    study.save(update_fields=["draft"])
    return study


@transaction.atomic
def discard_amendment(*, study: Study) -> Study:
    """Forget what was prepared: the draft is the version in force again."""
    study = _locked(study)
    _refuse_amendment(study, {})
    study.draft = _unfrozen(_latest(study))
    study.save(update_fields=["draft"])
    return study


@transaction.atomic
def publish_amendment(
    *,
    study: Study,
    now: datetime,
    by: User | None = None,
    allow_missing: bool = False,
    digest: str = "",
) -> StudyVersion:
    """Publish what was prepared as a new version; as `amend_study`, and only what has `digest`."""
    study = _locked(study)
    changes = {
        name: value for name, value in study.draft.items() if name not in FIXED_ONCE_PUBLISHED
    }
    return amend_study(
        study=study, changes=changes, now=now, by=by, allow_missing=allow_missing, digest=digest
    )


@transaction.atomic
def amend_study(
    *,
    study: Study,
    changes: Mapping[str, Any],
    now: datetime,
    by: User | None = None,
    allow_missing: bool = False,
    digest: str = "",
) -> StudyVersion:
    """Publish a new version: the one in force with whole fields replaced.

    Judgments stay with the version they were made under; comparisons that both versions want are
    kept, new ones added, others withdrawn. Raises as `publish_version` does, `Conflict` too when
    the study is not open or paused or nothing changes, and `Invalid` for fields that stay fixed.
    """
    study = _locked(study)
    _refuse_amendment(study, changes)
    latest = _latest(study)
    raw = {**_unfrozen(latest), **_unsealed(changes)}
    _refuse_late_rule(study, raw)
    number = latest.number + 1
    version = _freeze(
        study, raw, number=number, now=now, by=by, allow_missing=allow_missing, digest=digest
    )
    # What is drafted from now on starts from the version in force.
    study.draft = raw
    study.save(update_fields=["draft"])
    return version


@transaction.atomic
def add_model(
    *, study: Study, model: str, now: datetime, by: User | None = None, allow_missing: bool = False
) -> StudyVersion:
    """Amend a study by one model, written slug@version; with chosen pairs, amend the pairs instead.

    Raises as `amend_study` does, and `Conflict` when the model takes part already.
    """
    study = _locked(study)
    latest = study.versions.order_by("-number").first()
    if latest is None:
        raise Conflict(
            _("Only a published study takes one model more; in a draft, change its models."),
            code="not_running",
        )
    protocol = parse_protocol(latest.protocol)
    if model in protocol.models:
        raise Conflict(_("%(model)s takes part already.") % {"model": model}, code="model_there")
    if protocol.design.kind == "chosen":
        raise Conflict(_("Amend the models and the chosen pairs together."), code="chosen_pairs")
    changes = {"models": [*protocol.models, model]}
    return amend_study(study=study, changes=changes, now=now, by=by, allow_missing=allow_missing)


def pause_study(*, study: Study, now: datetime, by: User | None = None) -> Study:
    """Issue no more comparisons; open ones may be judged. A second call changes nothing."""
    return _move(study, was=(State.OPEN,), to=State.PAUSED, by=by, now=now)


def resume_study(*, study: Study, now: datetime, by: User | None = None) -> Study:
    """Issue comparisons again. A second call changes nothing."""
    return _move(study, was=(State.PAUSED,), to=State.OPEN, by=by, now=now)


def close_study(*, study: Study, now: datetime, by: User | None = None) -> Study:
    """End a study for good: nothing is issued or judged any more, open leases are given back."""
    study = _move(study, was=(State.OPEN, State.PAUSED), to=State.CLOSED, by=by, now=now)
    leases = Assignment.objects.filter(study=study)
    give_back_all(assignments=leases, state=Assignment.State.RETURNED, now=now)
    return study


def study_progress(*, study: Study) -> StudyProgress:
    """Return how far a study is, in counts."""
    built = Comparison.objects.filter(study=study).aggregate(
        comparisons=Count("pk"),
        forfeited=Count("pk", filter=~Q(forfeit="")),
        places=Sum("places", default=0),
        open_places=Sum("open_places", default=0),
    )
    kept = KeptPlaces.objects.filter(comparison__study=study).aggregate(
        places=Sum("places", default=0), open_places=Sum("open_places", default=0)
    )
    built |= {name: built[name] + count for name, count in kept.items()}
    made = Assignment.objects.filter(study=study).aggregate(
        leased=Count("pk", filter=Q(state=Assignment.State.LEASED)),
        judgments=Count("pk", filter=Q(state=Assignment.State.JUDGED)),
        beside_plan=Count(
            "pk",
            filter=Q(state=Assignment.State.JUDGED) & ~Q(purpose=Assignment.Purpose.PLANNED),
        ),
        skipped=Count("pk", filter=Q(state=Assignment.State.SKIPPED)),
        raters=Count("rater", filter=Q(state=Assignment.State.JUDGED), distinct=True),
    )
    return StudyProgress(**built, **made)


def versions_with_judged(*, study: Study) -> QuerySet[StudyVersion]:
    """Return a study's versions, the first first, each with how many judgments were made under it."""
    judged = Assignment.objects.filter(
        study=study, state=Assignment.State.JUDGED, study_version=OuterRef("pk")
    )
    counted = judged.order_by().values("study_version").annotate(n=Count("pk")).values("n")
    versions = study.versions.select_related("published_by").annotate(
        judged=Coalesce(Subquery(counted), 0)
    )
    found: QuerySet[StudyVersion] = versions.order_by("number")
    return found


def _locked(study: Study) -> Study:
    locked: Study = lock(Study.objects.filter(pk=study.pk)).get()
    return locked


def _save_named(study: Study) -> None:
    """Save a draft. Raises `Invalid` for a slug that leads elsewhere, `Conflict` for a taken one."""
    if study.slug in RESERVED_SLUGS:
        raise Invalid(_("A study cannot be called %(slug)r.") % {"slug": study.slug}, code="slug")
    try:
        with transaction.atomic():
            study.save()
    except IntegrityError as error:
        raise Conflict(
            _("The name %(slug)r is taken; choose another.") % {"slug": study.slug},
            code="slug_taken",
        ) from error


@transaction.atomic
def _move(study: Study, *, was: tuple[str, ...], to: str, by: User | None, now: datetime) -> Study:
    moved = transition(Study.objects.all(), study.pk, was=was, state=to)
    if moved:
        StudyTransition.objects.create(study=study, state=to, by=by, at=now)
    study.refresh_from_db(fields=["state"])
    if not moved and study.state != to:
        raise Conflict(
            _("A study that is %(state)s cannot become %(to)s.") % {"state": study.state, "to": to},
            code="study_state",
        )
    return study


def _latest(study: Study) -> StudyVersion:
    latest: StudyVersion = study.versions.order_by("-number")[0]
    return latest


def _unfrozen(version: StudyVersion) -> dict[str, Any]:
    """Return a version's protocol as it may be written again: the commitment is computed."""
    return {name: value for name, value in version.protocol.items() if name != "seed_commitment"}


def _next_protocol(study: Study) -> dict[str, Any]:
    """Return what the next version would say: the draft, over the version in force if there is one."""
    if study.state == State.DRAFT:
        return dict(study.draft)
    latest = _unfrozen(_latest(study))
    return {**latest, **study.draft, **{name: latest[name] for name in FIXED_ONCE_PUBLISHED}}


def _refuse_amendment(study: Study, changes: Mapping[str, Any]) -> None:
    if study.state not in {State.OPEN, State.PAUSED}:
        raise Conflict(
            _(
                "Only a study that is open or paused is amended; a draft is changed, a closed "
                "one stays."
            ),
            code="not_running",
        )
    fixed = [
        InputError("fixed", _("Fixed once published."), column=name)
        for name in FIXED_ONCE_PUBLISHED
        if name in changes
    ]
    if fixed:
        raise Invalid(_("What is compared stays as it was published."), errors=fixed)


def _refuse_late_rule(study: Study, raw: Mapping[str, Any]) -> None:
    """Refuse another rule of whom to hold once somebody was shown who is ahead."""
    before = parse_protocol(_latest(study).protocol).holds
    if parse_protocol(raw, complete=False).holds != before and study.unblindings.exists():
        error = InputError("fixed", _("Fixed since identities were shown."), column="holds")
        raise Invalid(_("Whom to hold is decided before anybody knows the board."), errors=[error])


def _unsealed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse the commitment to the seed from outside: it is computed."""
    if "seed_commitment" in raw:
        error = InputError("unknown", _("Unknown field."), column="seed_commitment")
        raise Invalid(_("The protocol has errors."), errors=[error])
    return dict(raw)


def _checked_draft(raw: Mapping[str, Any]) -> dict[str, Any]:
    draft = _unsealed(raw)
    parse_protocol(draft, complete=False)
    return draft


def _sealed(study: Study, protocol: Protocol, pool_version: PromptPoolVersion) -> Protocol:
    """Bind a protocol to the content of its pool and to the study's seed."""
    pool = PoolRef(pool_version.pool.slug, pool_version.number, pool_version.digest)
    return replace(protocol, pool=pool, seed_commitment=commitment(study.secret_seed))


def _freeze(
    study: Study,
    raw: Mapping[str, Any],
    *,
    number: int,
    now: datetime,
    by: User | None,
    allow_missing: bool,
    digest: str,
) -> StudyVersion:
    protocol = parse_protocol(raw)
    pool_version, models = _pool_version(protocol), _language_models(protocol)
    _refuse_missing(protocol, pool_version, models, allow_missing=allow_missing)
    require_known(protocol=protocol, pool_version_id=pool_version.pk)
    protocol = _sealed(study, protocol, pool_version)
    if digest and digest != protocol.digest():
        raise Conflict(
            _("The protocol changed since you looked at it; read it again."),
            code="protocol_changed",
        )
    unchanged = study.versions.filter(number=number - 1, digest=protocol.digest()).exists()
    version = StudyVersion.objects.create(
        study=study,
        number=number,
        protocol=protocol.as_dict(),
        digest=protocol.digest(),
        pool_version=pool_version,
        published_at=now,
        published_by=by,
    )
    version.language_models.set(models)
    ids = [one.pk for one in models]
    LanguageModel.objects.filter(pk__in=ids, frozen_at=None).update(frozen_at=now)
    # Answers that arrived since can be taken up under the same protocol.
    if build_comparisons(version=version) == 0 and unchanged:
        raise Conflict(
            _("Nothing changes: this is the version in force. Change a field, or add answers."),
            code="unchanged",
        )
    if not study.comparisons.filter(withdrawn=False).exists():
        raise Conflict(
            _(
                "No two answers can be compared under this protocol. Generate or import more, or "
                "leave fewer out."
            ),
            code="nothing_left",
        )
    if protocol.keeps_places:
        require_enough(version=version, protocol=protocol, now=now)
    return version


def _told(study: Study, protocol: Protocol, models: list[LanguageModel]) -> Iterator[Told]:
    """Yield the names of models in what raters read beside the answers."""
    own = {name for one in models for name in (one.name, one.slug)}
    texts = {
        "name": study.name,
        "description": study.description,
        "slug": study.slug,
        "guidelines": protocol.guidelines,
    }
    for at, one in enumerate(protocol.criteria):
        asked = (one.label, one.question, one.definition, one.guidance, *one.labels.values())
        texts[f"criteria.{at}"] = "\n".join(asked)
    for field, text in texts.items():
        for name in models_mentioned(text, own):
            yield Told(field, name)


def _refuse_missing(
    protocol: Protocol,
    pool_version: PromptPoolVersion,
    models: list[LanguageModel],
    *,
    allow_missing: bool,
) -> None:
    missing = count_missing(
        protocol=protocol, pool_version_id=pool_version.pk, model_ids=[one.pk for one in models]
    )
    if missing and not allow_missing:
        raise Conflict(
            _(
                "%(missing)s completions are missing. Generate or import them, or allow missing "
                "ones: then only what is there is compared."
            )
            % {"missing": missing},
            code="completions_missing",
            missing=missing,
        )


def _pool_version(protocol: Protocol) -> PromptPoolVersion:
    """Find the frozen pool version a complete protocol names."""
    named = protocol.pool
    assert named is not None
    found = (
        PromptPoolVersion.objects.select_related("pool")
        .filter(pool__slug=named.slug, number=named.version, state="published")
        .first()
    )
    if found is None:
        raise _invalid(
            "pool",
            _("There is no published version %(version)s of %(slug)s.")
            % {"version": named.version, "slug": named.slug},
        )
    if named.digest and named.digest != found.digest:
        raise _invalid(
            "pool.digest",
            _("The digest of %(slug)s is %(digest)s.")
            % {"slug": named.slug, "digest": found.digest},
        )
    return found


def _language_models(protocol: Protocol) -> list[LanguageModel]:
    """Find the language models a protocol names, in its order."""
    slugs = [name.split("@")[0] for name in protocol.models]
    by_name = {str(one): one for one in LanguageModel.objects.filter(slug__in=slugs)}
    unknown = [name for name in protocol.models if name not in by_name]
    if unknown:
        raise _invalid(
            "models", _("There is no model %(unknown)s.") % {"unknown": ", ".join(unknown)}
        )
    return [by_name[name] for name in protocol.models]


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(
        _("The protocol has errors."), errors=[InputError("unknown", message, column=field)]
    )
