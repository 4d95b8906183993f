"""What a rater's content warnings leave out of a study."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from accounts.models import RaterProfile
from judging.models import Comparison
from judging.pairing import Edge, judgeable
from judging.services.cohorts import open_to
from judging.services.feasibility import kept_only_for

CACHED = 1_024
Tagged = tuple[tuple[tuple[str, ...], str, frozenset[str], int], ...]


def left_out_by_language(
    *,
    rater: RaterProfile,
    study_id: int,
    version_id: int,
    seed: str,
    views: int | None,
    groups: Sequence[str] = (),
) -> Mapping[str, int]:
    """Count, of what one rater could judge at most, what this one never wants to be shown."""
    counts: Counter[str] = Counter()
    if rater.avoided_tags:
        for tags, language, kept_for, most in _tagged(study_id, version_id, seed, views):
            mine = not kept_for or not kept_for.isdisjoint(groups)
            if mine and rater.avoids(tags):
                counts[language] += most
    return counts


def leaves_something_out(
    *, rater: RaterProfile, study_id: int, languages: list[str], groups: Sequence[str] = ()
) -> bool:
    """Say whether a study has comparisons for this rater that their warnings leave out."""
    if not rater.avoided_tags:
        return False
    asked = Comparison.objects.filter(
        open_to(groups), study_id=study_id, withdrawn=False, forfeit=""
    )
    readable = asked.filter(language__in=languages).exclude(prompt__risk_tags=[])
    found = readable.order_by().values_list("prompt__risk_tags", flat=True)
    return any(rater.avoids(tags) for tags in found.iterator())


@lru_cache(maxsize=CACHED)
def _tagged(study_id: int, version_id: int, seed: str, views: int | None) -> Tagged:
    """Return the prompts with risk tags, with what one rater can judge of each.

    The tags, the language, the groups that alone may judge it (empty: anybody), and how many.

    What a version compares stays as it was built; the secret seed tells studies of one number apart.
    """
    rows = Comparison.objects.filter(study_id=study_id, forfeit="", withdrawn=False)
    edges: dict[int, list[Edge]] = defaultdict(list)
    told: dict[int, tuple[tuple[str, ...], str]] = {}
    fields = ("prompt_id", "prompt__risk_tags", "language")
    pair = ("pair__first_model_id", "pair__second_model_id")
    tagged = rows.exclude(prompt__risk_tags=[]).order_by("prompt_id").values_list(*fields, *pair)
    for prompt, tags, language, first, second in tagged.iterator():
        told[prompt] = (tuple(tags), language)
        edges[prompt].append((first, second))
    kept_for = kept_only_for(study_id=study_id)
    return tuple(
        (*told[one], kept_for.get(one, frozenset()), judgeable(edges[one], views=views))
        for one in told
    )
