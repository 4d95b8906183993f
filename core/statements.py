"""Run statements written by hand, on PostgreSQL prepared once in each connection.

What runs for every request costs PostgreSQL several times as much to parse and plan as to execute,
and a driver's cursor costs as much again: prepared statements are run through libpq itself, those
that belong together in one message. The plans are the session's: a connection pooler in between has
to keep sessions apart. SQLite keeps its plans itself, and is asked past Django's cursor as well; inside of
a transaction on PostgreSQL that cursor does it.
"""

import re
import select
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction

# Of texts that are put together there may be any number; plans take memory in the database.
MOST_PREPARED = 100
Statement = tuple[str, Sequence[Any]]

# Else the first five runs are planned one by one. What is not prepared is not concerned.
ONE_PLAN = b"SET plan_cache_mode = force_generic_plan"
OFTEN, FIRST_AGAIN = 512, 16


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement did: how many rows it changed or found, and those it found."""

    count: int
    rows: list[Any]

    @property
    def row(self) -> Any:
        """The first row, or None."""
        return self.rows[0] if self.rows else None


def first_row(query: str, parameters: Sequence[Any]) -> Any:
    """Return the first row that a query finds, or None. `%s` stands for a parameter.

    The first query of a request also finds out whether the connection still works, and is asked
    again on a new one where it does not: a check before it would be one message more.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.health_check_done or database.in_atomic_block:
        return _run(database, query, parameters).row
    database.health_check_done = True
    try:
        return _run(database, query, parameters).row
    except (InterfaceError, OperationalError):
        if database.is_usable():
            raise
        database.close()
        return _run(database, query, parameters).row


def all_rows(query: str, parameters: Sequence[Any]) -> list[Any]:
    """Return the rows that a query finds. `%s` stands for a parameter."""
    return _run(connections[DEFAULT_DB_ALIAS], query, parameters).rows


def run_together(*statements: Statement) -> list[Result]:
    """Run statements as one transaction, and return what each did.

    PostgreSQL takes several in one message, as one transaction of their own, which saves the
    waiting between them; SQLite is asked one by one, and so is a transaction that is open already.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql" and not database.in_atomic_block:
        return _prepared(database).run_together(statements)
    with transaction.atomic():
        return [_on_cursor(database, *one) for one in statements]


def _run(database: Any, statement: str, parameters: Sequence[Any]) -> Result:
    if database.vendor == "postgresql" and not database.in_atomic_block:
        return _prepared(database).run(statement, parameters)
    return _on_cursor(database, statement, parameters)


def _on_cursor(database: Any, statement: str, parameters: Sequence[Any]) -> Result:
    if database.vendor == "sqlite":
        return _on_sqlite(database, statement, parameters)
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = list(cursor.fetchall()) if cursor.description else []
        return Result(cursor.rowcount, rows)


def _on_sqlite(database: Any, statement: str, parameters: Sequence[Any]) -> Result:
    """Run a statement as Django's cursor does, which takes longer to begin than most take to run."""
    database.ensure_connection()
    database.validate_no_broken_transaction()
    _log(database, statement)
    with database.wrap_database_errors:
        cursor = database.connection.execute(_questioned(statement), parameters)
        return Result(cursor.rowcount, cursor.fetchall())


def _log(database: Any, text: str) -> None:
    """Tell whoever counts a request's messages, which Django's cursors do by themselves."""
    if database.queries_logged:
        database.queries_log.append({"sql": text, "time": ""})


@lru_cache(maxsize=256)
def _questioned(statement: str) -> str:
    """Return a statement with SQLite's marks for parameters."""
    return re.sub("%[s%]", lambda found: "?" if found[0] == "%s" else "%", statement)


# ---- prepared -----------------------------------------------------------------------------------


