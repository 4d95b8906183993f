"""What leaves the database: judgments one row a vote, and leaderboards one row a model."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from core.errors import Invalid
from judging.models import Study, StudyVersion
from judging.services.unblinding import require_revealed
from ratings.board.tiers import tiers_by_model
from ratings.dataset.judgments import judgment_rows
from ratings.exports.records import JudgmentRow, LeaderboardRow
from ratings.exports.writers import FORMATS
from ratings.models import LeaderboardSnapshot
from ratings.services.identities import codes_of, result_with_codes, rows_with_codes
from ratings.services.snapshots import latest_version

KINDS: dict[str, type[NamedTuple]] = {"judgments": JudgmentRow, "leaderboard": LeaderboardRow}


class Export(NamedTuple):
    """A file on its way: its name, its media type, and its content piece by piece."""

    name: str
    media_type: str
    content: Iterator[bytes]


def export(
    *,
    study: Study,
    what: str,
    file_format: str,
    superseded: bool = False,
    criterion: str = "",
    coded: bool = False,
) -> Export:
    """Return the judgments or the leaderboard of `study` as a file.

    Judgments are those that the newest version's board counts, forfeits included; `superseded`
    adds earlier revisions, marked. The leaderboard is the newest snapshot's. `coded`: models are
    codes, for whoever may not know yet which is which. Raises `Conflict` for a study that is not
    published, and `Invalid` for an unknown format, criterion or a leaderboard that was never taken.
    """
    check_format(file_format)
    version = latest_version(study)
    require_revealed(version)
    if what == "judgments":
        rows: Iterator[Any] = judgment_rows(version=version, superseded=superseded)
        rows = rows_with_codes(rows, codes_of(study)) if coded else rows
    else:
        snapshot = newest_snapshot(version)
        rows = leaderboard_rows(snapshot=snapshot, criterion=criterion, coded=coded)
    return as_file(slug=study.slug, what=what, file_format=file_format, rows=rows)


def check_format(file_format: str) -> None:
    if file_format not in FORMATS:
        raise Invalid(
            _("%(file_format)r is none of %(formats)s.")
            % {"file_format": file_format, "formats": ", ".join(FORMATS)},
            code="format",
        )


def as_file(*, slug: str, what: str, file_format: str, rows: Iterator[Any]) -> Export:
    chosen = FORMATS[file_format]
    return Export(
        name=f"{slug}-{what}.{chosen.suffix}",
        media_type=chosen.media_type,
        content=chosen.write(rows, KINDS[what]),
    )


def write_export(*, content: Iterator[bytes], path: Path) -> int:
    """Write `content` to `path`, whole or not at all; return its bytes."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = sum(file.write(piece) for piece in content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return size


def newest_snapshot(version: StudyVersion) -> LeaderboardSnapshot:
    newest = version.snapshots.order_by("-pk").select_related("study_version__study").first()
    if newest is None:
        raise Invalid(
            _("No board was taken of this study's newest version; take one first."),
            code="no_snapshot",
        )
    return newest


def leaderboard_rows(
    *, snapshot: LeaderboardSnapshot, criterion: str = "", coded: bool = False
) -> Iterator[LeaderboardRow]:
    """Yield the rows of one criterion, or of all and the composite, the best model first.

    Raises `Invalid` for a criterion that the snapshot does not have.
    """
    result = result_with_codes(snapshot) if coded else snapshot.result
    parts = board_parts(result)
    if criterion and criterion not in parts:
        raise Invalid(
            _("%(criterion)r is none of %(parts)s.")
            % {"criterion": criterion, "parts": ", ".join(parts)},
            code="criterion",
        )
    wanted = {criterion: parts[criterion]} if criterion else parts
    return _leaderboard_rows(snapshot, result, wanted)


def exclusions_in_words(model: dict[str, Any]) -> str:
    """Return how many of a board's model's answers were left out for which reason."""
    return "; ".join(f"{one['reason']} {one['answers']}" for one in model["exclusions"])


def board_parts(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the criteria of a board by key, and `composite` where there is one."""
    parts = {one["key"]: one for one in result["criteria"]}
    return parts | ({"composite": result["composite"]} if result["composite"] else {})


def _leaderboard_rows(
    snapshot: LeaderboardSnapshot, result: dict[str, Any], parts: dict[str, dict[str, Any]]
) -> Iterator[LeaderboardRow]:
    models = {one["model"]: one for one in result["models"]}
    kinds = "+".join(one["kind"] for one in snapshot.result["raters"])
    version = snapshot.study_version
    for key, part in parts.items():
        tier = tiers_by_model(part["rows"])
        for row in part["rows"]:
            model = models[row["model"]]
            yield LeaderboardRow(
                study=version.study.slug,
                study_version=version.number,
                criterion=key,
                rank=row["rank"],
                rank_lower=row["rank_lower"],
                rank_upper=row["rank_upper"],
                tier=tier.get(row["model"]),
                model=row["model"],
                model_version_id=model["version_id"],
                rating=row["rating"],
                rating_lower=row["rating_lower"],
                rating_upper=row["rating_upper"],
                strength=row["strength"],
                strength_lower=row["strength_lower"],
                strength_upper=row["strength_upper"],
                # The composite is no vote of its own: it has no counts.
                win_rate=row.get("win_rate"),
                standard_error=row.get("win_rate_standard_error"),
                online_elo=row.get("online_elo"),
                n_battles=row.get("battles"),
                n_wins=row.get("wins"),
                n_losses=row.get("losses"),
                n_ties=row.get("ties"),
                n_both_bad=row.get("both_bad"),
                n_cannot_judge=row.get("cannot_judge"),
                n_forfeits=row.get("forfeits"),
                n_judgments=row.get("judgments"),
                n_raters=row.get("raters"),
                both_bad_rate=row.get("both_bad_rate"),
                cannot_judge_rate=row.get("cannot_judge_rate"),
                avg_length=model["average_length"],
                n_excluded=sum(one["answers"] for one in model["exclusions"]),
                exclusions=exclusions_in_words(model),
                rater_kinds=kinds,
                interim=snapshot.interim,
                level=snapshot.result["level"],
                snapshot_id=snapshot.pk,
                snapshot_digest=snapshot.digest,
                protocol_digest=version.digest,
            )
