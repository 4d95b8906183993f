"""Compiled queries find, and compiled updates change, what Django's own would, for every value."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import BigAutoField, CharField, DateTimeField, F

from accounts.models import User
from core import compiled
from core.compiled import CompiledQuery, CompiledUpdate, Slot
from models_registry.models import MonthlySpending

pytestmark = pytest.mark.django_db
JOINED = [datetime(2024, month, 1, 12, tzinfo=UTC) for month in range(1, 7)]


@pytest.fixture
def people():
    return User.objects.bulk_create(
        User(username=f"person {at}", email=f"{at}@a.example", role="rater", date_joined=joined)
        for at, joined in enumerate(JOINED)
    )


def test_other_values_find_other_rows_as_the_database_stores_them(people):
    joined = Slot("since", DateTimeField())
    query = CompiledQuery(
        lambda: (
            User.objects.filter(date_joined__gte=joined)
            .order_by("pk")
            .values_list("username", "date_joined")
        )
    )
    for since in (*JOINED, datetime(2025, 1, 1, tzinfo=UTC)):
        found = [(f"person {at}", one) for at, one in enumerate(JOINED) if one >= since]
        assert query.rows(since=since) == found


def test_what_is_in_the_shape_is_part_of_the_query_and_few_shapes_are_kept(people, monkeypatch):
    monkeypatch.setattr(compiled, "MOST_SHAPES", 2)
    query = CompiledQuery(
        lambda names, most: (
            User.objects.filter(username__in=names, email=Slot("email", CharField()))
            .order_by("pk")
            .values_list("pk")[:most]
        )
    )
    everybody = tuple(one.username for one in people)
    for at in (0, 3, 5, 0):
        assert query.rows(everybody[: at + 1], 2, email=f"{at}@a.example") == [(people[at].pk,)]
        assert query.rows(("nobody",), at, email=f"{at}@a.example") == []
    assert len(query._made) <= 2


def test_a_compiled_update_changes_the_rows_that_the_values_name(django_assert_num_queries):
    slot = Slot("cost", MonthlySpending._meta.get_field("spent"))
    months = [
        MonthlySpending.objects.create(month=one.date(), spent="0.00000001") for one in JOINED[:2]
    ]
    book = CompiledUpdate(
        lambda: MonthlySpending.objects.filter(pk=Slot("pk", BigAutoField())),
        spent=F("spent") + slot,
    )
    with django_assert_num_queries(3):
        assert book.execute(pk=months[0].pk, cost=Decimal("1.5")) == 1
        assert book.execute(pk=months[0].pk, cost=Decimal("0.00000002")) == 1
        assert book.execute(pk=0, cost=Decimal(9)) == 0
    stored = dict(MonthlySpending.objects.values_list("pk", "spent"))
    assert stored == {months[0].pk: Decimal("1.50000003"), months[1].pk: Decimal("0.00000001")}
