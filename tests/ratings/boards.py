"""Board inputs made from a few words, for tests of the pure board."""

import numpy as np

from ratings.board import Ballots, BoardInput, Criterion, Ranked, RaterFacts
from ratings.board.inputs import NO_COHORT, NO_GRADE, NOBODY, OUTCOME_CODES


def ballots(votes, models, *, raters) -> Ballots:
    """Votes as (first, second, outcome, rater, prompt); a rater "-" is a forfeit."""
    who = [NOBODY if vote[3] == "-" else raters.index(vote[3]) for vote in votes]
    prompts = sorted({vote[4] for vote in votes})
    return Ballots(
        first=np.array([models.index(vote[0]) for vote in votes], dtype=np.int32),
        second=np.array([models.index(vote[1]) for vote in votes], dtype=np.int32),
        outcome=np.array([OUTCOME_CODES[vote[2]] for vote in votes], dtype=np.int8),
        rater=np.array(who, dtype=np.int32),
        prompt=np.array([prompts.index(vote[4]) for vote in votes], dtype=np.int32),
        judgment=np.arange(len(votes), dtype=np.int32),
        shown_first=np.array(
            [-1 if v[3] == "-" else at % 2 for at, v in enumerate(votes)], np.int8
        ),
        drawn=np.where(np.array(who) == NOBODY, np.nan, 1 / 3),
        grade=np.full(len(votes), NO_GRADE, dtype=np.int8),
        cohort=np.full(len(votes), NO_COHORT, dtype=np.int32),
    )


def board_input(votes_by_criterion, *, weights=None, kinds="person", margin=0.05) -> BoardInput:
    """A board input; models and raters are those met in the votes, sorted."""
    every = [vote for votes in votes_by_criterion.values() for vote in votes]
    models = sorted({name for vote in every for name in vote[:2]})
    raters = sorted({vote[3] for vote in every} - {"-"})
    return BoardInput(
        models=tuple(
            Ranked(version_id=at, label=name, name=name) for at, name in enumerate(models)
        ),
        raters=tuple(RaterFacts(pseudonym=name, kind=kinds) for name in raters),
        criteria=tuple(
            Criterion(
                key=key, label=key.title(), scale="four_way", weight=(weights or {}).get(key, 1.0)
            )
            for key in votes_by_criterion
        ),
        ballots={
            key: ballots(votes, models, raters=raters) for key, votes in votes_by_criterion.items()
        },
        primary=next(iter(votes_by_criterion)),
        margin=margin,
        level=0.95,
        elo_k=4.0,
        digest="0" * 64,
    )


def round_robin(seed=1, *, models=("ant", "bee", "cow"), raters=12, prompts=20):
    """Every rater judges every pair on some prompts; earlier models are better, with all outcomes."""
    rng = np.random.default_rng(seed)
    outcomes = np.array(["first", "second", "tie", "both_bad", "cannot_judge"])
    chances = np.array([0.45, 0.25, 0.15, 0.1, 0.05])
    return [
        (
            one,
            other,
            str(rng.choice(outcomes, p=chances)),
            f"r{rater:02}",
            f"p{rng.integers(prompts)}",
        )
        for rater in range(raters)
        for at, one in enumerate(models)
        for other in models[at + 1 :]
        for _ in range(5)
    ]
