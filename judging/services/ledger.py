"""Seal what was judged, and find what was changed since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from core.canonical import digest
from judging.guards import TABLES
from judging.ledger import chained, is_within, leaf, merkle_root, ranges_of, sealed
from judging.models import AuditBatch, Judgment, StudyVersion, Vote

CHUNK = 2_000
LARGEST_BATCH = 50_000
# Ids are drawn before the moment they are committed at: a batch waits for the slow ones, and the
# next ones still look for them in the latest batches.
SETTLED = timedelta(seconds=60)
LOOKED_BACK = 5
# A row that stands in a later batch than its time says was written with a time of the past.
LATE = timedelta(hours=1)

FACTS = (
    "pk",
    "revision",
    "kind",
    "submitted_at",
    "body_digest",
    "comment",
    "by_id",
    "reason",
    "assignment_id",
    "assignment__token",
    "assignment__rater_id",
    "assignment__comparison_id",
    "assignment__purpose",
    "assignment__swapped",
    "assignment__swap_probability",
    "assignment__pair_probability",
    "assignment__study_version__digest",
    "assignment__comparison__first_id",
    "assignment__comparison__second_id",
    "assignment__comparison__prompt_id",
    "assignment__comparison__first__language_model_id",
    "assignment__comparison__second__language_model_id",
    "assignment__comparison__pair__first_model_id",
    "assignment__comparison__pair__second_model_id",
)
# Sealed where there are any, so that what was sealed before there were cohorts stays as it was.
COHORT_FACTS = ("assignment__cohort", "assignment__kept_for")
VOTE_FACTS = ("judgment_id", "pk", "criterion", "display_value", "outcome", "grade")


@dataclass(frozen=True, slots=True)
class Audit:
    """What verifying found. `chain` is the last link, of `batches` batches; empty without any."""

    batches: int
    judgments: int
    unsealed: int
    chain: str
    problems: tuple[str, ...]


def seal_judgments(*, now: datetime) -> AuditBatch | None:
    """Seal the judgments written since the last batch; None when there are none that have settled.

    Submissions never wait for it. Two at once: one of them seals, the other finds nothing.
    """
    latest = list(AuditBatch.objects.order_by("-number")[:LOOKED_BACK])
    known = [one for batch in latest for one in batch.judgments]
    # What was sealed before the batches looked at is settled.
    floor = 0
    if len(latest) == LOOKED_BACK:
        floor = min((first for first, _ in latest[-1].judgments), default=0)
    fresh = Judgment.objects.filter(pk__gte=floor, submitted_at__lte=now - SETTLED).order_by("pk")
    rows = [row for row in fresh.values_list("pk", "submitted_at") if not is_within(row[0], known)]
    if latest and any(submitted_at <= latest[-1].sealed_at for _, submitted_at in rows):
        # Ids do not follow the times exactly: this one may have been sealed before those batches.
        older = AuditBatch.objects.filter(number__lt=latest[-1].number)
        known = [one for batch in older.values_list("judgments", flat=True) for one in batch]
        rows = [row for row in rows if not is_within(row[0], known)]
    ids = [pk for pk, _ in rows][:LARGEST_BATCH]
    if not ids:
        return None
    before = latest[0] if latest else None
    number = before.number + 1 if before else 1
    ranges = ranges_of(ids)
    root = merkle_root([leaf(facts) for facts in _facts(ranges)])
    chain = chained(before.chain if before else "", number=number, root=root)
    batch = AuditBatch(
        number=number,
        sealed_at=now,
        judgments=ranges,
        count=len(ids),
        root=root,
        chain=chain,
        seal=sealed(chain, secret=settings.SECRET_KEY),
    )
    try:
        with transaction.atomic():
            batch.save()
    except IntegrityError:
        return None
    return batch


def verify_ledger() -> Audit:
    """Recompute every root and link from the rows, and say what is not as it was sealed."""
    problems: list[str] = []
    chain, covered = "", []
    batches = list(AuditBatch.objects.order_by("number"))
    for at, batch in enumerate(batches, start=1):
        name = f"batch {batch.number}"
        if batch.number != at:
            problems.append(f"{name}: batch {at} is missing")
        rows = list(_facts(batch.judgments))
        if len(rows) != batch.count:
            problems.append(f"{name}: {len(rows)} judgments of {batch.count} are there")
        if merkle_root([leaf(facts) for facts in rows]) != batch.root:
            problems.append(f"{name}: its judgments are not those that were sealed")
        chain = chained(chain, number=batch.number, root=batch.root)
        if batch.chain != chain:
            problems.append(f"{name}: its link does not follow from the batch before")
        chain = batch.chain
        if not any(batch.seal == sealed(chain, secret=secret) for secret in _secrets()):
            problems.append(f"{name}: its seal is not this installation's")
        if at > 1:
            problems += _backdated(batch, batches[at - 2])
        problems += [f"{name}: judgments sealed twice" for one in batch.judgments if one in covered]
        covered += batch.judgments
    problems += _protocols() + _orphans() + _open_tables()
    sealed_count = sum(one.count for one in batches)
    return Audit(
        batches=len(batches),
        judgments=sealed_count,
        unsealed=Judgment.objects.count() - sealed_count,
        chain=chain,
        problems=tuple(problems),
    )


def guards_missing() -> list[str]:
    """Return the tables whose rows the database would let be changed."""
    if connection.vendor == "postgresql":
        query = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE %s AND tgenabled <> 'D'"
    else:
        query = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    with connection.cursor() as cursor:
        cursor.execute(query, ["%_written_once%"])
        guarded = {row[0] for row in cursor.fetchall()}
    return [table for table in TABLES if table not in guarded]


def _secrets() -> list[str]:
    return [str(one) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _facts(ranges: Sequence[Sequence[int]]) -> Iterator[list[Any]]:
    """Yield what each judgment in these ranges of ids says, with its votes, in the order of ids."""
    for first, last in ranges:
        for start in range(first, last + 1, CHUNK):
            ids = (start, min(start + CHUNK - 1, last))
            votes = Vote.objects.filter(judgment_id__gte=ids[0], judgment_id__lte=ids[1]).order_by(
                "judgment_id", "criterion"
            )
            by_judgment = {
                pk: [list(row[1:]) for row in rows]
                for pk, rows in groupby(votes.values_list(*VOTE_FACTS), key=itemgetter(0))
            }
            judgments = Judgment.objects.filter(pk__range=ids).order_by("pk")
            for row in judgments.values_list(*FACTS, *COHORT_FACTS):
                said = row if any(row[len(FACTS) :]) else row[: len(FACTS)]
                facts = [one.isoformat() if isinstance(one, datetime) else one for one in said]
                yield [*facts, by_judgment.get(row[0], [])]


def _backdated(batch: AuditBatch, before: AuditBatch) -> list[str]:
    ids = [first for first, _ in batch.judgments] + [last for _, last in batch.judgments]
    early = Judgment.objects.filter(
        pk__range=(min(ids), max(ids)), submitted_at__lt=before.sealed_at - LATE
    )
    late = [pk for pk in early.values_list("pk", flat=True) if is_within(pk, batch.judgments)]
    return [f"batch {batch.number}: judgment {pk} was written long after its time" for pk in late]


def _protocols() -> list[str]:
    versions = StudyVersion.objects.values_list("study__slug", "number", "protocol", "digest")
    return [
        f"study {slug}, version {number}: its protocol is not the one of its digest"
        for slug, number, protocol, known in versions.iterator()
        if digest(protocol) != known
    ]


def _orphans() -> list[str]:
    """Votes that belong to no judgment, and judgments of a comparison that was turned round."""
    votes = Vote.objects.filter(judgment__isnull=True)
    turned = Judgment.objects.exclude(
        assignment__comparison__first__language_model=F(
            "assignment__comparison__pair__first_model"
        ),
        assignment__comparison__second__language_model=F(
            "assignment__comparison__pair__second_model"
        ),
    )
    return [
        *(f"vote {pk} has no judgment" for pk in votes.values_list("pk", flat=True)[:10]),
        *(
            f"judgment {pk}: its answers are not those of its pair of models"
            for pk in turned.values_list("pk", flat=True)[:10]
        ),
    ]


def _open_tables() -> list[str]:
    if not settings.LEDGER_GUARDED:
        return []
    return [f"{table} has lost the trigger that refuses changes" for table in guards_missing()]
