"""Insert or change many rows, each with values of its own, in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from django.db import connections, models, router


def update_each(
    kind: type[models.Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    unchanged: Sequence[str] = (),
    where: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Set each row's values on the row that its `pk` names, and return the keys of those changed.

    Left alone is a row whose fields named by `unchanged` no longer hold what they do here, and one
    for which `where`, values that all of them must hold before, is not true. All rows hold the same
    fields; JSON fields take plain values. On PostgreSQL the rows travel as one JSON parameter:
    Django's `bulk_update` builds a CASE of every value, which takes longer than the update itself.
    """
    if not rows:
        return []
    alias = router.db_for_write(kind)
    names = tuple(name for name in rows[0] if name != "pk" and name not in unchanged)
    update = _update(kind, alias, names, ("pk", *unchanged), tuple(where or {}))
    connection = connections[alias]
    fixed = zip(update.fixed, (where or {}).values(), strict=True)
    before = [one.prepared(value, connection) for one, value in fixed]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(update.statement, [_as_json(rows), *before])
            return [pk for (pk,) in cursor.fetchall()]
        changed = []
        for row in rows:
            told = (*update.columns, *update.same)
            values = [one.prepared(row[one.name], connection) for one in told]
            cursor.execute(update.statement, [*values, *before])
            changed += [row["pk"]] * cursor.rowcount
        return changed


@dataclass(frozen=True, slots=True)
class _Update:
    """An UPDATE of some fields: of all rows at once on PostgreSQL, of one row elsewhere."""

    statement: str
    columns: "Sequence[_Column]"
    same: "Sequence[_Column]"
    fixed: "Sequence[_Column]"


@lru_cache(maxsize=64)
def _update(
    kind: type[models.Model],
    alias: str,
    names: tuple[str, ...],
    unchanged: tuple[str, ...],
    where: tuple[str, ...],
) -> _Update:
    connection = connections[alias]
    columns, same, fixed = (
        [_Column(kind, name, connection) for name in some] for some in (names, unchanged, where)
    )
    table = connection.ops.quote_name(kind._meta.db_table)
    if connection.vendor == "postgresql":
        sets = ", ".join(f"{one.quoted} = new.{one.quoted_name}" for one in columns)
        held = [f"{table}.{one.quoted} = new.{one.quoted_name}" for one in same]
        held += [f"{table}.{one.quoted} = %s" for one in fixed]
        statement = (
            f"UPDATE {table} SET {sets} FROM {_recordset([*same, *columns])} "  # noqa: S608 - our own names
            f"WHERE {' AND '.join(held)} RETURNING {table}.{same[0].quoted}"
        )
    else:
        sets = ", ".join(f"{one.quoted} = %s" for one in columns)
        held = [f"{one.quoted} = %s" for one in (*same, *fixed)]
        statement = f"UPDATE {table} SET {sets} WHERE {' AND '.join(held)}"  # noqa: S608 - our own names
    return _Update(statement, columns, same, fixed)


def insert_each(kind: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert rows that all hold the same fields, which must be all that have no database default.

    Return their keys, in order. For many small rows, where making an object of each costs more
    than the row.
    """
    if not rows:
        return []
    alias = router.db_for_write(kind)
    if connections[alias].vendor != "postgresql":
        objects = [kind(**row) for row in rows]
        return [one.pk for one in kind._default_manager.bulk_create(objects)]
    with connections[alias].cursor() as cursor:
        cursor.execute(_insert(kind, alias, tuple(rows[0])), [_as_json(rows)])
        return [pk for (pk,) in cursor.fetchall()]


@lru_cache(maxsize=64)
def _insert(kind: type[models.Model], alias: str, names: tuple[str, ...]) -> str:
    connection = connections[alias]
    columns = [_Column(kind, name, connection) for name in names]
    key = _Column(kind, "pk", connection)
    return (
        f"INSERT INTO {connection.ops.quote_name(kind._meta.db_table)} "  # noqa: S608 - our own names
        f"({', '.join(one.quoted for one in columns)}) "
        f"SELECT {', '.join(one.quoted_name for one in columns)} FROM {_recordset(columns)} "
        f"RETURNING {key.quoted}"
    )


def _recordset(columns: Sequence["_Column"]) -> str:
    """Return a FROM item `new` of PostgreSQL, whose one parameter is `_as_json` of the rows."""
    types = ", ".join(f"{one.quoted_name} {one.type}" for one in columns)
    return f"json_to_recordset(%s::json) AS new({types})"


def _as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, default=_plain).decode()


class _Column:
    """One field of a table, as the two databases want to hear of it."""

    def __init__(self, kind: type[models.Model], name: str, connection: Any) -> None:
        self.name = name
        field: Any = kind._meta.pk if name == "pk" else kind._meta.get_field(name)
        self._field: Any = field
        # A key's own type says how it is made (bigserial), that of a reference to it does not.
        kind_of = field.rel_db_type if name == "pk" else field.db_type
        self.type = kind_of(connection)
        self.quoted = connection.ops.quote_name(field.column)
        self.quoted_name = connection.ops.quote_name(name)

    def prepared(self, value: Any, connection: Any) -> Any:
        return self._field.get_db_prep_save(value, connection)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
