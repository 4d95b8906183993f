"""Sides over a whole study: balanced for raters, pairs and prompts, and hard to foretell."""

import random
from collections import Counter
from itertools import combinations

import pytest

from judging.blinding import LIKELIER, Lean, commitment, draw_side, unit_interval
from judging.models import Assignment
from judging.services.assignments import find_assignment, lease_next
from judging.services.judgments import record_judgment
from judging.services.studies import amend_study, close_study
from tests.scenarios import published_study

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


@pytest.mark.django_db
def test_one_seed_for_all_versions_of_a_study_repeats_every_draw_of_sides(now, client_of):
    """An amendment keeps what was drawn: the seed is the study's, and told once it is closed."""
    scene = published_study(prompts=6, models=2, now=now)
    for amended in (False, True):
        if amended:
            amend_study(study=scene.study, changes={"judgments_per_comparison": 2}, now=now)
        for rater in (scene.bob, scene.carol):
            for _ in range(2):
                token = lease_next(rater=rater, slug="study", now=now).blinded.token
                held = find_assignment(rater=rater, token=token)
                record_judgment(assignment=held, body=scene.body, now=now)
    close_study(study=scene.study, now=now)
    seed = client_of(scene.alice).get("/api/v1/studies/study/").json()["seed"]
    sealed = {one.protocol["seed_commitment"] for one in scene.study.versions.all()}
    assert sealed == {commitment(seed)}
    drawn = list(Assignment.objects.select_related("rater", "study_version"))
    assert {one.study_version.number for one in drawn} == {1, 2}
    for one in drawn:
        label = f"side {one.comparison_id} {one.rater.pseudonym}"
        assert one.swapped == (unit_interval(seed, label) < one.swap_probability)
