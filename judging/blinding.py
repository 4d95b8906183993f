"""Which answer is shown as A, and the only thing of a comparison that a rater ever receives (pure).

Sides are drawn by biased-coin minimisation (Efron 1971; Pocock and Simon 1975): the side that was
shown less often so far, to this rater and for this pair of models and prompt, is the likelier one,
and never likelier than 0.8, so that knowing the past does not tell the next draw. The coin comes
from the study's secret seed and the draw's own name: once the seed is published, anybody can
repeat every draw.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from judging.scales import Choice

LIKELIER = 0.8
RATER_WEIGHT, PAIR_WEIGHT, PROMPT_WEIGHT = 2, 2, 1
CODE = ("    ", "\t")  # what makes a first line code, in Markdown
UNIT_BITS = 53  # what a float holds exactly


@dataclass(frozen=True, slots=True)
class Lean:
    """How often more swapped than not sides were shown so far: to a rater, of a pair, of a prompt."""

    rater: int
    pair: int
    prompt: int


@dataclass(frozen=True, slots=True)
class SideDraw:
    """`swapped`: A is the canonical second; `probability`: how likely that was when drawn."""

    swapped: bool
    probability: float


@dataclass(frozen=True, slots=True)
class Side:
    """One answer: `text` is judged, `turns` are this side's replies to each user turn."""

    text: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlindedCriterion:
    key: str
    label: str
    question: str
    scale: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many comparisons this rater judged, and how many there are to judge."""

    done: int
    target: int


@dataclass(frozen=True, slots=True)
class BlindedAssignment:
    """What a rater sees. It has no field that knows a model, so nothing built on it can show one."""

    token: str
    expires_at: datetime
    messages: tuple[dict[str, Any], ...]
    a: Side
    b: Side
    criteria: tuple[BlindedCriterion, ...]
    progress: Progress
    risk_tags: tuple[str, ...] = ()


def unit_interval(seed: str, label: str) -> float:
    """Return the number in [0, 1) that the secret `seed` gives to `label`; always the same."""
    mac = hmac.digest(seed.encode(), label.encode(), "sha256")
    return (int.from_bytes(mac[:8]) >> (64 - UNIT_BITS)) / (1 << UNIT_BITS)


def commitment(seed: str) -> str:
    """Return the SHA-256 of the seed: published with the protocol, it binds without telling."""
    return hashlib.sha256(seed.encode()).hexdigest()


def swap_probability(lean: Lean) -> float:
    """Return how likely the sides are swapped, given what was shown so far: 0.2, 0.5 or 0.8."""
    total = RATER_WEIGHT * lean.rater + PAIR_WEIGHT * lean.pair + PROMPT_WEIGHT * lean.prompt
    if total == 0:
        return 0.5
    return 1 - LIKELIER if total > 0 else LIKELIER


def draw_side(*, seed: str, label: str, lean: Lean) -> SideDraw:
    """Draw the sides of one assignment, named by `label`, by the biased coin."""
    probability = swap_probability(lean)
    return SideDraw(unit_interval(seed, label) < probability, probability)


def without_edges(text: str) -> str:
    """Return an answer without what stands around its words: blank lines, spaces, kinds of line ends.

    Whole families of models begin each answer with a space or a blank line, which no page shows and
    every program would see. A first line that is set in by four spaces is code, and stays so.
    """
    body = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    words = body.lstrip()
    indent = body[: len(body) - len(words)].rpartition("\n")[2]
    return indent + words if indent.startswith(CODE) else words


def present(
    *,
    token: str,
    expires_at: datetime,
    messages: Sequence[dict[str, Any]],
    first: Side,
    second: Side,
    swapped: bool,
    criteria: tuple[BlindedCriterion, ...],
    progress: Progress,
    risk_tags: Sequence[str] = (),
) -> BlindedAssignment:
    """Build what the rater sees: the one place where canonical sides become A and B."""
    a, b = (second, first) if swapped else (first, second)
    return BlindedAssignment(
        token=token,
        expires_at=expires_at,
        messages=tuple({"role": one["role"], "content": one["content"]} for one in messages),
        a=a,
        b=b,
        criteria=criteria,
        progress=progress,
        risk_tags=tuple(risk_tags),
    )
