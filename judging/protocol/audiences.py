"""For whom the places of a comparison are kept (pure).

Places are kept for *groups*: a cohort, by its key; raters who are named, by a digest of them; and
anybody, who has no name.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from judging.pairing import Edge, judgeable
from judging.protocol.types import Protocol, Reservation

ANYBODY = ""


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """What a reservation may ask of a prompt."""

    external_id: str
    category: str
    domain: str
    risk_tags: Sequence[str]


def places_for(protocol: Protocol, prompt: PromptFacts) -> dict[str, int]:
    """Return how many judgments of each comparison of a prompt are kept for which group.

    Those of a reserved prompt are all for the one group; else each cohort has its own, and the rest
    is anybody's. Their sum is `judgments_per_comparison`.
    """
    wanted = protocol.judgments_per_comparison
    rule = next((one for one in protocol.reserved if reserves(one, prompt)), None)
    if rule is not None:
        return {rule.group: wanted}
    kept = {one.key: one.judgments for one in protocol.cohorts if one.judgments}
    rest = wanted - sum(kept.values())
    return {ANYBODY: rest, **kept} if rest else kept


def reserves(rule: Reservation, prompt: PromptFacts) -> bool:
    """Say whether a rule names a prompt."""
    return (
        prompt.external_id in rule.prompts
        or (bool(prompt.category) and prompt.category in rule.categories)
        or (bool(prompt.domain) and prompt.domain in rule.domains)
        or not set(prompt.risk_tags).isdisjoint(rule.risk_tags)
    )


def groups_of(protocol: Protocol, *, cohort: str, pseudonym: str) -> tuple[str, ...]:
    """Return the groups a rater belongs to, beside anybody."""
    named = [one.group for one in protocol.reserved if pseudonym in one.raters]
    return tuple(dict.fromkeys([*([cohort] if cohort else []), *named]))


def label_of_group(protocol: Protocol, group: str) -> str:
    """Return what a cohort is called; empty for anybody, and for raters who are named."""
    return next((one.label for one in protocol.cohorts if one.key == group), "")


def named_raters(protocol: Protocol) -> Mapping[str, tuple[str, ...]]:
    """Return the pseudonyms behind each group of named raters."""
    return {one.group: one.raters for one in protocol.reserved if one.raters}


def least_raters(edges: Collection[Edge], *, places: int, views: int | None) -> int:
    """Return how many raters the comparisons of one prompt need at least, with so many places each.

    Nobody sees an answer twice: an answer that is in d comparisons needs d raters for each place,
    and one rater judges at most as many as share no answer (`judgeable`). With all pairs, and with
    a baseline, so many are enough; elsewhere a few more may be needed.
    """
    if not edges or not places:
        return 0
    meets: dict[int, int] = {}
    for edge in edges:
        for model in edge:
            meets[model] = meets.get(model, 0) + 1
    each = judgeable(edges, views=views)
    return max(places * max(meets.values()), -(-places * len(edges) // each))


def unknown_names(protocol: Protocol, prompts: Iterable[PromptFacts]) -> list[tuple[str, str]]:
    """Return what reservations name and no prompt has, each with the path of its field."""
    listed = list(prompts)
    known = {
        "prompts": {one.external_id for one in listed},
        "categories": {one.category for one in listed},
        "domains": {one.domain for one in listed},
        "risk_tags": {tag for one in listed for tag in one.risk_tags},
    }
    return [
        (f"reserved.{position}.{field}", name)
        for position, rule in enumerate(protocol.reserved)
        for field, there in known.items()
        for name in getattr(rule, field)
        if name not in there
    ]
