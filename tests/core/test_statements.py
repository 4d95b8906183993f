"""Statements by hand: the same on both databases, prepared again in time, and on a connection that broke."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection

from core.statements import MOST_PREPARED, all_rows, first_row, run_together

ONE = "SELECT CAST(%s AS integer) + 1, '100%%'"
INSERT = "INSERT INTO core_test_statements (n) VALUES (%s)"


@pytest.fixture
def table(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE core_test_statements (n integer UNIQUE)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_test_statements")


def test_a_query_gives_the_same_however_often_it_is_asked(db):
    assert [first_row(ONE, [n]) for n in range(600)] == [(n + 1, "100%") for n in range(600)]
    assert first_row("SELECT 1 WHERE 1 = %s", [2]) is None


def test_there_may_be_more_texts_than_are_prepared(db):
    for n in range(MOST_PREPARED + 5):
        assert list(all_rows(f"SELECT {n}, CAST(%s AS integer)", [n])) == [(n, n)]


def test_statements_sent_together_are_all_kept_or_none(table):
    run_together((INSERT, [1]), (INSERT, [2]))
    with pytest.raises(IntegrityError):
        run_together((INSERT, [3]), (INSERT, [1]))
    counted = run_together(("UPDATE core_test_statements SET n = n + %s", [10]))
    assert counted[0].count == 2
    assert sorted(all_rows("SELECT n FROM core_test_statements", [])) == [(11,), (12,)]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_first_query_of_a_request_is_asked_again_where_the_connection_broke():
    assert first_row(ONE, [1])[0] == 2
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    connection.health_check_done = False
    assert first_row(ONE, [1])[0] == 2
    assert connection.connection.info.backend_pid != pid


@pytest.mark.services
def test_what_the_database_refuses_is_told_as_the_driver_tells_it(table):
    run_together((INSERT, [1]))
    with pytest.raises(IntegrityError) as refused:
        run_together((INSERT, [2]), (INSERT, [1]), (INSERT, [3]))
    assert refused.value.__cause__.diag.constraint_name == "core_test_statements_n_key"
    with pytest.raises(DataError):
        first_row("SELECT CAST(%s AS integer)", ["many"])
    assert all_rows("SELECT n FROM core_test_statements", []) == [(1,)]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_values_come_back_as_on_a_cursor():
    query = (
        "SELECT CAST(%s AS text), CAST(%s AS timestamptz), CAST(%s AS boolean), CAST(%s AS jsonb)"
    )
    values = ["Ω%s", datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), None, '{"a": 1}']
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        assert first_row(query, values) == cursor.fetchone()


@pytest.mark.services
def test_statements_sent_together_fail_where_the_connection_breaks(table):
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(OperationalError):
        run_together((INSERT, [1]), (kill, []), (INSERT, [2]))
    connection.close()
    assert all_rows("SELECT n FROM core_test_statements", []) == []
