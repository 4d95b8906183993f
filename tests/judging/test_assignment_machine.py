"""The life of assignments under any order of events: no illegal state, every place accounted for."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.errors import Conflict, Gone
from judging.models import Assignment, Comparison, Judgment, SeenCompletion, Vote
from judging.services.assignments import expire_leases, find_assignment, lease_next, skip_assignment
from judging.services.judgments import record_judgment, supersede_judgment
from judging.services.studies import amend_study, pause_study, resume_study
from tests.conftest import NOW
from tests.scenarios import make_rater, published_study

ACTIVE = ["leased", "judged"]
RATERS = st.integers(0, 2)
CHOICES = st.integers(0, 100)
GRADES = st.sampled_from([-1, 2])
NEXT_STATES = {
    "leased": {"leased", "judged", "skipped", "expired"},
    "expired": {"expired", "leased", "judged", "skipped"},
    "skipped": {"skipped"},
    "judged": {"judged"},
}


class AssignmentMachine(RuleBasedStateMachine):
    """Three raters on four comparisons of two places, and a clock that only goes forward."""

    def __init__(self):
        super().__init__()
        for model in (Vote, Judgment, Assignment, SeenCompletion, Comparison):
            rows = model.objects.all()
            rows._raw_delete(rows.db)
        self.scene = type(self).scene
        self.raters = type(self).raters
        Comparison.objects.bulk_create(type(self).comparisons)
        self.now, self.states, self.first = NOW, {}, {}

    def held(self, rater, choice):
        mine = list(Assignment.objects.filter(rater=rater).order_by("pk"))
        if not mine:
            return None
        token = mine[choice % len(mine)].token
        return find_assignment(rater=rater, token=token)

    @rule(rater=RATERS, prefetch=st.booleans())
    def next(self, rater, prefetch):
        rater = self.raters[rater]
        leased = lease_next(rater=rater, slug="study", now=self.now, prefetch=prefetch)
        mine = Assignment.objects.filter(rater=rater)
        if leased is None:
            taken = mine.filter(state__in=[*ACTIVE, "skipped"]).values("comparison")
            assert not Comparison.objects.exclude(pk__in=taken).filter(open_places__gt=0).exists()
        else:
            assert mine.get(token=leased.blinded.token).state == "leased"

    @rule(rater=RATERS, choice=CHOICES, grade=GRADES)
    def judge(self, rater, choice, grade):
        if held := self.held(self.raters[rater], choice):
            body = {"votes": {"quality": grade}}
            before = Assignment.objects.get(pk=held.pk).state
            try:
                recorded = record_judgment(assignment=held, body=body, now=self.now)
            except Conflict:
                assert before == "judged"
                assert self.first[held.pk] != grade
            except Gone:
                assert before in {"skipped", "expired"}
            else:
                assert recorded.created == (before != "judged")
                self.first.setdefault(held.pk, grade)

    @rule(rater=RATERS, choice=CHOICES, grade=GRADES)
    def change(self, rater, choice, grade):
        if held := self.held(self.raters[rater], choice):
            rows = Judgment.objects.filter(assignment_id=held.pk)
            before = rows.count()
            try:
                supersede_judgment(
                    assignment=held, body={"votes": {"quality": grade}}, now=self.now
                )
            except Conflict:
                assert rows.count() == before
            else:
                assert 1 <= rows.count() - before + 1 <= 2

    @rule(rater=RATERS, choice=CHOICES)
    def skip(self, rater, choice):
        if held := self.held(self.raters[rater], choice):
            before = Assignment.objects.get(pk=held.pk).state
            try:
                skip_assignment(assignment=held, reason="unsure", now=self.now)
            except Conflict:
                assert before == "judged"

    @rule(minutes=st.integers(0, 40))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def expire(self):
        expire_leases(now=self.now)
        assert not Assignment.objects.overdue(now=self.now).exists()

    @invariant()
    def every_place_is_accounted_for(self):
        for one in Comparison.objects.all():
            active = one.assignments.filter(state__in=ACTIVE).count()
            assert one.places - one.open_places == active
            assert active <= 2

    @invariant()
    def raters_hold_one_shown_and_one_ahead_at_most(self):
        for rater in self.raters:
            for prefetched in (False, True):
                held = Assignment.objects.filter(rater=rater, state="leased")
                assert held.filter(prefetched=prefetched).count() <= 1

    @invariant()
    def judged_and_only_judged_assignments_have_judgments(self):
        judged = set(Assignment.objects.filter(state="judged").values_list("pk", flat=True))
        assert judged == set(Judgment.objects.values_list("assignment_id", flat=True))

    @invariant()
    def states_move_only_forward(self):
        for pk, state in Assignment.objects.values_list("pk", "state"):
            assert state in NEXT_STATES[self.states.get(pk, "leased")]
            self.states[pk] = state


@pytest.mark.django_db
def test_assignments_keep_their_rules_in_any_order_of_events():
    AssignmentMachine.scene = published_study(
        prompts=4, models=2, judgments_per_comparison=2, now=NOW
    )
    AssignmentMachine.comparisons = list(Comparison.objects.all())
    AssignmentMachine.raters = [make_rater(f"rater-{number}") for number in range(3)]
    run_state_machine_as_test(
        AssignmentMachine,
        settings=settings(
            max_examples=15,
            stateful_step_count=35,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_pausing_and_amending_leave_the_places_exact(db):
    scene = published_study(prompts=3, models=2, judgments_per_comparison=2, now=NOW)
    held = [lease_next(rater=one, slug="study", now=NOW) for one in (scene.bob, scene.carol)]
    assert all(held)
    pause_study(study=scene.study)
    for places in (1, 3):
        amend_study(study=scene.study, changes={"judgments_per_comparison": places}, now=NOW)
        for one in Comparison.objects.all():
            active = one.assignments.filter(state__in=ACTIVE).count()
            assert one.places - one.open_places == active
            assert one.places == max(places, active)
    resume_study(study=scene.study)
    assert lease_next(rater=scene.bob, slug="study", now=NOW).created is False
