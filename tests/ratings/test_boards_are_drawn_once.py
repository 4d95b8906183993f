"""A board is drawn once for each way to name its models; large studies are counted once a minute."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from judging.models import Study
from ratings.services import counts
from ratings.services.snapshots import take_snapshot
from ratings.views import shown
from tests.ratings.studies import build_study, judge_at_random, make_raters

PAGE = "/studies/birds/board/"


@pytest.fixture
def built(db):
    built = build_study()
    judge_at_random(built, make_raters(4), each=2)
    return built


@pytest.fixture
def drawn(monkeypatch) -> list:
    """The boards that were drawn, in their order."""
    seen, drawing = [], shown.drawing

    def noted(board):
        seen.append([one["name"] for one in board["models"]])
        return drawing(board)

    monkeypatch.setattr(shown, "drawing", noted)
    return seen


def test_a_second_look_draws_nothing_and_shows_the_same(built, client, alice, drawn):
    take_snapshot(version=built.version, now=timezone.now())
    client.force_login(alice)
    first, second = (client.get(PAGE).content.decode() for _ in range(2))
    assert drawn == [["Ant", "Bee", "Cow"]]
    part = 'aria-labelledby="part-helpfulness"'
    assert part in first
    assert (
        first.partition(part)[2].partition("<footer")[0]
        == second.partition(part)[2].partition("<footer")[0]
    )


def test_names_and_codes_are_drawn_apart_whoever_looks_first(built, client, alice, dave, drawn):
    take_snapshot(version=built.version, now=timezone.now())
    for user, named in ((alice, True), (dave, False), (alice, True), (dave, False)):
        client.force_login(user)
        assert ("<bdi>Ant</bdi>" in client.get(PAGE).content.decode()) is named
    assert len(drawn) == 2
    Study.objects.update(state="closed")
    assert "<bdi>Ant</bdi>" in client.get(PAGE).content.decode()


def test_a_new_board_is_drawn_anew(built, client, alice, drawn):
    client.force_login(alice)
    for seed in (0, 1):
        take_snapshot(version=built.version, now=timezone.now(), seed=seed)
        client.get(PAGE)
    assert len(drawn) == 2


def test_few_judgments_are_counted_every_time_and_many_once_a_minute(built, monkeypatch):
    studies = list(Study.objects.all())
    assert counts.judgments_of(studies) == {built.study.pk: 36}
    judge = User.objects.count()
    more = make_raters(1, prefix=f"late{judge}")
    monkeypatch.setattr(counts, "MANY", 40)
    judge_at_random(built, more, each=1)
    assert counts.judgments_of(studies) == {built.study.pk: 54}
    with CaptureQueriesContext(connection) as asked:
        assert counts.judgments_of(studies) == {built.study.pk: 54}
    assert not asked.captured_queries
    judge_at_random(built, make_raters(1, prefix="last"), each=1)
    caches["process"].clear()
    assert counts.judgments_of(studies) == {built.study.pk: 72}
    assert counts.wanted_of(studies) == {built.study.pk: 54}
