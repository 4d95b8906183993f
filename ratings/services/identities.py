"""Who is who on boards and in files, and the codes that stand for models until a study is closed."""

from collections.abc import Iterable, Iterator
from typing import Any

from judging.models import Study
from models_registry.models import LanguageModel
from ratings.board.codes import coded_board, codes_for
from ratings.exports.records import JudgmentRow
from ratings.models import LeaderboardSnapshot


def are_revealed(study: Study) -> bool:
    """Say whether everybody who reads boards of `study` may know which model is which."""
    return study.state == Study.State.CLOSED


def codes_of(study: Study) -> dict[int, str]:
    """Return the code of each model of a study, by id; the same on all its boards and files.

    A model that joins later may move them.
    """
    found = LanguageModel.objects.filter(study_versions__study=study).distinct()
    pks = [str(pk) for pk in found.order_by("pk").values_list("pk", flat=True)]
    return {int(pk): code for pk, code in codes_for(pks, secret=study.secret_seed).items()}


def result_with_codes(snapshot: LeaderboardSnapshot) -> dict[str, Any]:
    """Return a snapshot's board with codes in the place of models."""
    codes = codes_of(snapshot.study_version.study)
    models = snapshot.result["models"]
    return coded_board(snapshot.result, {one["model"]: codes[one["version_id"]] for one in models})


def labels_by_code(snapshot: LeaderboardSnapshot) -> dict[str, str]:
    """Return the labels of a board's models by their codes."""
    codes = codes_of(snapshot.study_version.study)
    return {codes[one["version_id"]]: one["model"] for one in snapshot.result["models"]}


def rows_with_codes(rows: Iterable[JudgmentRow], codes: dict[int, str]) -> Iterator[JudgmentRow]:
    """Yield judgments with codes in the place of models, and without the ids that tell them."""
    for row in rows:
        a, b = (codes[pk] for pk in (row.model_a_version_id, row.model_b_version_id) if pk)
        yield row._replace(
            model_a=a,
            model_b=b,
            first=b if row.swapped else a,
            second=a if row.swapped else b,
            model_a_version_id=None,
            model_b_version_id=None,
            completion_a_id=None,
            completion_b_id=None,
        )
