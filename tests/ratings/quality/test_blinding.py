"""Indices of blinding against published values and known worlds; style that is there is recognised."""

import json

import numpy as np
import pytest

from ratings.quality.blinding import (
    UNKNOWN,
    Guesses,
    bang_index,
    james_index,
    suspected_raters,
)
from ratings.quality.style import recognisability
from tests.data import shared_data


def of_table(rows, *, decoys=0) -> Guesses:
    """One rater a guess; each row a model, its columns the names, the last "don't know"."""
    entries = [
        (model, UNKNOWN if guess == len(row) - 1 else guess)
        for model, row in enumerate(rows)
        for guess, count in enumerate(row)
        for _ in range(count)
    ]
    model, guess = np.array(entries).T
    return Guesses(model, guess, np.arange(len(entries)), len(rows), len(rows) + decoys)


def test_the_published_example_of_two_arms():
    """CRISP, in Bang, Ni and Davis 2004: 82, 25 and 170 of the treated, 27, 29 and 83 of the others."""
    found = of_table([[82, 25, 170], [27, 29, 83]])
    treated = bang_index(found.select(found.model == 0))
    others = bang_index(found.select(found.model == 1))
    assert treated.value == pytest.approx(0.2058, abs=5e-5)
    assert others.value == pytest.approx(0.0144, abs=5e-5)
    # Their variance of an arm: {r (1 - r) + w (1 - w) + 2 r w} / n.
    r, w, n = 82 / 277, 25 / 277, 277
    error = np.sqrt((r * (1 - r) + w * (1 - w) + 2 * r * w) / n)
    assert treated.upper - treated.value == pytest.approx(1.96 * error, rel=0.01)
    # Of the 163 who guessed 52 were wrong, where the margins lead to expect 72.9.
    shortfall = 52 / 72.9 - 1
    assert james_index(found).value == pytest.approx(
        (1 + 253 / 416 + 163 / 416 * shortfall) / 2, abs=1e-4
    )


def test_guessing_blindly_among_many_names_is_zero_and_knowing_is_one():
    rng = np.random.default_rng(1)
    n, models, names = 6_000, 4, 8
    model, rater = rng.integers(models, size=n), np.arange(n) // 10
    blind = Guesses(model, rng.integers(names, size=n), rater, models, names)
    found = bang_index(blind)
    assert found.lower < 0 < found.upper
    assert abs(found.value) < 0.02
    assert james_index(blind).value == pytest.approx(0.5, abs=0.02)
    sure = bang_index(Guesses(model, model, rater, models, names))
    assert (sure.value, sure.upper) == (1, 1)
    assert sure.lower < 1
    assert james_index(Guesses(model, model, rater, models, names)).value == 0


def test_the_interval_covers_and_grows_when_guesses_depend_on_the_rater():
    rng = np.random.default_rng(2)
    covered, runs, raters, each, names = 0, 300, 40, 6, 5
    for _ in range(runs):
        skill = np.repeat(rng.random(raters) < 0.3, each)
        model = rng.integers(names, size=raters * each)
        guess = np.where(skill, model, rng.integers(names, size=raters * each))
        found = bang_index(Guesses(model, guess, np.repeat(np.arange(raters), each), names, names))
        covered += found.lower <= 0.3 <= found.upper
    assert 0.9 <= covered / runs <= 0.99


def test_nobody_asked_or_one_rater_alone_gives_no_interval():
    nothing = Guesses(*(np.zeros(0, dtype=np.int64) for _ in range(3)), models=2, names=3)
    assert bang_index(nothing) is None
    assert james_index(nothing) is None
    one = bang_index(Guesses(np.array([0, 1]), np.array([0, UNKNOWN]), np.zeros(2, int), 2, 3))
    assert (one.value, one.lower, one.right, one.unknown) == (0.5, None, 1, 1)


def test_who_is_right_too_often_is_suspected_and_who_does_not_know_is_not():
    model = np.tile(np.arange(4), 3)
    guess = np.concatenate([np.arange(4), [0, 2, 3, 1], [UNKNOWN] * 4])
    assert suspected_raters(Guesses(model, guess, np.repeat([7, 8, 9], 4), 4, 8)) == [7]


def test_style_is_recognised_where_there_is_one_and_never_by_the_prompt():
    rng = np.random.default_rng(3)
    words = ["river", "stone", "light", "cloud", "tower", "green", "seven"]
    prompt = np.repeat(np.arange(60), 3)
    model = np.tile(np.arange(3), 60)
    plain = [" ".join([*rng.choice(words, 30), f"topic{one}"]) for one in prompt]
    marked = [text + " indeed" * int(one) for text, one in zip(plain, model, strict=True)]
    blind = recognisability(plain, model, prompt, models=3, rng=rng)
    assert blind.lower <= blind.chance <= blind.upper
    seen = recognisability(marked, model, prompt, models=3, rng=rng)
    assert seen.lower > 0.9
    assert (seen.answers, seen.prompts, len(seen.by_model)) == (180, 60, 3)


def test_too_little_is_not_measured_and_empty_answers_are_no_trouble():
    rng = np.random.default_rng(4)
    assert recognisability(["a"] * 4, np.arange(4) % 2, np.arange(4), models=2, rng=rng) is None
    texts = ["", "\U0001f600", "a"] * 5
    found = recognisability(texts, np.tile([0, 1, 1], 5), np.arange(15), models=2, rng=rng)
    assert 0 <= found.lower <= found.accuracy <= found.upper <= 1


def test_real_models_are_recognised_far_beyond_chance():
    texts, model, prompt, known = [], [], [], {}
    names = ("gpt4_1106_preview", "llama-2-70b-chat-hf", "claude-2", "vicuna-13b")
    for at, name in enumerate(names):
        rows = json.loads(shared_data(f"outputs/alpaca_eval/{name}.json").read_bytes())
        for row in rows[:100]:
            texts.append(row["output"])
            model.append(at)
            prompt.append(known.setdefault(row["instruction"], len(known)))
    found = recognisability(
        texts, np.array(model), np.array(prompt), models=4, rng=np.random.default_rng(5)
    )
    assert found.lower > 2 * found.chance
