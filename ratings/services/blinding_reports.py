"""How far a study's blinding held: what raters guess, what style tells, and how much hangs on it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, Max

from judging.models import StudyVersion
from judging.services.unblinding import require_revealed
from ratings.board.sensitivity import with_and_without, without_raters
from ratings.dataset.ballots import labels_of, latest_judgment_id, models_of, read_board_input
from ratings.dataset.ballots import versions_up_to as versions_of
from ratings.dataset.guesses import (
    AskedRaters,
    compared_answers,
    count_recognised,
    read_answers,
    read_guesses,
)
from ratings.quality.blinding import as_plain, bang_index, james_index, suspected_raters
from ratings.quality.style import Recognisability, recognisability
from ratings.services.identities import codes_of

MOST_ANSWERS = 2_000  # that the classifier reads; drawn evenly at random where there are more
SEED = 1


def blinding_report(*, version: StudyVersion, coded: bool) -> dict[str, Any]:
    """Return the blinding of a study as plain values; `coded`: with codes in the place of models.

    Raises `Conflict` while the protocol keeps identities from everybody.
    """
    require_revealed(version)
    called = called_by(version, coded=coded)
    asked = read_guesses(version)
    suspected = suspected_raters(asked.guesses)
    return {
        "asked_raters": len(asked.raters),
        "names": asked.guesses.names,
        "bang": as_plain(bang_index(asked.guesses)),
        "james": as_plain(james_index(asked.guesses)),
        "models": [
            {
                "model": called[pk].label,
                "name": called[pk].name,
                "bang": as_plain(bang_index(asked.guesses.select(asked.guesses.model == at))),
            }
            for at, pk in enumerate(asked.models)
        ],
        "recognised": count_recognised(version.study),
        "suspected": [asked.raters[code] for code in suspected],
        "sensitivity": renamed(_without(version, asked, suspected), version, called),
        "style": _style(version, called),
    }


class Called(NamedTuple):
    """What files and the API call a model, and what people read."""

    label: str
    name: str


def called_by(version: StudyVersion, *, coded: bool) -> dict[int, Called]:
    """Return what each model of a study is called to whoever asks, by id; by codes it is both."""
    if coded:
        return {pk: Called(code, code) for pk, code in codes_of(version.study).items()}
    models = models_of(versions_of(version))
    labels = labels_of(models)
    return {one.pk: Called(labels[one.pk], one.name) for one in models}


def renamed(
    parts: list[dict[str, Any]], version: StudyVersion, called: Mapping[int, Called]
) -> list[dict[str, Any]]:
    """Return criteria with rows of models called so."""
    by_label = {
        label: called[pk] for pk, label in labels_of(models_of(versions_of(version))).items()
    }
    return [
        part
        | {
            "rows": [
                row | {"model": by_label[row["model"]].label, "name": by_label[row["model"]].name}
                for row in part["rows"]
            ]
        }
        for part in parts
    ]


def _without(
    version: StudyVersion, asked: AskedRaters, suspected: list[int]
) -> list[dict[str, Any]]:
    """Return the criteria with and without whoever is suspected; empty where nobody is."""
    if not suspected:
        return []
    source = read_board_input(version, up_to=latest_judgment_id(version))
    names = {asked.raters[code] for code in suspected}
    left = {at for at, one in enumerate(source.raters) if one.pseudonym in names}
    return with_and_without(source, without_raters(source, left))


def _style(version: StudyVersion, called: Mapping[int, Called]) -> dict[str, Any] | None:
    told = compared_answers(version).aggregate(count=Count("pk"), newest=Max("pk"))
    if not told["count"]:
        return None
    found, models = _recognised(version.pk, told["count"], told["newest"])
    if found is None:
        return None
    return {
        "accuracy": found.accuracy,
        "lower": found.lower,
        "upper": found.upper,
        "chance": found.chance,
        "answers": found.answers,
        "prompts": found.prompts,
        "models": [
            {"model": called[pk].label, "name": called[pk].name, "accuracy": one}
            for pk, one in zip(models, found.by_model, strict=True)
        ],
    }


@lru_cache(maxsize=32)
def _recognised(
    version_id: int, count: int, newest: int
) -> tuple[Recognisability | None, tuple[int, ...]]:
    """Measure it once in a process: so many answers up to the newest stay what they are."""
    version = StudyVersion.objects.get(pk=version_id)
    pks = list(compared_answers(version).order_by("pk").values_list("pk", flat=True))
    rng = np.random.default_rng(SEED)
    if len(pks) > MOST_ANSWERS:
        pks = sorted(rng.choice(pks, MOST_ANSWERS, replace=False).tolist())
    found = read_answers(version, pks=pks)
    measured = recognisability(
        found.texts,
        np.array(found.model),
        np.array(found.prompt),
        models=len(found.models),
        rng=rng,
    )
    return measured, tuple(found.models)
