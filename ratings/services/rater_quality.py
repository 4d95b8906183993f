"""How far raters agree, how each of them judged, and whom the rule of the protocol holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts.models import User
from judging.models import GoldComparison, RaterFinding, StudyVersion
from judging.services.holds import FoundRater, hold_by_rule
from judging.services.unblinding import require_revealed
from judging.services.versions import protocol_of
from ratings.board.inputs import FIRST
from ratings.board.sensitivity import largest_influences, with_and_without
from ratings.dataset.ballots import latest_judgment_id, read_board_input
from ratings.dataset.raters import RatersJudged, left_out_raters, read_raters, read_sliced
from ratings.quality import RaterReport, rater_reports
from ratings.quality.agreement import agreement_by_slice
from ratings.quality.detectors import LARGEST_MOVE
from ratings.services.blinding_reports import called_by, renamed

ROOT = Path(__file__).resolve().parents[1]


def study_agreement(*, version: StudyVersion) -> list[dict[str, Any]]:
    """Return by criterion how far raters agree, over all prompts and over each slice of them."""
    found = []
    for one in protocol_of(version).criteria:
        read = read_sliced(version, criterion=one.key)
        found.append(
            {
                "key": one.key,
                "label": one.label,
                "table": agreement_by_slice(read.votes, read.slices),
            }
        )
    return found


def raters_judged(*, version: StudyVersion, coded: bool) -> dict[str, Any]:
    """Return what each rater of a study did on the primary criterion, and what checks say of it.

    `coded`: with codes in the place of models. Raises `Conflict` while the protocol keeps identities
    from everybody.
    """
    require_revealed(version)
    protocol = protocol_of(version)
    read = read_raters(version, criterion=protocol.primary_criterion)
    reports = {one.rater: one for one in rater_reports(read.votes, level=protocol.holds.level)}
    source = read_board_input(version, up_to=latest_judgment_id(version))
    place = {one.pseudonym: at for at, one in enumerate(source.raters)}
    moved = largest_influences(source.ballots[source.primary], source.labels)
    called = dict(
        zip(
            (one.label for one in called_by(version, coded=False).values()),
            (one.label for one in called_by(version, coded=coded).values()),
            strict=True,
        )
    )
    out = left_out_raters(version.study)
    rows = [
        {
            "rater": facts.pseudonym,
            "kind": facts.kind,
            "held": facts.pk in out,
            **_habits(read, code),
            **_checked(reports.get(code), called),
            **_influence(moved.get(place.get(facts.pseudonym, -1)), called),
        }
        for code, facts in enumerate(read.raters)
    ]
    return {
        "raters": rows,
        "movers": _movers(rows),
        "rule": {"checks": list(protocol.holds.checks), "level": protocol.holds.level},
        "gold": GoldComparison.objects.filter(
            comparison__study=version.study, retired_at=None
        ).count(),
        "findings": RaterFinding.objects.filter(study_version__study=version.study).count(),
        "sensitivity": _with_everybody(version, coded=coded) if out else [],
    }


def apply_rule(*, version: StudyVersion, by: User, now: datetime) -> list[RaterFinding]:
    """Hold whom the frozen rule finds; return the findings. Raises `Conflict` without a rule."""
    protocol = protocol_of(version)
    read = read_raters(version, criterion=protocol.primary_criterion)
    found = [
        FoundRater(read.raters[one.rater].pk, one.flags, one.scores, one.votes)
        for one in rater_reports(read.votes, level=protocol.holds.level)
        if one.flags
    ]
    return hold_by_rule(version=version, found=found, code=detectors_code(), by=by, now=now)


@cache
def detectors_code() -> str:
    """Return the digest of the code that finds raters."""
    sha = sha256()
    for path in sorted((ROOT / "quality").glob("*.py")):
        sha.update(path.name.encode() + b"\n" + path.read_bytes())
    return sha.hexdigest()


def _with_everybody(version: StudyVersion, *, coded: bool) -> list[dict[str, Any]]:
    """Return the criteria with those who are left out, and as boards are, without them."""
    last = latest_judgment_id(version)
    everybody = read_board_input(version, up_to=last, excluded=True)
    counted = read_board_input(version, up_to=last)
    found = with_and_without(everybody, counted.ballots)
    return renamed(found, version, called_by(version, coded=coded))


def _habits(read: RatersJudged, code: int) -> dict[str, Any]:
    votes = read.votes
    own = np.asarray(votes.comparisons.rater == code)
    outcome, shown = votes.comparisons.outcome[own], votes.shown_first[own]
    decided = outcome != 1
    left = (outcome == FIRST) == shown
    seconds, words = votes.seconds[own], read.words[own]
    known = np.isfinite(seconds) & (seconds > 0)
    return {
        "votes": int(own.sum()),
        "left": _mean(left[decided].astype(float)),
        "ties": _mean((~decided).astype(float)),
        "seconds": _median(seconds[np.isfinite(seconds)]),
        "words_per_second": _median(words[known] / seconds[known]),
        "gold": _tried(votes.gold, code),
        "repeats": _tried(votes.repeats, code),
    }


def _checked(report: RaterReport | None, called: Mapping[str, str]) -> dict[str, Any]:
    """Return the sizes of the checks; None for who judged too little to be checked."""
    if report is None:
        return {"scores": None, "flags": [], "target": None}
    return {
        "scores": {name: round(float(score), 3) for name, score in report.scores.items()},
        "flags": list(report.flags),
        "target": called[report.target] if report.target and "target" in report.flags else None,
    }


def _influence(moved: tuple[float, str] | None, called: Mapping[str, str]) -> dict[str, Any]:
    if moved is None:
        return {"influence": None, "influence_on": None}
    return {"influence": moved[0], "influence_on": called[moved[1]]}


def _movers(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return how many raters each move a model by more than one should, and who does most; or None."""
    moving = [one for one in rows if abs(one["influence"] or 0) > LARGEST_MOVE]
    if not moving:
        return None
    most = max(moving, key=lambda one: abs(one["influence"]))
    return {"raters": len(moving), "beyond": LARGEST_MOVE, "most": most}


def _tried(found: Mapping[int, Any], code: int) -> dict[str, int] | None:
    one = found.get(code)
    return {"right": one.right, "of": one.of} if one else None


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None


def _median(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if values.size else None
