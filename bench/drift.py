"""How often the canary questions notice that a model has changed, and how often they do so wrongly.

    python3 run.py bench drift

Models are habits: how likely each answer to a question is, drawn so that most have a favourite (Dirichlet,
0.3). In every study one round is the baseline and 200 follow. Told are
the share of studies with a notice, of rounds with one, and after how many rounds it came; a study of an
unchanged model goes on after a notice, so that its rounds are counted to the end. Nothing is called: these are the figures of the
comparison itself. The last line is JSON.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Mapping
from statistics import median

from models_registry.canaries import CHANGED_BELOW, QUESTIONS, SEEDS, chance_of_difference

CHOICES = {
    "coin": 2, "digit": 5, "colour": 4, "season": 4, "animal": 5, "day": 7, "direction": 4, "letter": 6,
}  # fmt: skip
FAVOURITE = 0.3
Habit = Mapping[str, list[float]]
# The habit of a round: of its number, of two models, and of chance.
Change = Callable[[int, Habit, Habit], Habit]


def habit(rng: random.Random) -> Habit:
    return {key: _dirichlet(CHOICES[key], rng) for key in QUESTIONS}


def _dirichlet(number: int, rng: random.Random) -> list[float]:
    drawn = [rng.gammavariate(FAVOURITE, 1) + 1e-9 for _ in range(number)]
    return [one / sum(drawn) for one in drawn]


def mixed(one: Habit, other: Habit, part: float) -> Habit:
    return {
        key: [(1 - part) * a + part * b for a, b in zip(one[key], other[key], strict=True)]
        for key in one
    }


def _refuses(one: Habit, part: float) -> Habit:
    """One answer in some is a refusal, which is a word of its own."""
    return {key: [*(value * (1 - part) for value in one[key]), part] for key in one}


def _one_question(one: Habit, other: Habit) -> Habit:
    return {**one, "animal": other["animal"]}


CHANGES: Mapping[str, Change] = {
    "unchanged, answers by chance": lambda _at, one, _other: one,
    "unchanged, two models behind one name": lambda _at, one, other: mixed(one, other, 0.5),
    "another model": lambda _at, _one, other: other,
    "another model for half of the calls": lambda _at, one, other: mixed(one, other, 0.5),
    "another model for a quarter of the calls": lambda _at, one, other: mixed(one, other, 0.25),
    "shifts by 1 % a round": lambda at, one, other: mixed(one, other, min(1.0, at / 100)),
    "refuses one answer in four": lambda _at, one, _other: _refuses(one, 0.25),
    "refuses one answer in ten": lambda _at, one, _other: _refuses(one, 0.1),
    "another habit in one question of eight": lambda _at, one, other: _one_question(one, other),
}
UNCHANGED = ("unchanged",)
SAME_FROM_THE_START = "unchanged, two models behind one name"


def asked(one: Habit, rng: random.Random) -> dict[str, list[str]]:
    return {
        key: [str(rng.choices(range(len(weights)), weights)[0]) for _ in SEEDS]
        for key, weights in one.items()
    }


def study(name: str, rounds: int, rng: random.Random) -> list[bool]:
    """Return of each round whether it raised a notice; a study of a change ends with the first."""
    change, one, other = CHANGES[name], habit(rng), habit(rng)
    before = asked(change(0, one, other) if name == SAME_FROM_THE_START else one, rng)
    told: list[bool] = []
    while len(told) < rounds and (name.startswith(UNCHANGED) or True not in told):
        after = asked(change(len(told) + 1, one, other), rng)
        told.append(chance_of_difference(before, after, rng=rng) < CHANGED_BELOW)
    return told


def measured(name: str, *, studies: int, rounds: int, seed: int) -> dict[str, float | None]:
    rng = random.Random(f"{seed} {name}")
    told = [study(name, rounds, rng) for _ in range(studies)]
    first = [one.index(True) + 1 for one in told if any(one)]
    return {
        "first_round": sum(one[0] for one in told) / studies,
        "within_7_rounds": sum(any(one[:7]) for one in told) / studies,
        "in_all_rounds": len(first) / studies,
        "rounds": rounds,
        "rounds_with_a_notice": sum(map(sum, told)) / sum(map(len, told)),
        "median_round": median(first) if first else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    table = {}
    for name in CHANGES:
        rounds = 200 if name.startswith((*UNCHANGED, "shifts")) else 14
        table[name] = one = measured(name, studies=given.studies, rounds=rounds, seed=given.seed)
        sys.stderr.write(
            f"{name:42} first round {one['first_round']:6.1%}, within 7 {one['within_7_rounds']:6.1%},"
            f" in {rounds} {one['in_all_rounds']:6.1%}; of rounds {one['rounds_with_a_notice']:7.3%};"
            f" median {one['median_round']}\n"
        )
    sys.stdout.write(
        json.dumps({"bench": "drift", "studies": given.studies, "table": table}) + "\n"
    )


if __name__ == "__main__":
    main()
