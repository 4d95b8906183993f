"""What a study will take: comparisons, judgments, hours, money."""

from dataclasses import dataclass
from decimal import Decimal

from judging.protocol.types import Protocol


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study takes, before anybody is asked. `cost` is in the unit of `pay_per_hour`."""

    pairs: int
    prompts_per_pair: int
    comparisons: int
    judgments: int
    rater_hours: float
    cost: Decimal


def plan(protocol: Protocol, *, prompts: int) -> Plan:
    """Return the numbers of a study over `prompts` prompts, if no answer is excluded."""
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
    )
