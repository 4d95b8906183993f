"""Run statements written by hand, on PostgreSQL prepared once in each connection.

What runs for every request costs PostgreSQL several times as much to parse and plan as to execute.
Prepared in SQL, and not by the driver, they are still sent together in one message. The plans are
the session's: a connection pooler in between has to keep sessions apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import InterfaceError, OperationalError, connection, transaction

# Of texts that are put together there may be any number; plans take memory in the database.
MOST_PREPARED = 100
Statement = tuple[str, Sequence[Any]]

# Else the first five runs are planned one by one. What is not prepared is not concerned.
ONE_PLAN = "SET plan_cache_mode = force_generic_plan"
OFTEN, FIRST_AGAIN = 512, 16

# By connection: how often it ran each statement that it prepared.
_runs: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement did: how many rows it changed, or the first it found."""

    count: int
    row: Any


def first_row(query: str, parameters: Sequence[Any]) -> Any:
    """Return the first row that a query finds, or None. `%s` stands for a parameter.

    The first query of a request also finds out whether the connection still works, and is asked
    again on a new one where it does not: a check before it would be one message more.
    """
    if connection.health_check_done or connection.in_atomic_block:  # type: ignore[attr-defined] # missing in the stubs
        return _first(query, parameters)
    connection.health_check_done = True  # type: ignore[attr-defined] # missing in the stubs
    try:
        return _first(query, parameters)
    except (InterfaceError, OperationalError):
        if connection.is_usable():
            raise
        connection.close()
        return _first(query, parameters)


def _first(query: str, parameters: Sequence[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_ready(query), parameters)
        return cursor.fetchone()


def all_rows(query: str, parameters: Sequence[Any]) -> list[Any]:
    """Return the rows that a query finds. `%s` stands for a parameter."""
    with connection.cursor() as cursor:
        cursor.execute(_ready(query), parameters)
        return list(cursor.fetchall())


def run_together(*statements: Statement) -> list[Result]:
    """Run statements as one transaction, and return what each did.

    PostgreSQL takes several in one message, as one transaction of their own, which saves the
    waiting between them; SQLite is asked one by one, and so is a transaction that is open already.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return _in_one_message(statements)
    with transaction.atomic(), connection.cursor() as cursor:
        return [_run(cursor, *one) for one in statements]


def _in_one_message(statements: Sequence[Statement]) -> list[Result]:
    parameters = [value for _, values in statements for value in values]
    with connection.cursor() as cursor:
        cursor.execute(";".join(_ready(text) for text, _ in statements), parameters)
        results = [_result(cursor)]
        while cursor.nextset():
            results.append(_result(cursor))
        return results


def _run(cursor: Any, statement: str, parameters: Sequence[Any]) -> Result:
    cursor.execute(_ready(statement), parameters)
    return _result(cursor)


def _result(cursor: Any) -> Result:
    return Result(cursor.rowcount, cursor.fetchone() if cursor.description else None)


def _ready(statement: str) -> str:
    """Return what runs the statement: on PostgreSQL its name, under which it is prepared."""
    if connection.vendor != "postgresql":
        return statement
    runs = _runs.setdefault(connection.connection, {})
    name, call, text = _named(statement)
    done = runs.get(name, 0)
    if not done and len(runs) >= MOST_PREPARED:
        return statement
    if _is_planned_at(done):
        connection.validate_no_broken_transaction()
        first = f"DEALLOCATE {name}" if done else ONE_PLAN
        # Not through Django's cursor, which would count it among the statements of the request.
        with connection.wrap_database_errors:
            connection.connection.execute(f"{first}; {text}")
    runs[name] = done + 1
    return call


def _is_planned_at(run: int) -> bool:
    """Say whether a statement is prepared, again or for the first time, before this run of it.

    A plan that was made for empty tables is kept when they fill: so it is made anew as often as they
    may have doubled since.
    """
    if run < OFTEN:
        return run == 0 or (run >= FIRST_AGAIN and run.bit_count() == 1)
    return run % OFTEN == 0


@lru_cache(maxsize=256)
def _named(statement: str) -> tuple[str, str, str]:
    """Return the name of a statement, what executes it, and what prepares it."""
    numbers = count(1)
    name = f"stated_{sha256(statement.encode()).hexdigest()[:16]}"
    text = re.sub("%[s%]", lambda found: _placed(found[0], numbers), statement)
    values = ", ".join(["%s"] * (next(numbers) - 1))
    return (
        name,
        f"EXECUTE {name}({values})" if values else f"EXECUTE {name}",
        (f"PREPARE {name} AS {text}"),
    )


def _placed(found: str, numbers: "count[int]") -> str:
    return "%" if found == "%%" else f"${next(numbers)}"
