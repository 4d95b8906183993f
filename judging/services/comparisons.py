"""Build the comparisons of a study from completions, and say what was left out and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from django.db.models import Count, F, Max, Q, QuerySet, Value
from django.db.models.functions import Greatest

from judging.blinding import unit_interval
from judging.models import Comparison, Forfeit, KeptPlaces, ModelPair, StudyVersion
from judging.models.comparisons import DRAW_BITS
from judging.pairing import Edge, judgeable
from judging.protocol import ANYBODY, Protocol, Treatment, forfeit_of, places_for, treatment
from judging.services.feasibility import facts_of
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
    places = {one.pk: places_for(protocol, facts_of(one)) for one in answers.prompts}
    new, kept = [], {}
    for first, second in pairs:
        for prompt, a, b in _sampled(version, protocol, answers, first, second):
            if pk := known.get((a.completion_id, b.completion_id)):
                kept[pk] = places[prompt.pk]
                continue
            new.append(
                _comparison(
                    version=version,
                    places=places[prompt.pk].get(ANYBODY, 0),
                    prompt=prompt,
                    first=a,
                    second=b,
                    pair_id=pair_ids[first, second],
                )
            )
    made = Comparison.objects.bulk_create(new, batch_size=BATCH)
    for count in {one.get(ANYBODY, 0) for one in kept.values()}:
        _resize(sorted(pk for pk, one in kept.items() if one.get(ANYBODY, 0) == count), count)
    _keep(version, kept | {one.pk: places[one.prompt_id] for one in made if not one.forfeit})
    _withdraw(sorted(set(known.values()) - set(kept)))
    _add_forfeits(version, protocol.judgments_per_comparison)
    version.comparisons_by_language = _counts_by_language(version.study_id)
    by_group = _judgeable(version.study_id, protocol, places)
    version.judgeable_by_language = by_group.pop("", {})
    version.judgeable_by_group = by_group
    version.exclusions = _exclusions(answers, list(ids.values()))
    version.save(
        update_fields=[
            "comparisons_by_language",
            "judgeable_by_language",
            "judgeable_by_group",
            "exclusions",
        ]
    )
    return len(new)


def _ids_by_name(version: StudyVersion) -> dict[str, int]:
    rows = version.language_models.values_list("slug", "version", "pk")
    return {f"{slug}@{number}": pk for slug, number, pk in rows}


def _read_answers(protocol: Protocol, pool_version_id: int, model_ids: Sequence[int]) -> _Answers:
    prompts = Prompt.objects.filter(version_id=pool_version_id).order_by("position")
    asked = prompts.only(
        "pk", "external_id", "language", "criteria", "flags", "category", "domain", "risk_tags"
    )
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
    for batch in _batches(pks):
        rows = Comparison.objects.filter(pk__in=batch)
        # A forfeit has no places to resize, and counts again when its model comes back.
        rows.exclude(forfeit="").filter(withdrawn=True).update(withdrawn=False)
        changed = rows.filter(~Q(wanted=places) | ~Q(places=places) | Q(withdrawn=True))
        _resize_rows(changed.filter(forfeit=""), places, withdrawn=False)


def _resize_rows(
    rows: QuerySet[Comparison] | QuerySet[KeptPlaces], places: int, **values: bool
) -> None:
    taken = F("places") - F("open_places")
    rows.update(
        wanted=places,
        places=Greatest(Value(places), taken),
        open_places=Greatest(Value(places) - taken, Value(0)),
        **values,
    )


def _keep(version: StudyVersion, wanted: Mapping[int, Mapping[str, int]]) -> None:
    """Keep places for groups, by comparison; what is taken of a group that gets none now stays taken."""
    rows = KeptPlaces.objects.filter(comparison__study_id=version.study_id)
    known = {(pk, group): at for at, pk, group in rows.values_list("pk", "comparison", "kept_for")}
    asked = {
        (pk, group): count
        for pk, by_group in wanted.items()
        for group, count in by_group.items()
        if group != ANYBODY
    }
    if not known and not asked:
        return
    by_count: dict[int, list[int]] = {}
    for key, at in known.items():
        by_count.setdefault(asked.get(key, 0), []).append(at)
    for count, ids in by_count.items():
        for batch in _batches(sorted(ids)):
            _resize_rows(KeptPlaces.objects.filter(pk__in=batch), count)
    pair_of = dict(
        Comparison.objects.filter(study_id=version.study_id, forfeit="").values_list(
            "pk", "pair_id"
        )
    )
    KeptPlaces.objects.bulk_create(
        (
            KeptPlaces(
                comparison_id=pk,
                pair_id=pair_of[pk],
                kept_for=group,
                wanted=count,
                places=count,
                open_places=count,
            )
            for (pk, group), count in sorted(asked.items())
            if (pk, group) not in known and pk in pair_of
        ),
        batch_size=BATCH,
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
        KeptPlaces.objects.filter(comparison__in=batch).update(
            places=F("places") - F("open_places"), open_places=0
        )


def _counts_by_language(study_id: int) -> dict[str, int]:
    rows = Comparison.objects.filter(study_id=study_id, forfeit="", withdrawn=False).values_list(
        "language"
    )
    return dict(rows.annotate(Count("pk")).order_by("language"))


def _judgeable(
    study_id: int, protocol: Protocol, places: Mapping[int, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """Count by language what one rater can judge at most, prompt by prompt.

    Under "" what anybody can; else, under the groups with spaces between, what only those can.
    """
    rows = Comparison.objects.filter(study_id=study_id, forfeit="", withdrawn=False)
    fields = ("prompt_id", "language", "pair__first_model_id", "pair__second_model_id")
    counts: dict[str, Counter[str]] = {}
    ordered = rows.order_by("prompt_id").values_list(*fields).iterator(BATCH)
    for (prompt_id, language), group in groupby(ordered, key=itemgetter(0, 1)):
        edges: list[Edge] = [(first, second) for _, _, first, second in group]
        kept = places[prompt_id]
        names = "" if ANYBODY in kept else " ".join(sorted(kept))
        found = counts.setdefault(names, Counter())
        found[language] += judgeable(edges, views=protocol.caps.prompt_views)
    return {names: dict(sorted(found.items())) for names, found in counts.items()}
