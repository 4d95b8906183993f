"""Record what raters judged: once, whatever is sent twice; changes are new rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import RaterProfile
from core.errors import Conflict, Gone
from core.leases import lock, transition
from judging.models import Assignment, Judgment, Study
from judging.protocol import Answers, Protocol, parse_answers
from judging.scales import canonical_vote, scale_of
from judging.services.places import LAPSED, take_place
from judging.services.statements import Held, NewJudgment, NewVote, insert_judgment, judge
from judging.services.versions import protocol_under

State = Assignment.State
# A rater does not learn that a judgment was excluded.
WITHOUT_VOTES = (Judgment.Kind.RETRACTION, Judgment.Kind.EXCLUSION)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A judgment as it is stored; `created` is False when it was there already."""

    revision: int
    submitted_at: datetime
    undo_until: datetime
    answers: Answers
    created: bool


class _PlaceTaken(Exception):
    """The place of a lapsed lease was given to somebody else."""


class _CapReached(Exception):
    """The rater judged, or holds, as much as one rater may."""


def record_judgment(*, assignment: Held, body: Any, now: datetime) -> Recorded:
    """Store a submission once: sent again, at once or later, it gives the same judgment.

    One short transaction, whose first statement decides who may write. A lease that ran out is
    still good until its place was given away. `assignment` comes from `find_assignment`.
    Raises `Invalid` for a body the protocol does not allow, `Conflict` when something else was
    submitted before, `Gone` when the place was given away, or given back by skipping.
    """
    protocol, answers = _parsed(assignment, body)
    if not _is_closed(assignment):
        judgment = _row(assignment, protocol, answers, revision=0, now=now)
        try:
            done = judge(judgment) or _judge_late(judgment, assignment, protocol)
            # Another tab of the same rater may have leased it again in between.
            if done or judge(judgment):
                return _recorded(judgment, answers, protocol, created=True)
        except _CapReached:
            raise Gone(
                _("Too late: you have judged as much as one rater may."), code="cap_reached"
            ) from None
        except (IntegrityError, _PlaceTaken):
            # The same was sent at the same moment, or the place was given away: told apart below.
            pass
    return _replayed(assignment, protocol, answers)


def supersede_judgment(*, assignment: Held, body: Any, now: datetime) -> Recorded:
    """Replace a submission within the undo window by a new row; the first impression is kept.

    The window is counted from the first submission. The same body again gives the same judgment.
    Raises `Invalid`, and `Conflict` when nothing was submitted, the window is over, or the study
    was closed.
    """
    protocol, answers = _parsed(assignment, body)
    with transaction.atomic():
        # Two changes at once must not both become the same revision.
        lock(Assignment.objects.filter(pk=assignment.pk)).values_list("pk").get()
        made = list(Judgment.objects.filter(assignment_id=assignment.pk).order_by("revision"))
        if not made:
            raise Conflict(
                _("There is no judgment to change; submit one first."), code="not_judged"
            )
        if made[-1].body_digest == answers.digest():
            return _recorded(made[-1], answers, protocol, first=made[0])
        if now > _undo_until(made[0], protocol) or made[-1].kind in WITHOUT_VOTES:
            raise Conflict(
                _("The time for changes is over; the judgment stays as it was submitted."),
                code="undo_window_over",
            )
        if _is_closed(assignment):
            raise Conflict(_("This study is closed."), code="study_closed")
        judgment = _row(assignment, protocol, answers, revision=len(made), now=now)
        insert_judgment(judgment)
        return _recorded(judgment, answers, protocol, first=made[0])


def _parsed(assignment: Held, body: Any) -> tuple[Protocol, Answers]:
    protocol = protocol_under(assignment.digest)
    return protocol, parse_answers(protocol, assignment.criteria, body)


def _is_closed(assignment: Held) -> bool:
    return assignment.study_state == Study.State.CLOSED


def _judge_late(judgment: NewJudgment, assignment: Held, protocol: Protocol) -> bool:
    """Store a judgment whose lease had run out, if its place can be had again."""
    closed = Study.objects.filter(pk=OuterRef("study"), state=Study.State.CLOSED)
    with transaction.atomic():
        won = transition(
            Assignment.objects.exclude(Exists(closed)),
            assignment.pk,
            was=LAPSED,
            state=State.JUDGED,
            closed_at=judgment.submitted_at,
        )
        if not won:
            return False
        # Raised, so that the transition is rolled back.
        if _exceeds_cap(assignment, protocol):
            raise _CapReached
        if not take_place(
            comparison_id=assignment.comparison_id,
            purpose=assignment.purpose,
            kept_for=assignment.kept_for,
        ):
            raise _PlaceTaken
        insert_judgment(judgment)
    return True


def _exceeds_cap(assignment: Held, protocol: Protocol) -> bool:
    """Say whether the rater has more than the cap, this one and open ones included."""
    if protocol.judgments_per_rater is None:
        return False
    # Two late ones at once count one after the other.
    lock(RaterProfile.objects.filter(pk=assignment.rater_id)).values_list("pk").get()
    taken = Assignment.objects.filter(
        rater_id=assignment.rater_id,
        study_id=assignment.study_id,
        state__in=[State.LEASED, State.JUDGED],
    )
    return taken.count() > protocol.judgments_per_rater


def _row(
    assignment: Held, protocol: Protocol, answers: Answers, *, revision: int, now: datetime
) -> NewJudgment:
    scales = {one.key: scale_of(one.scale) for one in protocol.criteria}
    votes = []
    for key, value in answers.votes:
        canonical = canonical_vote(scales[key], value, swapped=assignment.swapped)
        votes.append(NewVote(key, str(value), canonical.outcome, canonical.grade))
    return NewJudgment(
        assignment_id=assignment.pk,
        revision=revision,
        kind=Judgment.Kind.SUPERSESSION if revision else Judgment.Kind.SUBMISSION,
        submitted_at=now,
        body_digest=answers.digest(),
        comment=answers.comment,
        votes=tuple(votes),
    )


def _replayed(assignment: Held, protocol: Protocol, answers: Answers) -> Recorded:
    """Answer a submission that did not win: the judgment it repeats, or why there is none."""
    made = list(Judgment.objects.filter(assignment_id=assignment.pk).order_by("revision"))
    same = [one for one in made if one.body_digest == answers.digest()]
    if same:
        return _recorded(same[-1], answers, protocol, first=made[0])
    if made:
        raise Conflict(
            _(
                "This comparison was judged already, with other choices. That judgment stays; it "
                "can be changed while it can be undone."
            ),
            code="already_judged",
        )
    # Asked anew: it may have been closed since the assignment was read.
    if Study.objects.filter(assignments=assignment.pk, state=Study.State.CLOSED).exists():
        raise Gone(_("This study is closed."), code="study_closed")
    if Assignment.objects.filter(pk=assignment.pk, state=State.SKIPPED).exists():
        raise Gone(_("You skipped this comparison."), code="skipped")
    raise Gone(_("Too late: this comparison was given to somebody else."), code="place_given_away")


def _recorded(
    judgment: Judgment | NewJudgment,
    answers: Answers,
    protocol: Protocol,
    *,
    first: Judgment | None = None,
    created: bool = False,
) -> Recorded:
    return Recorded(
        revision=judgment.revision,
        submitted_at=judgment.submitted_at,
        undo_until=_undo_until(first or judgment, protocol),
        answers=answers,
        created=created,
    )


def _undo_until(first: Judgment | NewJudgment, protocol: Protocol) -> datetime:
    return first.submitted_at + timedelta(seconds=protocol.undo_seconds)
