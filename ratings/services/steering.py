"""Send the next votes of a study where they say most: pair weights from the votes there are."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from judging.models import ModelPair, Study
from judging.services.pairs import set_pair_weights
from judging.services.versions import protocol_of
from ratings.board.fits import choose_cluster, estimate
from ratings.dataset.ballots import latest_judgment_id, read_board_input
from ratings.scoring import (
    Allocation,
    Counts,
    boundary_allocation,
    coverage_allocation,
    uniform_allocation,
    variance_allocation,
)
from ratings.services.snapshots import latest_version

RULES = ("uniform", "coverage", "variance", "boundary")


@dataclass(frozen=True)
class Steering:
    """What was set: the rule that was used, and the weight of each pair by the models' labels."""

    rule: str
    weights: dict[tuple[str, str], float]


def steer_study(*, study: Study, rule: str, top: int | None = None) -> Steering:
    """Set the weights of the study's pairs by the primary criterion's votes.

    The mean weight is 1. With the rule "boundary" and `top` the votes go to who might be among the
    best so many, without it to neighbours that cannot be told apart; while the votes do not rank all
    models, it falls back to "coverage", and says so in what it returns.

    Raises `Conflict` for a study that is not published, and `Invalid` for an unknown rule or a `top`
    that is no boundary.
    """
    if rule not in RULES:
        raise Invalid(
            _("The rule %(rule)r is none of %(rules)s.")
            % {"rule": rule, "rules": ", ".join(RULES)},
            code="rule",
        )
    version = latest_version(study)
    source = read_board_input(version, up_to=latest_judgment_id(version))
    labels = source.labels
    if len(labels) < 2:  # noqa: PLR2004
        raise Conflict(_("There are no two models to weigh."), code="models")
    if top is not None and not 1 <= top < len(labels):
        raise Invalid(
            _("The best %(top)s of %(n_labels)s models is no boundary.")
            % {"top": top, "n_labels": len(labels)},
            code="top",
        )
    ballots = source.ballots[source.primary].judged()
    everyone = np.arange(len(labels), dtype=np.int32)
    counts = Counts.of(ballots.comparisons(labels, everyone))
    if rule == "boundary":
        found = estimate(ballots, labels, cluster=choose_cluster([ballots]))
        if found.fit is None or found.covariance is None or len(found.members) < len(labels):
            allocation = coverage_allocation(counts)
        else:
            allocation = boundary_allocation(found.fit, found.covariance, top=top)
    elif rule == "uniform":
        allocation = uniform_allocation(labels)
    else:
        allocation = (coverage_allocation if rule == "coverage" else variance_allocation)(counts)
    return _set(study, allocation, {one.label: one.version_id for one in source.models})


def steer_open_studies() -> int:
    """Steer every open study by its protocol's rule, unless that is chance alone; count them."""
    open_ones = Study.objects.filter(state=Study.State.OPEN).order_by("pk")
    rules = [(study, protocol_of(latest_version(study)).draw) for study in open_ones]
    due = [(study, rule) for study, rule in rules if rule != "uniform"]
    for study, rule in due:
        steer_study(study=study, rule=rule)
    return len(due)


def _set(study: Study, allocation: Allocation, ids: dict[str, int]) -> Steering:
    """Set the weights of those pairs that meet in the study, scaled to a mean of 1."""
    meeting = {
        frozenset(pair)
        for pair in ModelPair.objects.filter(study=study).values_list(
            "first_model_id", "second_model_id"
        )
    }
    kept = {
        pair: weight
        for pair, weight in allocation.weights.items()
        if frozenset(ids[label] for label in pair) in meeting
    }
    mean = sum(kept.values()) / max(len(kept), 1)
    weights = {pair: weight / mean for pair, weight in kept.items()}
    set_pair_weights(
        study=study, weights={(ids[one], ids[other]): w for (one, other), w in weights.items()}
    )
    return Steering(allocation.rule, weights)
