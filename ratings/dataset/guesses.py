"""From rows to arrays: what raters thought who wrote what, and the answers a study compares."""

from typing import NamedTuple

import numpy as np
from django.db.models import F, Q, QuerySet

from judging.models import Assignment, BlindingGuess, Comparison, Study, StudyVersion
from judging.protocol import parse_protocol
from models_registry.models import Completion
from ratings.dataset.ballots import models_of, versions_up_to
from ratings.quality.blinding import UNKNOWN, Guesses

RECOGNISED = "recognised"  # the reason of a skip: a model was recognised


class AskedRaters(NamedTuple):
    """Guesses with who is who: models and raters in the order of their codes."""

    guesses: Guesses
    models: list[int]  # ids
    raters: list[str]  # pseudonyms


def read_guesses(version: StudyVersion) -> AskedRaters:
    """Read what raters of the study said, in the order in which they said it."""
    study = version.study
    models = list(models_of(versions_up_to(version)).values_list("pk", flat=True))
    decoys = sorted(
        {
            name
            for one in versions_up_to(version)
            for name in parse_protocol(one.protocol).guessing.decoys
        }
    )
    at = {pk: position for position, pk in enumerate(models)}
    named = {name: len(models) + position for position, name in enumerate(decoys)}
    rows = (
        BlindingGuess.objects.filter(assignment__study=study)
        .order_by("pk")
        .annotate(
            of_first=F("assignment__comparison__pair__first_model_id"),
            of_second=F("assignment__comparison__pair__second_model_id"),
        )
        .values_list(
            "about_first",
            "of_first",
            "of_second",
            "language_model_id",
            "decoy",
            "assignment__rater__pseudonym",
        )
    )
    model: list[int] = []
    guess: list[int] = []
    rater: list[int] = []
    raters: dict[str, int] = {}
    for about_first, first, second, said, decoy, who in rows:
        model.append(at[first if about_first else second])
        guess.append(at[said] if said else named.get(decoy, len(models)) if decoy else UNKNOWN)
        rater.append(raters.setdefault(who, len(raters)))
    guesses = Guesses(
        model=np.array(model, dtype=np.int64),
        guess=np.array(guess, dtype=np.int64),
        rater=np.array(rater, dtype=np.int64),
        models=len(models),
        names=len(models) + max(len(decoys), 1),
    )
    return AskedRaters(guesses, models, list(raters))


def count_recognised(study: Study) -> int:
    """Count the skips whose reason was that a model was recognised."""
    return Assignment.objects.filter(study=study, skip_reason=RECOGNISED).count()


class Answers(NamedTuple):
    """Texts with who wrote them, and to which prompt; `models` are ids in the order of the codes."""

    texts: list[str]
    model: list[int]
    prompt: list[int]
    models: list[int]


def read_answers(version: StudyVersion, *, pks: list[int]) -> Answers:
    """Read these of the answers that the study compares."""
    found = Completion.objects.filter(pk__in=pks)
    rows = list(found.order_by("pk").values_list("text", "language_model_id", "prompt_id"))
    models = list(models_of(versions_up_to(version)).values_list("pk", flat=True))
    at = {pk: position for position, pk in enumerate(models)}
    return Answers(
        [row[0] for row in rows], [at[row[1]] for row in rows], [row[2] for row in rows], models
    )


def compared_answers(version: StudyVersion) -> QuerySet[Completion]:
    """Return the answers on either side of the study's comparisons, those withdrawn left out."""
    asked = Comparison.objects.filter(study_id=version.study_id, withdrawn=False)
    return Completion.objects.filter(
        Q(pk__in=asked.values("first")) | Q(pk__in=asked.values("second"))
    )
