"""Comparisons whose answer is known, and more judgments where raters disagree."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Invalid
from judging.models import (
    Assignment,
    Comparison,
    GoldComparison,
    Judgment,
    KeptPlaces,
    Study,
    Vote,
)
from judging.protocol import Protocol, parse_protocol
from judging.scales import CANNOT_JUDGE

LEAST_UNANIMOUS = 3
DECIDED = ("first", "second")


def make_gold(
    *, comparison: Comparison, answers: Mapping[str, str], by: User | None, reason: str
) -> GoldComparison:
    """Say what the answer of a comparison is, by criterion in the canonical frame.

    Raises `Invalid` for a criterion the study does not ask, or an outcome that is none.
    """
    protocol = _protocol(comparison.study)
    known = {one.key for one in protocol.criteria}
    outcomes = set(Vote.Outcome.values) - {CANNOT_JUDGE}
    if not answers or set(answers) - known or set(answers.values()) - outcomes:
        raise Invalid(_("Name outcomes of the study's criteria."), code="answers")
    gold, _made = GoldComparison.objects.update_or_create(
        comparison=comparison,
        defaults={"answers": dict(answers), "by": by, "reason": reason, "retired_at": None},
    )
    return gold


def retire_gold(*, gold: GoldComparison, now: datetime) -> None:
    """Show a gold comparison no more; what was judged on it stays."""
    GoldComparison.objects.filter(pk=gold.pk, retired_at=None).update(retired_at=now)


def gold_of(*, study: Study) -> QuerySet[GoldComparison]:
    """Return the gold comparisons of a study, newest first, each with how often it was `judged` as one."""
    judged = Count(
        "comparison__assignments",
        filter=Q(
            comparison__assignments__purpose=Assignment.Purpose.GOLD,
            comparison__assignments__state=Assignment.State.JUDGED,
        ),
    )
    found = GoldComparison.objects.filter(comparison__study=study)
    related = ("by", "comparison__prompt", "comparison__first", "comparison__second")
    return found.select_related(*related).annotate(judged=judged).order_by("-pk")


def promote_unanimous(*, study: Study, by: User | None, least: int = LEAST_UNANIMOUS) -> int:
    """Make gold what at least `least` raters judged all alike on the primary criterion; count it."""
    key = _protocol(study).primary_criterion
    made = 0
    for pk, outcomes in _planned_outcomes(study, key).items():
        if len(outcomes) >= least and set(outcomes) in ({DECIDED[0]}, {DECIDED[1]}):
            _gold, created = GoldComparison.objects.get_or_create(
                comparison_id=pk,
                defaults={
                    "answers": {key: outcomes[0]},
                    "by": by,
                    "reason": _("%(number)s raters of %(number)s said so")
                    % {"number": len(outcomes)},
                },
            )
            made += created
    return made


def add_extra_places(*, study: Study) -> int:
    """Ask for more judgments of what was judged as planned and differently; count the comparisons.

    Raters disagree when one prefers the first and another the second on the primary criterion.
    """
    protocol = _protocol(study)
    wanted = protocol.checks.extra_judgments
    if not wanted:
        return 0
    done = Comparison.objects.filter(
        study=study, open_places=0, withdrawn=False, extra_places__lt=wanted
    )
    done = done.filter(
        ~Exists(KeptPlaces.objects.filter(comparison=OuterRef("pk"), open_places__gt=0))
    )
    leased = Count("assignments", filter=Q(assignments__state=Assignment.State.LEASED))
    ids = set(done.annotate(leased=leased).filter(leased=0).values_list("pk", flat=True))
    outcomes = _planned_outcomes(study, protocol.primary_criterion)
    disputed = [pk for pk in sorted(ids & set(outcomes)) if set(DECIDED) <= set(outcomes[pk])]
    for pk in disputed:
        Comparison.objects.filter(pk=pk, extra_places__lt=wanted).update(
            open_extra_places=F("open_extra_places") + wanted - F("extra_places"),
            extra_places=wanted,
        )
    return len(disputed)


def add_extra_places_everywhere() -> int:
    """Do it in every open study; count the comparisons."""
    open_ones = Study.objects.filter(state=Study.State.OPEN).order_by("pk")
    return sum(add_extra_places(study=one) for one in open_ones)


def _protocol(study: Study) -> Protocol:
    newest = study.versions.order_by("-number").values_list("protocol", flat=True)[0]
    return parse_protocol(newest)


def _planned_outcomes(study: Study, criterion: str) -> dict[int, list[str]]:
    """Return the outcomes that count, by comparison."""
    votes = Vote.objects.filter(
        judgment__in=_countable(study),
        criterion=criterion,
    ).exclude(outcome=CANNOT_JUDGE)
    found = defaultdict(list)
    rows = votes.order_by("pk").values_list("judgment__assignment__comparison_id", "outcome")
    for pk, outcome in rows.iterator():
        found[pk].append(outcome)
    return dict(found)


def _countable(study: Study) -> QuerySet[Judgment]:
    return Judgment.objects.countable().filter(
        assignment__study=study, assignment__purpose=Assignment.Purpose.PLANNED
    )
