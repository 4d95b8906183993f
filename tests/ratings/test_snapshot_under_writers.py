"""A snapshot while judgments are being written, on a database that has more than one writer."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ratings.models import LeaderboardSnapshot
from ratings.services.snapshots import take_snapshot, verify_snapshot
from tests.ratings.studies import Given, build_study, make_raters, submit

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
PATIENCE = 10


def test_a_judgment_under_way_is_waited_for_so_that_nothing_appears_below_the_mark():
    built = build_study(models=("ant", "bee"))
    raters = make_raters(2)
    written, finish, taken = threading.Event(), threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            submit(built, [Given(raters[0], built.comparisons[0], False, {"helpfulness": "a"})])
            written.set()
            finish.wait(PATIENCE)
        connection.close()

    def snap():
        take_snapshot(version=built.version, now=timezone.now())
        taken.set()
        connection.close()

    writer, snapper = threading.Thread(target=write_slowly), threading.Thread(target=snap)
    writer.start()
    assert written.wait(PATIENCE)
    snapper.start()
    waited = not taken.wait(0.5)
    finish.set()
    writer.join(PATIENCE)
    snapper.join(PATIENCE)

    assert waited
    snapshot = LeaderboardSnapshot.objects.get()
    assert snapshot.result["criteria"][0]["votes"] == 1
    submit(built, [Given(raters[1], built.comparisons[1], False, {"helpfulness": "b"})])
    assert verify_snapshot(snapshot=snapshot).verified
