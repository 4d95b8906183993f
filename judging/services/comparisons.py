"""Build the comparisons of a study from completions, and say what was left out and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from django.db.models import Count, F, Max, Q, Value
from django.db.models.functions import Greatest

from judging.blinding import unit_interval
from judging.models import Comparison, Forfeit, ModelPair, StudyVersion
from judging.models.comparisons import DRAW_BITS
from judging.pairing import Edge, judgeable
from judging.protocol import Protocol, Treatment, forfeit_of, treatment
from judging.services.versions import protocol_of
from models_registry.models import Completion
from models_registry.services.masking import mask_flagged
from prompts.models import Prompt

BATCH = 2_000
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class _Answer:
    completion_id: int
    treatment: Treatment

    @property
    def usable(self) -> bool:
        return self.treatment.action != "exclude"


@dataclass(slots=True)
class _Answers:
    """The answers of a study's models to its prompts."""

    prompts: list[Prompt]
    by_place: dict[tuple[int, int], _Answer] = field(default_factory=dict)

    def of(self, model_id: int, prompt: Prompt) -> _Answer | None:
        return self.by_place.get((model_id, prompt.pk))

    def both(self, first: int, second: int) -> list[tuple[Prompt, _Answer, _Answer]]:
        """The prompts that both models answered usably, with the answers."""
        pairs = ((one, self.of(first, one), self.of(second, one)) for one in self.prompts)
        return [(one, a, b) for one, a, b in pairs if a and b and a.usable and b.usable]

    def missing(self, model_ids: Sequence[int]) -> int:
        return len(model_ids) * len(self.prompts) - len(self.by_place)


def count_missing(*, protocol: Protocol, pool_version_id: int, model_ids: Sequence[int]) -> int:
    """Return how many of the models' answers to the prompts are not there."""
    return _read_answers(protocol, pool_version_id, model_ids).missing(model_ids)


def build_comparisons(*, version: StudyVersion) -> int:
    """Make a study's comparisons those of this version, in the caller's transaction; count the new.

    Canonical order is by language model id. `prompts_per_pair` prompts are sampled for each pair
    from the study's seed among those both models answered usably. What the study has already is
    kept, with as many places as the version wants; what it no longer wants is closed, and its
    judgments stay.
    """
    protocol, ids = protocol_of(version), _ids_by_name(version)
    pairs = sorted(tuple(sorted((ids[a], ids[b]))) for a, b in protocol.pairs())
    if protocol.masks_makers:
        mask_flagged(pool_version_id=version.pool_version_id, model_ids=list(ids.values()))
    answers = _read_answers(protocol, version.pool_version_id, list(ids.values()))
    pair_ids = _pair_ids(version.study_id, [(first, second) for first, second in pairs])
    known = dict(_known(version))
    new, kept = [], set()
    for first, second in pairs:
        for prompt, a, b in _sampled(version, protocol, answers, first, second):
            if pk := known.get((a.completion_id, b.completion_id)):
                kept.add(pk)
                continue
            new.append(
                _comparison(
                    version=version,
                    places=protocol.judgments_per_comparison,
                    prompt=prompt,
                    first=a,
                    second=b,
                    pair_id=pair_ids[first, second],
                )
            )
    Comparison.objects.bulk_create(new, batch_size=BATCH)
    _resize(sorted(kept), protocol.judgments_per_comparison)
    _withdraw(sorted(set(known.values()) - kept))
    _add_forfeits(version, protocol.judgments_per_comparison)
    version.comparisons_by_language = _counts_by_language(version.study_id)
    version.judgeable_by_language = _judgeable_by_language(version.study_id, protocol)
    version.exclusions = _exclusions(answers, list(ids.values()))
    version.save(update_fields=["comparisons_by_language", "judgeable_by_language", "exclusions"])
    return len(new)


def _ids_by_name(version: StudyVersion) -> dict[str, int]:
    rows = version.language_models.values_list("slug", "version", "pk")
    return {f"{slug}@{number}": pk for slug, number, pk in rows}


def _read_answers(protocol: Protocol, pool_version_id: int, model_ids: Sequence[int]) -> _Answers:
    prompts = Prompt.objects.filter(version_id=pool_version_id).order_by("position")
    asked = prompts.only("pk", "external_id", "language", "criteria", "flags")
    answers = _Answers([one for one in asked if protocol.asks(one.criteria, one.flags)])
    wanted = {one.pk for one in answers.prompts}
    rows = Completion.objects.succeeded().filter(
        prompt__version_id=pool_version_id, language_model_id__in=model_ids, sample=0
    )
    fields = ("language_model_id", "prompt_id", "pk", "outcome", "names_maker")
    for model_id, prompt_id, pk, outcome, names_maker in rows.values_list(*fields):
        if prompt_id in wanted:
            treated = treatment(protocol, outcome=outcome, names_maker=names_maker)
            answers.by_place[model_id, prompt_id] = _Answer(pk, treated)
    return answers


def _exclusions(answers: _Answers, model_ids: Sequence[int]) -> dict[str, dict[str, int]]:
    """Count for each language model id the answers that are not compared, by reason.

    Reasons: missing, names_maker, and the outcomes that the protocol excludes. Kept with the
    version, because completions may still arrive after it was built. Ids are texts, as in JSON.
    """
    counts: dict[str, Counter[str]] = {str(pk): Counter() for pk in model_ids}
    for pk in model_ids:
        for prompt in answers.prompts:
            answer = answers.of(pk, prompt)
            if answer is None:
                counts[str(pk)][MISSING] += 1
            elif not answer.usable:
                counts[str(pk)][answer.treatment.reason] += 1
    return {pk: dict(count) for pk, count in counts.items()}


