"""Compile a query once and ask it again with other values, where making the SQL takes longer than asking.

The query is Django's own, with a `Slot` in the place of each value that changes:

    in_flight = CompiledQuery(lambda: Completion.objects.in_flight(now=Slot("now", DateTimeField())))
    in_flight.rows(now=now)
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Expression, Field, QuerySet
from django.db.models.sql import UpdateQuery

MOST_SHAPES = 256


class Slot(Expression):
    """The place of a value that is given when the query is asked; `field` says how it is stored."""

    def __init__(self, name: str, field: Field) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement with its parameters, some of which are slots."""

    compiler: Any
    statement: str
    parameters: tuple[Any, ...]

    def execute(self, cursor: Any, values: dict[str, Any]) -> None:
        connection = connections[self.compiler.using]
        given = [
            one.output_field.get_db_prep_value(values[one.name], connection)
            if isinstance(one, Slot)
            else one
            for one in self.parameters
        ]
        cursor.execute(self.statement, given)


def _compiled(query: Any, alias: str) -> _Compiled:
    compiler = query.get_compiler(using=alias)
    statement, parameters = compiler.as_sql()
    return _Compiled(compiler, statement, tuple(parameters))


class CompiledQuery:
    """A `values_list` whose SQL is made once for each shape that it is asked in.

    `build` gets the shape, which is what else the SQL depends on: the values of a list, how many
    rows are wanted.
    """

    def __init__(self, build: Callable[..., QuerySet]) -> None:
        self._build = build
        self._made: dict[tuple[Hashable, ...], _Compiled] = {}

    def rows(self, *shape: Hashable, **values: Any) -> list[Any]:
        """Return the rows as tuples, for these values of the slots."""
        try:
            made = self._made.get(shape) or self._make(shape)
        except EmptyResultSet:  # no rows are wanted, or none of an empty list's values
            return []
        with connections[made.compiler.using].cursor() as cursor:
            made.execute(cursor, values)
            return list(made.compiler.results_iter([cursor.fetchall()], tuple_expected=True))

    def _make(self, shape: tuple[Hashable, ...]) -> _Compiled:
        if len(self._made) >= MOST_SHAPES:
            self._made.clear()
        query = self._build(*shape)
        made = self._made[shape] = _compiled(query.query, query.db)
        return made


class CompiledUpdate:
    """An `update` whose SQL is made once: of the rows that `build` returns, to `changes`."""

    def __init__(self, build: Callable[[], QuerySet], **changes: Any) -> None:
        self._build = build
        self._changes = changes
        self._made: _Compiled | None = None

    def execute(self, **values: Any) -> int:
        """Change the rows, and return how many there are, for these values of the slots."""
        if self._made is None:
            rows = self._build().order_by()
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(self._changes)
            self._made = _compiled(query, rows.db)
        with connections[self._made.compiler.using].cursor() as cursor:
            self._made.execute(cursor, values)
            return int(cursor.rowcount)
