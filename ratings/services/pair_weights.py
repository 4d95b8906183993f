"""Push down how likely each pair of models is drawn next, from the votes there are."""

from datetime import datetime

import numpy as np

from judging.models import Study
from judging.protocol import parse_protocol
from judging.services.comparisons import set_pair_weights
from ratings.board import BoardInput
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

COUNTED = {"coverage": coverage_allocation, "variance": variance_allocation}


def push_pair_weights(*, study: Study, now: datetime) -> Allocation:
    """Compute the pairs' weights by the rule of the protocol, from the primary criterion's votes.

    What is drawn afterwards follows them; each assignment keeps the probability it was drawn with.
    """
    version = latest_version(study)
    source = read_board_input(version, up_to=latest_judgment_id(version))
    rule = parse_protocol(version.protocol).draw
    allocation = _allocation(source, rule)
    ids = {model.label: model.version_id for model in source.models}
    weights = {(ids[a], ids[b]): weight for (a, b), weight in allocation.weights.items()}
    set_pair_weights(study=study, weights=weights)
    return allocation


def push_due_weights(*, now: datetime) -> int:
    """Do it for every open study whose protocol draws by anything but chance; count them."""
    open_ones = Study.objects.filter(state=Study.State.OPEN).order_by("pk")
    due = [
        one for one in open_ones if parse_protocol(latest_version(one).protocol).draw != "uniform"
    ]
    for study in due:
        push_pair_weights(study=study, now=now)
    return len(due)


def _allocation(source: BoardInput, rule: str) -> Allocation:
    ballots, labels = source.ballots[source.primary], source.labels
    if rule == "uniform":
        return uniform_allocation(labels)
    everyone = np.arange(len(labels), dtype=np.int32)
    counts = Counts.of(ballots.judged().comparisons(labels, everyone))
    if rule != "boundary":
        return COUNTED[rule](counts)
    found = estimate(ballots, labels, cluster=choose_cluster([ballots.judged()]))
    if found.fit is None or found.covariance is None or len(found.members) < len(labels):
        # There is no boundary yet: first every pair has to be known.
        return coverage_allocation(counts)
    return boundary_allocation(found.fit, found.covariance)
