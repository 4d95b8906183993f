"""Insert or change many rows, each with values of its own, in one statement."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
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
    connection = connections[router.db_for_write(kind)]
    names = [name for name in rows[0] if name != "pk" and name not in unchanged]
    columns = [_Column(kind, name, connection) for name in names]
    same = [_Column(kind, name, connection) for name in ("pk", *unchanged)]
    fixed = [(_Column(kind, name, connection), value) for name, value in (where or {}).items()]
    before = [one.prepared(value) for one, value in fixed]
    table = connection.ops.quote_name(kind._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            source, parameter = _recordset([*same, *columns], rows)
            sets = ", ".join(f"{one.quoted} = new.{one.quoted_name}" for one in columns)
            held = [f"{table}.{one.quoted} = new.{one.quoted_name}" for one in same]
            held += [f"{table}.{one.quoted} = %s" for one, _ in fixed]
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM {source} WHERE {' AND '.join(held)} "  # noqa: S608 - our own names
                f"RETURNING {table}.{same[0].quoted}",
                [parameter, *before],
            )
            return [pk for (pk,) in cursor.fetchall()]
        sets = ", ".join(f"{one.quoted} = %s" for one in columns)
        held = [f"{one.quoted} = %s" for one in (*same, *(one for one, _ in fixed))]
        statement = f"UPDATE {table} SET {sets} WHERE {' AND '.join(held)}"  # noqa: S608 - our own names
        changed = []
        for row in rows:
            values = [one.prepared(row[one.name]) for one in (*columns, *same)]
            cursor.execute(statement, [*values, *before])
            changed += [row["pk"]] * cursor.rowcount
        return changed


def insert_each(kind: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert rows that all hold the same fields, which must be all that have no database default.

    Return their keys, in order. For many small rows, where making an object of each costs more
    than the row.
    """
    if not rows:
        return []
    connection = connections[router.db_for_write(kind)]
    if connection.vendor != "postgresql":
        objects = [kind(**row) for row in rows]
        return [one.pk for one in kind._default_manager.bulk_create(objects)]
    columns = [_Column(kind, name, connection) for name in rows[0]]
    source, parameter = _recordset(columns, rows)
    table = connection.ops.quote_name(kind._meta.db_table)
    key = _Column(kind, "pk", connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(one.quoted for one in columns)}) "  # noqa: S608 - our own names
            f"SELECT {', '.join(one.quoted_name for one in columns)} FROM {source} "
            f"RETURNING {key.quoted}",
            [parameter],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _recordset(columns: Sequence["_Column"], rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return the rows as a FROM item `new` of PostgreSQL with one parameter, and that parameter."""
    told = [{one.name: row[one.name] for one in columns} for row in rows]
    types = ", ".join(f"{one.quoted_name} {one.type}" for one in columns)
    return f"json_to_recordset(%s::json) AS new({types})", orjson.dumps(
        told, default=_plain
    ).decode()


class _Column:
    """One field of a table, as the two databases want to hear of it."""

    def __init__(self, kind: type[models.Model], name: str, connection: Any) -> None:
        self.name = name
        self._connection = connection
        field: Any = kind._meta.pk if name == "pk" else kind._meta.get_field(name)
        self._field: Any = field
        # A key's own type says how it is made (bigserial), that of a reference to it does not.
        kind_of = field.rel_db_type if name == "pk" else field.db_type
        self.type = kind_of(connection)
        self.quoted = connection.ops.quote_name(field.column)
        self.quoted_name = connection.ops.quote_name(name)

    def prepared(self, value: Any) -> Any:
        return self._field.get_db_prep_save(value, self._connection)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
