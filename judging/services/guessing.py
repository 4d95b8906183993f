"""Ask raters, when a session is over, which model wrote what they saw; and keep what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import RaterProfile
from core.errors import Conflict, Invalid
from judging.blinding import Side, unit_interval
from judging.models import Assignment, BlindingGuess, Study
from judging.protocol import Protocol
from judging.services.statements import read_texts
from judging.services.versions import protocol_of
from models_registry.models import LanguageModel

State = Assignment.State


@dataclass(frozen=True, slots=True)
class AskedAnswer:
    """One answer a rater judged, by the assignment's token and the side it stood on: a or b."""

    token: str
    side: str
    messages: tuple[dict[str, Any], ...]
    answer: Side


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What one rater is asked; `names` in an order of their own, decoys among them.

    `busy`: the rater holds a comparison of the study, so that nothing is asked now.
    """

    answers: tuple[AskedAnswer, ...] = ()
    names: tuple[str, ...] = ()
    busy: bool = False


def questionnaire(*, rater: RaterProfile, study: Study) -> Questionnaire:
    """Return what `rater` is asked about `study`: nothing within a session, and nothing twice.

    Which answers, and in which order the names stand, is drawn by the study's seed: asking again
    gives the same.
    """
    wanted = _protocol(study)
    if wanted is None or not wanted.guessing.answers or _answered(rater, study):
        return Questionnaire()
    if Assignment.objects.leased().filter(rater=rater, study=study).exists():
        return Questionnaire(busy=True)
    answers = tuple(
        _asked(one, masked=wanted.masks_makers)
        for one in _drawn(rater, study, wanted.guessing.answers)
    )
    return Questionnaire(answers, tuple(_names(rater, study, wanted)) if answers else ())


def studies_that_ask(*, rater: RaterProfile) -> list[Study]:
    """Return the studies whose questions this rater may answer now, the latest judged first."""
    judged = Study.objects.filter(assignments__rater=rater, assignments__state=State.JUDGED)
    return [
        one
        for one in judged.distinct().order_by("-pk")
        if (wanted := _protocol(one))
        and wanted.guessing.answers
        and not _answered(rater, one)
        and not Assignment.objects.leased().filter(rater=rater, study=one).exists()
    ]


def record_guesses(
    *, rater: RaterProfile, study: Study, guesses: Mapping[tuple[str, str], str], now: datetime
) -> int:
    """Keep what a rater says, by token and side: one of the names, or "" for not known; count it.

    Raises `Conflict` when nothing is asked, `Invalid` unless it is about exactly what was asked.
    Nobody is told whether it is right.
    """
    asked = questionnaire(rater=rater, study=study)
    if not asked.answers:
        raise Conflict(
            (
                _("You are not asked anything now: finish or give back what you hold first.")
                if asked.busy
                else _("You are not asked anything, or have answered already.")
            ),
            code="nothing_asked",
        )
    if set(guesses) != {(one.token, one.side) for one in asked.answers}:
        raise Invalid(_("Say something of each answer that you are asked about."), code="answers")
    if set(guesses.values()) - {"", *asked.names}:
        raise Invalid(_("Choose one of the names, or that you do not know."), code="name")
    models = _models(study)
    held = {one.token: one for one in Assignment.objects.filter(rater=rater, study=study)}
    rows = [
        BlindingGuess(
            assignment=held[token],
            about_first=(side == "a") != held[token].swapped,
            language_model=models.get(name),
            decoy="" if name in models else name,
            at=now,
        )
        for (token, side), name in guesses.items()
    ]
    try:
        with transaction.atomic():
            BlindingGuess.objects.bulk_create(rows)
    except IntegrityError as error:
        raise Conflict(_("You have answered already."), code="nothing_asked") from error
    return len(rows)


def _protocol(study: Study) -> Protocol | None:
    newest = study.versions.in_brief().first()
    return protocol_of(newest) if newest else None


def _answered(rater: RaterProfile, study: Study) -> bool:
    mine = BlindingGuess.objects.filter(assignment__rater=rater, assignment__study=study)
    return mine.exists()


def _drawn(rater: RaterProfile, study: Study, most: int) -> Sequence[tuple[Assignment, str]]:
    """Draw assignments the rater judged, and a side of each."""
    judged = Assignment.objects.judged_as_planned().filter(rater=rater, study=study)
    seed = study.secret_seed
    drawn = sorted(judged, key=lambda one: unit_interval(seed, f"guess {one.token}"))[:most]
    return [
        (one, "a" if unit_interval(seed, f"guessed side {one.token}") < 1 / 2 else "b")
        for one in drawn
    ]


def _asked(drawn: tuple[Assignment, str], *, masked: bool) -> AskedAnswer:
    held, side = drawn
    texts = read_texts(comparison_id=held.comparison_id)
    shown = texts.sides(masked=masked)[0 if (side == "a") != held.swapped else 1]
    messages = tuple({"role": one["role"], "content": one["content"]} for one in texts.messages)
    return AskedAnswer(held.token, side, messages, shown)


def _models(study: Study) -> dict[str, LanguageModel]:
    """Return the study's models by the names that raters are offered."""
    found = LanguageModel.objects.filter(study_versions__study=study).distinct().order_by("pk")
    listed = list(found)
    names = [one.name for one in listed]
    return {
        one.name if names.count(one.name) == 1 else f"{one.name} ({one})": one for one in listed
    }


def _names(rater: RaterProfile, study: Study, protocol: Protocol) -> list[str]:
    names = {*_models(study), *protocol.guessing.decoys}
    return sorted(
        names, key=lambda one: unit_interval(study.secret_seed, f"name {rater.pseudonym} {one}")
    )