class _Prepared:
    """The prepared statements of one connection, and how often it ran each."""

    def __init__(self, database: Any) -> None:
        import psycopg  # where there is SQLite alone it is never needed

        self.driver: Any = psycopg
        self.database = database
        self.libpq = database.connection.pgconn
        self.errors = database.wrap_database_errors
        # Dumps and loads as the driver's cursors do, by the types that the database was told of.
        self.values = psycopg.adapt.Transformer(database.connection)
        self.runs: dict[bytes, int] = {}

    def run(self, statement: str, parameters: Sequence[Any]) -> Result:
        _log(self.database, statement)
        with self.errors:
            name = self._ready(statement)
            values = self._dumped(parameters)
            if name:
                return self._result(self.libpq.exec_prepared(name, values))
            return self._result(self.libpq.exec_params(_named(statement)[1], values))

    def run_together(self, statements: Sequence[Statement]) -> list[Result]:
        """Run statements in one message, as one transaction."""
        _log(self.database, "; ".join(text for text, _ in statements))
        with self.errors:
            calls = [
                (self._ready(text), _named(text)[1], self._dumped(values))
                for text, values in statements
            ]
            self.libpq.enter_pipeline_mode()
            try:
                for name, text, values in calls:
                    if name:
                        self.libpq.send_query_prepared(name, values)
                    else:
                        self.libpq.send_query_params(text, values)
                self.libpq.pipeline_sync()
                answers = self._answers()
            finally:
                self.libpq.exit_pipeline_mode()
            # The first that failed says why; those after it were not run.
            return [self._result(one) for one in answers]

    def _answers(self) -> list[Any]:
        """Wait for what the statements of a pipeline gave, without holding the interpreter."""
        bad, end = self.driver.pq.ConnStatus.BAD, self.driver.pq.ExecStatus.PIPELINE_SYNC
        while self.libpq.flush():
            _wait_for(self.libpq.socket, writing=True)
        answers: list[Any] = []
        while self.libpq.status != bad:
            while self.libpq.is_busy():
                _wait_for(self.libpq.socket)
                self.libpq.consume_input()
            answer = self.libpq.get_result()
            if answer is None:
                continue  # the end of one statement's results
            if answer.status == end:
                break
            answers.append(answer)
        return answers

    def _dumped(self, parameters: Sequence[Any]) -> Sequence[Any]:
        formats = [self.driver.adapt.PyFormat.TEXT] * len(parameters)
        return self.values.dump_sequence(parameters, formats)

    def _result(self, answer: Any) -> Result:
        status, done = answer.status, self.driver.pq.ExecStatus
        if status == done.TUPLES_OK:
            self.values.set_pgresult(answer)
            rows = self.values.load_rows(0, answer.ntuples, tuple)
            return Result(answer.ntuples, rows)
        if status == done.COMMAND_OK:
            return Result(answer.command_tuples or 0, [])
        if self.libpq.status == self.driver.pq.ConnStatus.BAD:
            raise self.driver.OperationalError(answer.error_message.decode("utf-8", "replace"))
        raise self.driver.errors.error_from_result(answer)

    def _ready(self, statement: str) -> bytes:
        """Return the name under which a statement is prepared; none when there are too many."""
        name, text = _named(statement)
        done = self.runs.get(name, 0)
        if not done and len(self.runs) >= MOST_PREPARED:
            return b""
        if _is_planned_at(done):
            self._result(self.libpq.exec_(b"DEALLOCATE " + name if done else ONE_PLAN))
            self._result(self.libpq.prepare(name, text))
        self.runs[name] = done + 1
        return name


def _wait_for(socket: int, *, writing: bool = False) -> None:
    # Made for one wait: others than poll open a descriptor of their own, or take no high numbers.
    if hasattr(select, "poll"):
        one = select.poll()
        one.register(socket, select.POLLOUT if writing else select.POLLIN)
        one.poll()
    else:  # Windows
        sockets = [socket]
        select.select([] if writing else sockets, sockets if writing else [], sockets)


# By the driver's connection.
_connections: WeakKeyDictionary[Any, _Prepared] = WeakKeyDictionary()


def _prepared(database: Any) -> _Prepared:
    database.ensure_connection()
    found = _connections.get(database.connection)
    if found is None:
        found = _connections[database.connection] = _Prepared(database)
    return found


def _is_planned_at(run: int) -> bool:
    """Say whether a statement is prepared, again or for the first time, before this run of it.

    A plan that was made for empty tables is kept when they fill: so it is made anew as often as they
    may have doubled since.
    """
    if run < OFTEN:
        return run == 0 or (run >= FIRST_AGAIN and run.bit_count() == 1)
    return run % OFTEN == 0


@lru_cache(maxsize=256)
def _named(statement: str) -> tuple[bytes, bytes]:
    """Return the name of a statement, and its text with numbered parameters."""
    numbers = count(1)
    text = re.sub("%[s%]", lambda found: _placed(found[0], numbers), statement)
    return f"stated_{sha256(text.encode()).hexdigest()[:16]}".encode(), text.encode()


def _placed(found: str, numbers: "count[int]") -> str:
    return "%" if found == "%%" else f"${next(numbers)}"
