"""What a study will take: comparisons, judgments, hours, money."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from judging.protocol.audiences import PromptFacts, label_of_group, places_for
from judging.protocol.types import Protocol


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """How many judgments are by one group: a cohort, raters who are named (no label), or anybody (no key).

    Where pairs meet on some of the prompts only, they are those to be expected.
    """

    key: str
    label: str
    judgments: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study takes, before anybody is asked. `cost` is in the unit of `pay_per_hour`."""

    pairs: int
    prompts_per_pair: int
    comparisons: int
    judgments: int
    rater_hours: float
    cost: Decimal
    groups: tuple[GroupPlan, ...] = ()


def plan(protocol: Protocol, *, prompts: int, facts: Sequence[PromptFacts] = ()) -> Plan:
    """Return the numbers of a study over `prompts` prompts, if no answer is excluded.

    With `facts` of each prompt, where the protocol keeps places, also those of each group.
    """
    wanted = protocol.design.prompts_per_pair
    per_pair = prompts if wanted is None else min(prompts, wanted)
    pairs = len(protocol.pairs())
    judgments = pairs * per_pair * protocol.judgments_per_comparison
    seconds = judgments * protocol.seconds_per_judgment
    cost = Decimal(seconds) * Decimal(str(protocol.pay_per_hour)) / 3600
    return Plan(
        pairs=pairs,
        prompts_per_pair=per_pair,
        comparisons=pairs * per_pair,
        judgments=judgments,
        rater_hours=round(seconds / 3600, 2),
        cost=cost.quantize(Decimal("0.01")),
        groups=_groups(protocol, facts, comparisons=pairs * per_pair),
    )


def _groups(
    protocol: Protocol, facts: Sequence[PromptFacts], *, comparisons: int
) -> tuple[GroupPlan, ...]:
    places: Counter[str] = Counter()
    for prompt in facts:
        places.update(places_for(protocol, prompt))
    return tuple(
        GroupPlan(
            key=group,
            label=label_of_group(protocol, group),
            judgments=round(count * comparisons / len(facts)),
        )
        for group, count in sorted(places.items())
    )
