"""Sides over a whole study: balanced for raters, pairs and prompts, and hard to foretell."""

import random
from collections import Counter
from itertools import combinations

import pytest

from judging.blinding import LIKELIER, Lean, draw_side

MODELS, PROMPTS, RATERS, EACH = 10, 100, 50, 60


def simulate(seed: int):
    """Raters in random order, each with prompts and pairs at random; count swapped minus unswapped."""
    rng = random.Random(seed)
    pairs = list(combinations(range(MODELS), 2))
    rater, pair, prompt = Counter(), Counter(), Counter()
    draws = []
    turns = [one for one in range(RATERS) for _ in range(EACH)]
    rng.shuffle(turns)
    for at, who in enumerate(turns):
        which, what = rng.choice(pairs), rng.randrange(PROMPTS)
        lean = Lean(rater=rater[who], pair=pair[which], prompt=prompt[what])
        draw = draw_side(seed=f"secret {seed}", label=f"side {at} {who}", lean=lean)
        for counter, key in ((rater, who), (pair, which), (prompt, what)):
            counter[key] += 1 if draw.swapped else -1
        draws.append(draw)
    return draws, rater, pair, prompt


@pytest.fixture(scope="module")
def runs():
    return [simulate(seed) for seed in range(20)]


@pytest.mark.parametrize(("position", "most"), [(1, 4), (2, 4), (3, 6)])
def test_nearly_every_rater_pair_and_prompt_is_balanced(runs, position, most):
    leans = [abs(lean) for run in runs for lean in run[position].values()]
    assert sum(lean <= most for lean in leans) / len(leans) >= 0.99


def test_no_side_is_ever_more_probable_than_the_bound(runs):
    probabilities = {draw.probability for draws, *_ in runs for draw in draws}
    assert probabilities <= {1 - LIKELIER, 0.5, LIKELIER}
    assert LIKELIER <= 0.8


def test_the_stored_probability_is_how_often_it_happens(runs):
    draws = [draw for run in runs for draw in run[0]]
    for probability in (1 - LIKELIER, 0.5, LIKELIER):
        swapped = [draw.swapped for draw in draws if draw.probability == probability]
        spread = 4 * (probability * (1 - probability) / len(swapped)) ** 0.5
        assert sum(swapped) / len(swapped) == pytest.approx(probability, abs=spread)
