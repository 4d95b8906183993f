"""What a study can be made of: published pool versions, and models with the answers they have."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from judging.protocol import Protocol
from models_registry.models import Completion, GenerationRun, LanguageModel
from prompts.models import PromptPoolVersion

LONGEST_KEY = 19  # digits
IN_THE_WORKS = (Completion.State.PENDING, Completion.State.LEASED)


@dataclass(frozen=True, slots=True)
class PoolChoice:
    """A published pool version; `name` is slug@number, as a protocol's parts are named on pages."""

    name: str
    title: str
    prompts: int

    @property
    def slug(self) -> str:
        return self.name.rpartition("@")[0]

    @property
    def version(self) -> str:
        return self.name.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A language model, and how many prompts of a pool version it answered, answers, and lacks.

    Answers of an `imported` one come from files only.
    """

    name: str
    title: str
    publisher: str
    imported: bool
    answered: int
    running: int
    missing: int

    @property
    def names(self) -> tuple[str]:
        return (self.name,)


def pool_choices() -> list[PoolChoice]:
    """Return the pool versions that can be judged, each pool's newest first."""
    versions = PromptPoolVersion.objects.published().with_counts().select_related("pool")
    return [
        PoolChoice(f"{one.pool.slug}@{one.number}", _title(one), one.n_prompts)  # type: ignore[attr-defined] # by with_counts()
        for one in versions.order_by("pool__name", "pool_id", "-number")
    ]


def begun_with(*, run: str = "") -> dict[str, Any]:
    """Return the parts of a protocol that are known when a study is begun.

    The prompts and the models of the run it is begun from; else the pool version, where there is
    only one to choose. A run that is not there chooses nothing.
    """
    found = None
    if run.isascii() and run.isdecimal() and len(run) < LONGEST_KEY:
        runs = GenerationRun.objects.select_related("pool_version__pool")
        found = runs.filter(pk=int(run)).first()
    if found is None:
        return _only_pool()
    version, models = found.pool_version, found.language_models.filter(retired_at=None)
    return {
        "pool": {"slug": version.pool.slug, "version": version.number},
        "models": [str(one) for one in models.order_by("name", "version")],
    }


def _only_pool() -> dict[str, Any]:
    found = list(PromptPoolVersion.objects.published().select_related("pool")[:2])
    if len(found) != 1:
        return {}
    return {"pool": {"slug": found[0].pool.slug, "version": found[0].number}}


def _title(version: PromptPoolVersion) -> str:
    return _("%(pool)s, version %(n)s") % {"pool": version.pool.name, "n": version.number}


def model_choices(*, pool: PoolChoice | None, also: tuple[str, ...] = ()) -> list[ModelChoice]:
    """Return the models that are not retired, and those named in `also`, with their answers."""
    models = LanguageModel.objects.order_by("name", "version")
    found = [one for one in models if one.retired_at is None or str(one) in also]
    counts = _answers(pool) if pool else {}
    prompts = pool.prompts if pool else 0
    return [
        ModelChoice(
            name=str(one),
            title=one.name,
            publisher=one.publisher,
            imported=one.endpoint_id is None,
            answered=(have := counts.get(one.pk, (0, 0)))[0],
            running=have[1],
            missing=prompts - have[0] - have[1],
        )
        for one in found
    ]


def titles(protocol: Protocol) -> dict[str, Any]:
    """Return a protocol's pool, models and pairs as people call them, beside the names it freezes."""
    pools = {one.name: one.title for one in pool_choices()}
    models = {one.name: one.title for one in model_choices(pool=None, also=protocol.models)}
    pool = f"{protocol.pool.slug}@{protocol.pool.version}" if protocol.pool else ""
    return {
        "pool": {"name": pool, "title": pools.get(pool, pool)},
        "models": [(models[one], one) for one in protocol.models],
        "baseline": models.get(protocol.design.baseline, ""),
        "pairs": [[models[one] for one in pair] for pair in protocol.design.pairs],
    }


def _answers(pool: PoolChoice) -> dict[int, tuple[int, int]]:
    """Count by language model id the prompts answered, and those being answered."""
    rows = Completion.objects.filter(
        prompt__version__pool__slug=pool.slug, prompt__version__number=pool.version, sample=0
    )
    counted = rows.values("language_model_id").annotate(
        answered=Count("pk", filter=Q(state=Completion.State.SUCCEEDED)),
        running=Count("pk", filter=Q(state__in=IN_THE_WORKS)),
    )
    fields = ("language_model_id", "answered", "running")
    return {pk: (done, open_) for pk, done, open_ in counted.order_by().values_list(*fields)}
