"""Many raters at once: no place given twice, none lost, one judgment whatever is sent twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from core.errors import Gone
from core.leases import transition
from judging.models import Assignment, Comparison, Judgment, ModelPair, Vote
from judging.services.assignments import expire_leases, find_assignment, lease_next, skip_assignment
from judging.services.endings import stop_judging
from judging.services.judgments import record_judgment
from judging.services.studies import amend_study
from tests.scenarios import make_rater, published_study

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"votes": {"quality": 1}}


def at_once(work, items, *, threads=16):
    """Run `work` on each item, all starting together, and return the results in order."""
    items = list(items)
    barrier = threading.Barrier(min(threads, len(items)))

    def one(position, item):
        try:
            if position < barrier.parties:
                barrier.wait(timeout=20)
            return work(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(barrier.parties) as pool:
        futures = [pool.submit(one, *pair) for pair in enumerate(items)]
        return [future.result(timeout=90) for future in futures]


def assert_every_place_is_accounted_for():
    active = Count("assignments", filter=Q(assignments__state__in=["leased", "judged"]))
    wrong = Comparison.objects.annotate(active=active).exclude(
        active=F("places") - F("open_places")
    )
    assert not wrong.exists()


def test_a_hundred_raters_on_fifty_places_get_exactly_fifty():
    published_study(prompts=25, models=2, judgments_per_comparison=2)
    raters = [make_rater(f"rater-{number}") for number in range(100)]

    def take(rater):
        return lease_next(rater=rater, slug="study", now=timezone.now())

    results = at_once(take, raters, threads=25)
    assert sum(one is not None for one in results) == 50
    assert Comparison.objects.filter(open_places=0).count() == 25
    assert Assignment.objects.values("comparison").annotate(n=Count("pk")).filter(n=2).count() == 25
    assert_every_place_is_accounted_for()


def test_nobody_hears_that_nothing_is_left_while_a_place_is_open():
    published_study(prompts=12, models=2, judgments_per_comparison=4)
    raters = [make_rater(f"rater-{number}") for number in range(8)]

    def judge_six(rater):
        for _ in range(6):
            leased = lease_next(rater=rater, slug="study", now=timezone.now())
            if leased is None:
                return Comparison.objects.exclude(assignments__rater=rater).filter(
                    open_places__gt=0
                )
            held = find_assignment(rater=rater, token=leased.blinded.token)
            record_judgment(assignment=held, body=BODY, now=timezone.now())
        return ()

    left = at_once(judge_six, raters, threads=8)
    assert all(not list(one) for one in left)
    assert Judgment.objects.count() == Assignment.objects.count()
    assert Judgment.objects.count() >= 44
    assert_every_place_is_accounted_for()
    swapped = ModelPair.objects.get().lean
    counts = Counter(Assignment.objects.values_list("swapped", flat=True))
    assert swapped == counts[True] - counts[False]


def test_thirty_equal_submissions_are_one_judgment(client_of):
    scene = published_study(prompts=1, models=2)
    client = client_of(scene.bob.user)
    token = client.post(scene.url).json()["token"]
    header = client._credentials

    def submit(_):
        url = f"/api/v1/assignments/{token}/judgment/"
        response = type(client)().post(url, BODY, format="json", **header)
        return response.status_code, response.json()["id"]

    answers = at_once(submit, range(30), threads=15)
    assert Counter(status for status, _ in answers) == {201: 1, 200: 29}
    assert len({judgment for _, judgment in answers}) == 1
    assert (Judgment.objects.count(), Vote.objects.count()) == (1, 1)


def test_one_raters_simultaneous_requests_get_one_assignment():
    scene = published_study(prompts=10, models=2)

    def take(_):
        return lease_next(rater=scene.bob, slug="study", now=timezone.now()).blinded.token

    assert len(set(at_once(take, range(12), threads=12))) == 1
    assert Assignment.objects.count() == 1
    assert_every_place_is_accounted_for()


def test_simultaneous_prefetches_get_one_assignment_ahead():
    scene = published_study(prompts=10, models=2)
    lease_next(rater=scene.bob, slug="study", now=timezone.now())

    def take(_):
        ahead = lease_next(rater=scene.bob, slug="study", now=timezone.now(), prefetch=True)
        return ahead.blinded.token

    assert len(set(at_once(take, range(12), threads=12))) == 1
    assert Assignment.objects.leased().count() == 2
    assert_every_place_is_accounted_for()


@pytest.mark.parametrize("attempt", range(4))
def test_a_late_judgment_and_a_new_lease_never_share_the_last_place(attempt):
    scene = published_study(prompts=1, models=2)
    token = lease_next(rater=scene.bob, slug="study", now=timezone.now()).blinded.token
    held = find_assignment(rater=scene.bob, token=token)
    expire_leases(now=timezone.now() + timedelta(hours=2))
    others = [make_rater(f"rater-{number}") for number in range(7)]

    def race(rater):
        if rater != scene.bob:
            return lease_next(rater=rater, slug="study", now=timezone.now()) is not None
        try:
            return record_judgment(assignment=held, body=BODY, now=timezone.now()).created
        except Gone:
            return False

    winners = at_once(race, [scene.bob, *others], threads=8)
    assert sum(winners) == 1
    assert Judgment.objects.count() == int(winners[0])
    assert_every_place_is_accounted_for()


def test_expiry_twice_at_once_gives_each_place_back_once():
    published_study(prompts=6, models=2)
    for number in range(6):
        lease_next(rater=make_rater(f"rater-{number}"), slug="study", now=timezone.now())
    later = timezone.now() + timedelta(hours=2)
    freed = at_once(lambda _: expire_leases(now=later), range(4), threads=4)
    assert sum(freed) == 6
    assert Comparison.objects.filter(open_places=1).count() == 6
    assert_every_place_is_accounted_for()


def test_skipping_twice_at_once_gives_the_place_back_once():
    scene = published_study(prompts=1, models=2)
    token = lease_next(rater=scene.bob, slug="study", now=timezone.now()).blinded.token
    held = find_assignment(rater=scene.bob, token=token)

    def skip(_):
        skip_assignment(assignment=held, reason="unsure", now=timezone.now())

    at_once(skip, range(8), threads=8)
    assert Comparison.objects.get().open_places == 1
    assert_every_place_is_accounted_for()


@pytest.mark.services  # Django rebuilds SQLite's tables with the constraints of the model
def test_without_the_uniqueness_in_the_database_a_second_judgment_would_be_stored():
    """The negative control: these constraints are what keeps a judgment single."""
    scene = published_study(prompts=1, models=2)
    token = lease_next(rater=scene.bob, slug="study", now=timezone.now()).blinded.token
    held = find_assignment(rater=scene.bob, token=token)
    guards = [(model, model._meta.constraints[0]) for model in (Judgment, Vote)]
    assert [one.name for _, one in guards] == ["judgment_revision", "vote_once_a_criterion"]
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.remove_constraint(*guard)
    try:
        for _ in range(2):
            Assignment.objects.update(state="leased")
            assert record_judgment(assignment=held, body=BODY, now=timezone.now()).created
        assert Judgment.objects.count() == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM judging_vote")
            cursor.execute("DELETE FROM judging_judgment")
        with connection.schema_editor() as editor:
            for guard in guards:
                editor.add_constraint(*guard)


def while_held(first, second):
    """Do `first`, and `second` in a thread while what `first` wrote is not committed yet."""
    done = []

    def other():
        try:
            done.append(second())
        except Gone as error:
            done.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        first()
        thread.start()
        thread.join(timeout=1)  # by then it waits for the first
    thread.join(timeout=30)
    return done[0]


def test_a_late_judgment_of_what_is_leased_again_takes_no_second_place():
    scene = published_study(prompts=1, models=2, judgments_per_comparison=2)
    now = timezone.now()
    token = lease_next(rater=scene.bob, slug="study", now=now).blinded.token
    stop_judging(rater=scene.bob, now=now)
    held = find_assignment(rater=scene.bob, token=token)
    recorded = while_held(
        lambda: lease_next(rater=scene.bob, slug="study", now=now),
        lambda: record_judgment(assignment=held, body=BODY, now=now),
    )
    assert recorded.created
    assert Comparison.objects.get().open_places == 1
    assert_every_place_is_accounted_for()


def test_two_give_back_at_once_what_an_amendment_wants_fewer_of():
    scene = published_study(prompts=1, models=2, judgments_per_comparison=2)
    now = timezone.now()
    for rater in (scene.bob, scene.carol):
        lease_next(rater=rater, slug="study", now=now)
    amend_study(study=scene.study, changes={"judgments_per_comparison": 1}, now=now)
    while_held(
        lambda: stop_judging(rater=scene.bob, now=now),
        lambda: stop_judging(rater=scene.carol, now=now),
    )
    one = Comparison.objects.get()
    assert (one.places, one.open_places) == (1, 1)


def test_what_is_given_back_while_an_amendment_wants_more_stays_wanted():
    scene = published_study(prompts=1, models=2, judgments_per_comparison=2)
    now = timezone.now()
    for rater in (scene.bob, scene.carol):
        lease_next(rater=rater, slug="study", now=now)
    amend_study(study=scene.study, changes={"judgments_per_comparison": 1}, now=now)
    while_held(
        lambda: amend_study(study=scene.study, changes={"judgments_per_comparison": 2}, now=now),
        lambda: stop_judging(rater=scene.carol, now=now),
    )
    one = Comparison.objects.get()
    assert (one.places, one.open_places) == (2, 1)


def test_a_state_is_never_compared_behind_a_join():
    behind = Assignment.objects.exclude(study__state="closed")
    with pytest.raises(ValueError, match="join"):
        transition(behind, 1, was="leased", state="judged")
