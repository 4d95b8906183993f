"""The ledger: rows are written once, sealed in batches, and every change is refused or found."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from judging.guards import reverse_statements, statements
from judging.ledger import chained, is_within, merkle_root, ranges_of
from judging.models import AuditBatch, Judgment, Vote
from judging.services.assignments import find_assignment, lease_next
from judging.services.judgments import record_judgment, supersede_judgment
from judging.services.ledger import SETTLED, guards_missing, seal_judgments, verify_ledger
from tests.scenarios import DEFAULT, published_study

JUDGED = 6
LATER = timedelta(minutes=5)


@contextmanager
def guarded() -> Iterator[None]:
    """The database as it is in use: with the triggers."""
    run(statements(connection.vendor))
    try:
        yield
    finally:
        run(reverse_statements(connection.vendor))


def run(texts) -> None:
    with connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)


@pytest.fixture
def scene(db, now):
    """Six judgments, one of them changed by the rater, in two sealed batches."""
    made = published_study(models=2, prompts=JUDGED + 2, criteria=DEFAULT, now=now)
    for at in range(JUDGED):
        moment = now + at * LATER
        token = lease_next(rater=made.bob, slug="study", now=moment).blinded.token
        held = find_assignment(rater=made.bob, token=token)
        record_judgment(assignment=held, body={**made.body, "comment": f"{at}"}, now=moment)
        if at == 1:
            changed = {**made.body, "comment": "on second thought"}
            supersede_judgment(assignment=held, body=changed, now=moment)
        if at == 2:
            assert seal_judgments(now=moment + LATER).count == 4
    assert seal_judgments(now=now + 9 * LATER).count == 3
    connection.check_constraints()
    return made


TAMPERINGS = [
    line.removesuffix(";")
    for line in Path(__file__).with_name("tamperings.sql").read_text(encoding="utf-8").splitlines()
    if not line.startswith("--")
]
GUARDED = re.compile("(UPDATE|DELETE FROM) judging_(judgment|vote|auditbatch) ?")


def test_there_are_fifty_different_tamperings():
    assert len(set(TAMPERINGS)) == 50


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def lift_references() -> None:
    """Do what an owner of the database can: change rows that others refer to."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")


def test_every_tampering_is_refused_or_found(scene):
    assert verify_ledger().problems == ()
    missed = []
    for text in TAMPERINGS:
        with undone():
            lift_references()
            with connection.cursor() as cursor:
                cursor.execute(text)
                assert cursor.rowcount != 0, text
            if not verify_ledger().problems:
                missed.append(text)
    assert missed == []
    assert verify_ledger().problems == ()


def test_the_database_itself_refuses_what_it_guards(scene):
    direct = [text for text in TAMPERINGS if GUARDED.match(text)]
    assert len(direct) > 30
    with guarded():
        assert guards_missing() == []
        for text in direct:
            with pytest.raises(Error, match="written once"), transaction.atomic():
                run([text])
        judged = Judgment.objects.count()
    assert judged == JUDGED + 1
    assert guards_missing() != []


def test_judging_goes_on_under_the_guards(scene, now):
    with guarded():
        moment = now + 20 * LATER
        token = lease_next(rater=scene.bob, slug="study", now=moment).blinded.token
        held = find_assignment(rater=scene.bob, token=token)
        assert record_judgment(assignment=held, body=scene.body, now=moment).created
        changed = {**scene.body, "comment": "changed"}
        assert supersede_judgment(assignment=held, body=changed, now=moment).revision == 1
        assert seal_judgments(now=moment + LATER).count == 2
    assert verify_ledger().problems == ()


def test_the_command_verifies_and_tells_what_to_write_down(scene, capsys):
    call_command("verify_audit")
    said = capsys.readouterr().out
    link = said.split("write down: ")[1].strip()
    assert "7 judgments in 2 sealed batches, 0 not sealed yet" in said
    call_command("verify_audit", link=link)
    with pytest.raises(CommandError):
        call_command("verify_audit", link="2:" + "0" * 64)
    Vote.objects.filter(pk=Vote.objects.first().pk)._update(
        [(Vote._meta.get_field("outcome"), None, "cannot_judge")]
    )
    with pytest.raises(CommandError):
        call_command("verify_audit")


def test_whoever_rewrites_the_whole_chain_is_found_by_a_link_kept_elsewhere(scene, now, settings):
    link = AuditBatch.objects.order_by("-number").values_list("number", "chain").first()
    AuditBatch.objects.all()._raw_delete("default")
    Vote.objects.all()._update([(Vote._meta.get_field("outcome"), None, "tie")])
    assert seal_judgments(now=now + timedelta(days=1)).number == 1
    assert verify_ledger().problems == ()
    with pytest.raises(CommandError):
        call_command("verify_audit", link=f"{link[0]}:{link[1]}")
    settings.SECRET_KEY = "another installation's"
    assert "seal" in verify_ledger().problems[0]


def test_a_judgment_written_with_a_time_of_the_past_is_found(scene, now):
    token = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
    held = find_assignment(rater=scene.bob, token=token)
    record_judgment(assignment=held, body=scene.body, now=now - timedelta(days=1))
    seal_judgments(now=now + timedelta(days=1))
    (problem,) = verify_ledger().problems
    assert "long after its time" in problem


def test_what_committed_late_is_sealed_by_the_next_batch(scene, now):
    first = AuditBatch.objects.get(number=1)
    gap = first.judgments[0][0]
    AuditBatch.objects.all()._raw_delete("default")
    settled = Judgment.objects.get(pk=gap).submitted_at + timedelta(seconds=59)
    assert seal_judgments(now=settled) is None
    assert seal_judgments(now=settled + timedelta(seconds=1)).judgments == [[gap, gap]]


def test_ids_that_do_not_follow_the_times_are_sealed_once(db, now):
    """The second id is a moment older: a batch between the two takes it, and leaves the first."""
    made = published_study(models=2, prompts=10, now=now)
    moments = [now + timedelta(seconds=one) for one in (2, 1, 100, 200, 300, 400, 500, 600)]
    for moment in moments:
        token = lease_next(rater=made.bob, slug="study", now=now).blinded.token
        held = find_assignment(rater=made.bob, token=token)
        record_judgment(assignment=held, body=made.body, now=moment)
    for moment in sorted(moments):
        assert seal_judgments(now=moment + SETTLED).count == 1
    found = verify_ledger()
    assert (found.problems, found.unsealed, found.batches) == ((), 0, len(moments))


def test_merkle_roots_tell_leaves_from_nodes_and_orders_apart():
    leaves = [bytes([at]) * 32 for at in range(5)]
    roots = {merkle_root(leaves[:n]) for n in range(6)}
    assert len(roots) == 6
    assert merkle_root(leaves) != merkle_root(leaves[::-1])
    assert chained("a", number=1, root="b") != chained("a", number=2, root="b")
    assert ranges_of([1, 2, 3, 7, 9, 10]) == [[1, 3], [7, 7], [9, 10]]
    assert is_within(8, [[1, 3], [7, 8]])
    assert not is_within(5, [[1, 3], [7, 8]])