def _sampled(
    version: StudyVersion, protocol: Protocol, answers: _Answers, first: int, second: int
) -> list[tuple[Prompt, _Answer, _Answer]]:
    usable = answers.both(first, second)
    wanted = protocol.design.prompts_per_pair
    if wanted is None or len(usable) <= wanted:
        return usable
    seed = version.study.secret_seed

    def drawn(one: tuple[Prompt, _Answer, _Answer]) -> float:
        return unit_interval(seed, f"sample {first} {second} {one[0].pk}")

    return sorted(usable, key=drawn)[:wanted]


def _comparison(
    *,
    version: StudyVersion,
    places: int,
    prompt: Prompt,
    first: _Answer,
    second: _Answer,
    pair_id: int,
) -> Comparison:
    forfeit = forfeit_of(first.treatment, second.treatment)
    places = 0 if forfeit else places
    label = f"draw {first.completion_id} {second.completion_id}"
    return Comparison(
        study_id=version.study_id,
        added_in=version,
        prompt_id=prompt.pk,
        pair_id=pair_id,
        first_id=first.completion_id,
        second_id=second.completion_id,
        language=prompt.language.lower(),
        wanted=places,
        places=places,
        open_places=places,
        forfeit=forfeit,
        draw_key=int(unit_interval(version.study.secret_seed, label) * (1 << DRAW_BITS)),
    )


def _pair_ids(study_id: int, pairs: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], int]:
    rows = [ModelPair(study_id=study_id, first_model_id=a, second_model_id=b) for a, b in pairs]
    ModelPair.objects.bulk_create(rows, ignore_conflicts=True)
    stored = ModelPair.objects.filter(study_id=study_id)
    fields = ("first_model_id", "second_model_id", "pk")
    return {(a, b): pk for a, b, pk in stored.values_list(*fields)}


def _known(version: StudyVersion) -> Iterator[tuple[tuple[int, int], int]]:
    rows = Comparison.objects.filter(study_id=version.study_id)
    for pk, first, second in rows.values_list("pk", "first_id", "second_id").iterator():
        yield (first, second), pk


def _batches(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    # SQLite takes a limited number of parameters in one statement.
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


def _add_forfeits(version: StudyVersion, outcomes: int) -> None:
    """Say which comparisons this version takes as forfeited, and as how many outcomes each.

    As many as a judged one gets: what was taken before an amendment wanted fewer stays taken.
    """
    rows = Comparison.objects.filter(study_id=version.study_id, withdrawn=False)
    counted = rows.exclude(forfeit="").annotate(most=Max("forfeits__outcomes")).order_by("pk")
    Forfeit.objects.bulk_create(
        (
            Forfeit(study_version=version, comparison_id=pk, outcomes=max(most or 0, outcomes))
            for pk, most in counted.values_list("pk", "most")
        ),
        batch_size=BATCH,
    )


def _resize(pks: Sequence[int], places: int) -> None:
    """Give comparisons this many places, or as many as are taken where that is more."""
    taken = F("places") - F("open_places")
    for batch in _batches(pks):
        rows = Comparison.objects.filter(pk__in=batch)
        # A forfeit has no places to resize, and counts again when its model comes back.
        rows.exclude(forfeit="").filter(withdrawn=True).update(withdrawn=False)
        changed = rows.filter(~Q(wanted=places) | ~Q(places=places) | Q(withdrawn=True))
        changed.filter(forfeit="").update(
            wanted=places,
            places=Greatest(Value(places), taken),
            open_places=Greatest(Value(places) - taken, Value(0)),
            withdrawn=False,
        )


def _withdraw(pks: Sequence[int]) -> None:
    """Offer comparisons no more; who has one on the screen may finish it."""
    for batch in _batches(pks):
        Comparison.objects.filter(pk__in=batch).update(
            places=F("places") - F("open_places"),
            open_places=0,
            extra_places=F("extra_places") - F("open_extra_places"),
            open_extra_places=0,
            withdrawn=True,
        )


def _counts_by_language(study_id: int) -> dict[str, int]:
    rows = Comparison.objects.filter(study_id=study_id, forfeit="", withdrawn=False).values_list(
        "language"
    )
    return dict(rows.annotate(Count("pk")).order_by("language"))


def _judgeable_by_language(study_id: int, protocol: Protocol) -> dict[str, int]:
    """Count what one rater can judge at most, prompt by prompt."""
    rows = Comparison.objects.filter(study_id=study_id, forfeit="", withdrawn=False)
    fields = ("prompt_id", "language", "pair__first_model_id", "pair__second_model_id")
    counts: Counter[str] = Counter()
    ordered = rows.order_by("prompt_id").values_list(*fields).iterator(BATCH)
    for (_prompt, language), group in groupby(ordered, key=itemgetter(0, 1)):
        edges: list[Edge] = [(first, second) for _, _, first, second in group]
        counts[language] += judgeable(edges, views=protocol.caps.prompt_views)
    return dict(sorted(counts.items()))
