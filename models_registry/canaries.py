"""Questions that are asked again and again, to notice when a model answers otherwise (pure).

One-word answers from a handful of choices: how often a model gives each is its habit, which
another model behind the same name hardly shares.
"""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

QUESTIONS: Mapping[str, str] = {
    "coin": "Toss a coin. Answer with one word: heads or tails.",
    "digit": "Pick a number from 1 to 5. Answer with the number only.",
    "colour": "Red, green, blue or yellow? Answer with one of these words only.",
    "season": "Name a season of the year. Answer with one word.",
    "animal": "Cat, dog, horse, owl or fox? Answer with one of these words only.",
    "day": "Name a day of the week. Answer with one word.",
    "direction": "North, south, east or west? Answer with one of these words only.",
    "letter": "Pick a letter from A to F. Answer with the letter only.",
}
SEEDS = (11, 23, 37, 41, 59, 67, 73, 89)
CHANGED_BELOW = 0.001
SHUFFLES = 5_000
ENOUGH = 20
LONGEST_ANSWER = 40
NOT_WORDS = re.compile(r"[\W_]+")

Answers = Mapping[str, Sequence[str]]  # by question, in the order of the seeds


def plain(text: str) -> str:
    """Return the words of an answer alone: how it is dressed may vary."""
    return NOT_WORDS.sub(" ", text.casefold()).strip()[:LONGEST_ANSWER]


def chance_of_difference(before: Answers, after: Answers, *, rng: random.Random) -> float:
    """Return how likely answers at least so different are when nothing has changed.

    A permutation test: within each question it cannot matter which round an answer came from. The
    distance is the sum, over questions and answers, of the squared difference of the counts. As
    soon as `ENOUGH` shuffles came as far, the rest need not be made (Besag and Clifford 1991).
    """
    pairs = [([*before[key]], [*after[key]]) for key in before if key in after]
    seen = sum(_distance(one, other) for one, other in pairs)
    as_far = 1  # what was seen is one of the ways
    for made in range(1, SHUFFLES + 1):
        total = 0
        for one, other in pairs:
            pooled = list(chain(one, other))
            rng.shuffle(pooled)
            total += _distance(pooled[: len(one)], pooled[len(one) :])
        as_far += total >= seen
        if as_far > ENOUGH:
            return (as_far - 1) / made
    return as_far / (SHUFFLES + 1)


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    counts = Counter(one)
    counts.subtract(other)
    return sum(count * count for count in counts.values())
