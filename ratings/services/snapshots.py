"""Take a snapshot of a leaderboard, and recompute one to verify it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from core.canonical import digest
from core.errors import Conflict
from judging.models import Assignment, Judgment, Study, StudyVersion
from judging.services.unblinding import require_revealed
from ratings.board import build_board
from ratings.dataset.ballots import latest_judgment_id, read_board_input
from ratings.models import LeaderboardSnapshot
from ratings.services.uncounted import count_uncounted

TOLERANCE = 1e-9
LIBRARIES = ("numpy", "scipy")
SHOWN = 20
STAGES = ("reading", "fitting", "writing")
ROOT = Path(__file__).resolve().parents[1]
# The code a number comes from; a change to any of it is another code version.
SOURCES = ("scoring", "board", "dataset/ballots.py")
ENDED = Study.State.CLOSED


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing a snapshot gave: `differences` are paths into the result, some of them."""

    snapshot: LeaderboardSnapshot
    inputs_match: bool
    result_intact: bool
    code_matches: bool
    libraries_match: bool
    largest_difference: float
    differences: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether the stored result is what the stored judgments give, to 1e-9."""
        return self.inputs_match and self.result_intact and not self.differences


def take_snapshot(
    *,
    version: StudyVersion,
    now: datetime,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> tuple[LeaderboardSnapshot, bool]:
    """Compute the board of `version` and keep it; return it and whether it is new.

    The same judgments, protocol, code and seed give the snapshot that exists. Until the study is
    closed it is interim. `advance` is called after each of the `STAGES` but the last.
    """
    require_revealed(version)
    last = settled_judgment_id(version)
    source = read_board_input(version, up_to=last)
    advance()
    version.study.refresh_from_db(fields=["state"])
    interim = version.study.state != ENDED
    parameters = {
        "model": "davidson",
        "both_bad": "tie",
        "level": source.level,
        "elo_k": source.elo_k,
        "margin": source.margin,
    }
    identity = digest([version.pk, source.digest, parameters, code_version(), seed, interim])
    existing = LeaderboardSnapshot.objects.filter(digest=identity).first()
    if existing:
        return existing, False
    result = build_board(source, seed=seed)
    advance()
    left_out = count_uncounted(study_id=version.study_id, up_to=last, result=result)
    return LeaderboardSnapshot.objects.get_or_create(
        digest=identity,
        defaults={
            "study_version": version,
            "taken_at": now,
            "interim": interim,
            "last_judgment_id": last,
            "input_digest": source.digest,
            "parameters": parameters,
            "code_version": code_version(),
            "library_versions": library_versions(),
            "seed": seed,
            "result": result,
            "result_digest": digest(result),
            "uncounted": asdict(left_out),
        },
    )


def latest_version(study: Study) -> StudyVersion:
    """Return the newest published version; raise `Conflict` while there is none."""
    newest = study.versions.order_by("-number").first()
    if newest is None:
        raise Conflict(
            _("%(slug)s is not published: it has no board.") % {"slug": study.slug},
            code="not_published",
        )
    return newest


def verify_snapshot(*, snapshot: LeaderboardSnapshot) -> Verification:
    """Recompute a snapshot from the judgments it counted, and compare every number to 1e-9."""
    source = read_board_input(snapshot.study_version, up_to=snapshot.last_judgment_id)
    recomputed = build_board(source, seed=snapshot.seed)
    found = list(_differences(_unnamed(snapshot.result), _unnamed(recomputed)))
    return Verification(
        snapshot=snapshot,
        inputs_match=source.digest == snapshot.input_digest,
        result_intact=digest(snapshot.result) == snapshot.result_digest,
        code_matches=code_version() == snapshot.code_version,
        libraries_match=library_versions() == snapshot.library_versions,
        largest_difference=max((size for _where, size in found), default=0.0),
        differences=tuple(path for path, size in found if size > TOLERANCE)[:SHOWN],
    )


@cache
def code_version() -> str:
    """Return the product's version and a digest of the code that computes boards."""
    sha = sha256()
    for name in SOURCES:
        path = ROOT / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            sha.update(source.relative_to(ROOT).as_posix().encode() + b"\n" + source.read_bytes())
    return f"{settings.VERSION}+{sha.hexdigest()[:16]}"


@cache
def library_versions() -> dict[str, str]:
    return {name: version_of(name) for name in LIBRARIES}


def is_final(snapshot: LeaderboardSnapshot) -> bool:
    """Say whether another board of its version would be the same: of a closed study, up to its end."""
    if snapshot.interim or snapshot.code_version != code_version():
        return False
    # From the later judgments to their study, however many the study has.
    study = Assignment.objects.filter(
        pk=OuterRef("assignment"), study=snapshot.study_version.study_id
    )
    later = Judgment.objects.filter(pk__gt=snapshot.last_judgment_id)
    return not later.filter(Exists(study)).exists()


def settled_judgment_id(version: StudyVersion) -> int:
    """Return an id up to which no judgment can still appear.

    On PostgreSQL ids are drawn before their rows are committed, so that a lower one could show up
    after a higher one was read. A SHARE lock waits for the writers under way, for a moment;
    SQLite's transactions are one after the other anyway.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            table = connection.ops.quote_name(Judgment._meta.db_table)
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        return latest_judgment_id(version)


def _unnamed(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out the models' names, which may be corrected after a board was taken."""
    models = [
        {key: value for key, value in one.items() if key != "name"} for one in result["models"]
    ]
    return result | {"models": models}


def _differences(stored: Any, found: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield every path at which two results differ, and by how much; infinity if not in numbers."""
    if isinstance(stored, dict) and isinstance(found, dict) and stored.keys() == found.keys():
        for key in stored:
            yield from _differences(stored[key], found[key], f"{path}.{key}".lstrip("."))
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        for at, (one, other) in enumerate(zip(stored, found, strict=True)):
            yield from _differences(one, other, f"{path}[{at}]")
    elif _is_number(stored) and _is_number(found):
        if stored != found:
            yield path, abs(stored - found)
    elif stored != found:
        yield path, float("inf")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
