"""Compare-and-set on a row's state: exactly one caller wins each transition."""

from typing import Any

from django.db import connections
from django.db.models import QuerySet


def transition(rows: QuerySet, /, pk: Any, *, was: str | tuple[str, ...], **values: Any) -> bool:
    """Set `values` on the row `pk` if its state still is (one of) `was`; say whether this call did.

    One UPDATE with the state in its WHERE clause: two processes can never both win. Raises
    `ValueError` for rows that are chosen by a join: the state would be asked in a subquery, which
    PostgreSQL does not ask again of a row that it waited for, and both could win.
    """
    states = (was,) if isinstance(was, str) else was
    changed = rows.filter(pk=pk, state__in=states)
    if sum(count > 0 for count in changed.query.alias_refcount.values()) > 1:
        raise ValueError("rows chosen by a join cannot be compared and set; use Exists")
    return changed.update(**values) == 1


def lock(rows: QuerySet, /, *, skip_locked: bool = False) -> QuerySet:
    """Lock the rows where the database can; SQLite's IMMEDIATE transactions lock the whole file.

    Rows that only refer to these can still be written: their keys stay as they are. A full lock
    would stop every such insert until the end, and wait in a circle with one that is under way.
    """
    features = connections[rows.db].features
    if not features.has_select_for_update:
        return rows
    return rows.select_for_update(
        of=("self",),
        skip_locked=skip_locked and features.has_select_for_update_skip_locked,
        no_key=features.has_select_for_no_key_update,
    )
