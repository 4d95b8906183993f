"""The life of assignments under any order of events: no illegal state, every place accounted for."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.models import RaterProfile
from accounts.services.holds import hold_rater, release_rater
from core.errors import Conflict, Gone, Invalid, NotAllowed
from judging.models import Assignment, Comparison, Judgment, KeptPlaces, SeenCompletion, Study
from judging.services.assignments import expire_leases, find_assignment, lease_next, skip_assignment
from judging.services.cohorts import set_cohort, standing_of
from judging.services.corrections import exclude_judgments, restore_judgments
from judging.services.endings import stop_judging
from judging.services.judgments import record_judgment, supersede_judgment
from judging.services.studies import (
    amend_study,
    create_study,
    pause_study,
    publish_version,
    resume_study,
)
from judging.services.versions import protocol_of
from tests.conftest import NOW
from tests.scenarios import make_rater, protocol_for, published_study

ACTIVE = ["leased", "judged"]
LAPSED = ["expired", "returned"]
RATERS = st.integers(0, 2)
CHOICES = st.integers(0, 100)
GRADES = st.sampled_from([-1, 2])
NEXT_STATES = {
    "leased": {"leased", "judged", "skipped", "expired", "returned"},
    "expired": {"expired", "leased", "judged", "skipped"},
    "returned": {"returned", "leased", "judged", "skipped"},
    "skipped": {"skipped"},
    "judged": {"judged"},
}
KEPT = [{"key": "experts", "label": "Experts", "judgments": 1}]


class AssignmentMachine(RuleBasedStateMachine):
    """Three raters on four comparisons of two places, and a clock that only goes forward.

    One place of each is kept for a cohort, which raters join and leave. Each run has a study of its
    own over the same answers.
    """

    numbers = count(1)

    @classmethod
    def prepare(cls):
        cls.scene = published_study(prompts=4, models=2, judgments_per_comparison=2, now=NOW)
        cls.raters = [make_rater(f"rater-{number}") for number in range(3)]

    def __init__(self):
        super().__init__()
        self.now, self.states, self.first, self.lines = NOW, {}, {}, {}
        RaterProfile.objects.update(held=False)
        self.reload()
        self.slug = f"study-{next(self.numbers)}"
        study = create_study(
            slug=self.slug,
            name="A study",
            created_by=self.scene.alice,
            protocol=protocol_for(
                self.scene.pool_version,
                self.scene.models,
                judgments_per_comparison=2,
                cohorts=KEPT,
            ),
        )
        names = [one.pseudonym for one in self.raters[:2]]
        set_cohort(study=study, raters=names, cohort="experts", by=self.scene.alice, now=NOW)
        self.study = publish_version(study=study, now=NOW).study

    def reload(self):
        for one in self.raters:
            one.refresh_from_db()

    @property
    def assignments(self):
        return Assignment.objects.filter(study=self.study)

    @property
    def comparisons(self):
        return Comparison.objects.filter(study=self.study)

    def held(self, rater, choice):
        mine = list(self.assignments.filter(rater=rater).order_by("pk"))
        if not mine:
            return None
        token = mine[choice % len(mine)].token
        return find_assignment(rater=rater, token=token)

    def groups(self, rater):
        protocol = protocol_of(self.study.versions.latest("number"))
        of = {"study_id": self.study.pk, "slug": self.slug, "protocol": protocol}
        return ["", *standing_of(rater=rater, **of).groups]

    def has_place(self, comparison, kept_for):
        if not kept_for:
            return comparison.open_places > 0
        kept = KeptPlaces.objects.filter(comparison=comparison, kept_for=kept_for)
        return kept.filter(open_places__gt=0).exists()

    def could_have(self, rater):
        """Every place that this rater could have now, found the slow way."""
        groups, mine = self.groups(rater), self.assignments.filter(rater=rater)
        for one in self.comparisons.filter(withdrawn=False):
            was = mine.filter(comparison=one).first()
            if was is None:
                yield from (group for group in groups if self.has_place(one, group))
            elif was.state in LAPSED and was.kept_for in groups:
                yield from [was] if self.has_place(one, was.kept_for) else []

    @rule(rater=RATERS, prefetch=st.booleans())
    def next(self, rater, prefetch):
        rater = self.raters[rater]
        mine = self.assignments.filter(rater=rater)
        before = set(mine.filter(state="leased").values_list("pk", flat=True))
        try:
            leased = lease_next(rater=rater, slug=self.slug, now=self.now, prefetch=prefetch)
        except Conflict:
            assert self.study.state == Study.State.PAUSED
        except NotAllowed as error:
            code = error.code
            assert code == ("rater_held" if rater.held else "skip_cap")
        else:
            assert self.study.state == Study.State.OPEN
            if leased is None:
                assert not list(self.could_have(rater))
            else:
                shown = mine.get(token=leased.blinded.token)
                assert shown.state == "leased"
                assert shown.pk in before or not rater.held

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
                assert before in {"skipped", *LAPSED}
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

    @rule(rater=RATERS)
    def stop(self, rater):
        stop_judging(rater=self.raters[rater], now=self.now)
        assert not self.assignments.filter(rater=self.raters[rater], state="leased").exists()

    @rule(rater=RATERS, held=st.booleans())
    def hold(self, rater, held):
        change = hold_rater if held else release_rater
        change(rater=self.raters[rater], by=self.scene.alice, reason="odd", now=self.now)
        self.reload()

    @rule(pause=st.booleans())
    def pause(self, pause):
        (pause_study if pause else resume_study)(study=self.study, now=self.now)

    @rule(places=st.integers(1, 3), kept=st.booleans())
    def amend(self, places, kept):
        changes = {"judgments_per_comparison": places, "cohorts": KEPT if kept else []}
        with suppress(Conflict, Invalid):  # the cohort may be too small, or nothing changed
            amend_study(study=self.study, changes=changes, now=self.now)
        self.study.refresh_from_db()

    @rule(rater=RATERS, cohort=st.sampled_from(["experts", ""]))
    def move(self, rater, cohort):
        names = [self.raters[rater].pseudonym]
        with suppress(Invalid):  # the version in force may have no cohorts
            set_cohort(
                study=self.study, raters=names, cohort=cohort, by=self.scene.alice, now=self.now
            )

    @rule(rater=RATERS, restore=st.booleans())
    def correct(self, rater, restore):
        change = restore_judgments if restore else exclude_judgments
        of = {"study": self.study, "rater": self.raters[rater], "by": self.scene.alice}
        change(**of, reason="checked", now=self.now)
        assert change(**of, reason="checked", now=self.now) == 0

    @invariant()
    def every_place_is_accounted_for(self):
        active = self.assignments.filter(state__in=ACTIVE)
        taken = Counter(active.values_list("comparison", "kept_for"))
        places = [((one.pk, ""), one) for one in self.comparisons]
        kept = KeptPlaces.objects.filter(comparison__study=self.study)
        places += [((one.comparison_id, one.kept_for), one) for one in kept]
        for place, one in places:
            assert one.places - one.open_places == taken[place]
            assert one.places == max(one.wanted, taken[place])
        assert taken.keys() <= {place for place, _ in places}

    @invariant()
    def nobody_sees_an_answer_twice(self):
        shown = Counter(self.assignments.values_list("rater", "comparison"))
        assert set(shown.values()) <= {1}
        seen = SeenCompletion.objects.filter(study_id=self.study.pk).values_list(
            "rater_id", flat=True
        )
        assert Counter(seen) == Counter(rater for rater, _ in shown for _ in ("first", "second"))

    @invariant()
    def raters_hold_one_shown_and_one_ahead_at_most(self):
        leased = self.assignments.filter(state="leased").values_list("rater", "prefetched")
        assert set(Counter(leased).values()) <= {1}

    @invariant()
    def judged_and_only_judged_assignments_have_judgments(self):
        judged = set(self.assignments.filter(state="judged").values_list("pk", flat=True))
        lines = Judgment.objects.filter(assignment__study=self.study)
        assert judged == set(lines.values_list("assignment_id", flat=True))

    @invariant()
    def the_ledger_only_grows(self):
        lines = Judgment.objects.filter(assignment__study=self.study).order_by("revision", "pk")
        told = {}
        for one in lines.prefetch_related("votes"):
            votes = sorted((vote.criterion, vote.display_value) for vote in one.votes.all())
            told[one.pk] = (one.assignment_id, one.revision, one.kind, tuple(votes))
            assert bool(votes) == (one.kind not in {"retraction", "exclusion"})
        assert self.lines.items() <= told.items()
        self.lines = told
        for pk in {one[0] for one in told.values()}:
            revisions = [one[1] for one in told.values() if one[0] == pk]
            assert revisions == list(range(len(revisions)))

    @invariant()
    def states_move_only_forward(self):
        for pk, state in self.assignments.values_list("pk", "state"):
            assert state in NEXT_STATES[self.states.get(pk, "leased")]
            self.states[pk] = state


@pytest.mark.django_db
def test_assignments_keep_their_rules_in_any_order_of_events():
    AssignmentMachine.prepare()
    run_state_machine_as_test(
        AssignmentMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_pausing_and_amending_leave_the_places_exact(db):
    scene = published_study(prompts=3, models=2, judgments_per_comparison=2, now=NOW)
    held = [lease_next(rater=one, slug="study", now=NOW) for one in (scene.bob, scene.carol)]
    assert all(held)
    pause_study(study=scene.study, now=NOW)
    for places in (1, 3):
        amend_study(study=scene.study, changes={"judgments_per_comparison": places}, now=NOW)
        for one in Comparison.objects.all():
            active = one.assignments.filter(state__in=ACTIVE).count()
            assert one.places - one.open_places == active
            assert one.places == max(places, active)
    resume_study(study=scene.study, now=NOW)
    assert lease_next(rater=scene.bob, slug="study", now=NOW).created is False
