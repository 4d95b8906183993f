"""What speaks against believing a criterion's order, and how far its raters agree (pure)."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator

from ratings.board.fits import Estimate
from ratings.board.inputs import BOTH_BAD, CANNOT_JUDGE, FITTED, NOBODY, Ballots
from ratings.board.sentences import NOT_RANKED
from ratings.scoring import (
    Agreement,
    Counts,
    Finding,
    Grades,
    NotEstimable,
    audit_votes,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
)
from ratings.scoring.audit import check_concentration, check_connectivity

OUTCOMES = ("second", "tie", "first")
COEFFICIENTS = {
    "percent": percent_agreement,
    "alpha": krippendorff_alpha,
    "ac1": gwet_ac,
}


def audited(
    found: Estimate, ballots: Ballots, labels: tuple[str, ...], *, rng: Generator
) -> dict[str, Any]:
    """Return the audit of one criterion: `findings`, and by check the reason of those not made.

    All checks are on the votes that are ranked, but connectivity, which asks whether all are, and
    concentration, which forfeits have no part in: nobody gave them.
    Raters and prompts are not named: whom a board is shown to may not know who they are.
    """
    among = found.ballots
    if len(found.members) < 2 or found.fit is None:  # noqa: PLR2004 -- nothing is ranked
        return {"findings": [], "skipped": {"connectivity": NOT_RANKED}}
    comparisons = among.comparisons(labels, found.members)
    # Nobody has no influence: each forfeit stands alone.
    alone = among.rater.max(initial=NOBODY) + 1 + np.arange(len(among.rater), dtype=np.int32)
    audit = audit_votes(
        replace(comparisons, rater=np.where(among.given, among.rater, alone)),
        rng=rng,
        fit=found.fit,
        covariance=found.covariance,
        shown_first=among.shown_first,
        both_bad=among.outcome == BOTH_BAD,
        propensity=among.drawn,
    )
    everyone = np.arange(len(labels), dtype=np.int32)
    linked = check_connectivity(Counts.of(ballots.judged().comparisons(labels, everyone)))
    own = {one.check: one for one in (linked, check_concentration(among.rater[among.given]))}
    return {
        "findings": [_finding(own.get(one.check, one)) for one in audit.findings],
        "skipped": dict(audit.skipped),
    }


def _finding(one: Finding) -> dict[str, Any]:
    named = one.check not in {"concentration", "rater_influence", "prompt_influence"}
    return {
        "check": one.check,
        "figure": one.figure if np.isfinite(one.figure) else None,
        "threshold": one.threshold,
        "flagged": one.flagged,
        "names": list(one.names) if named else list(one.names[1:]),
    }


def agreed(ballots: Ballots) -> dict[str, Any] | None:
    """Return how far raters who judged the same comparison agree on its outcome; None if none did.

    A comparison is a prompt and two models; both bad is a tie, as in the fit; forfeits and cannot
    judge are left out. Where a rater judged two samples of the same the first counts.
    """
    given = ballots.select(ballots.given & (ballots.outcome != CANNOT_JUDGE))
    if not given.outcome.size:
        return None
    # By number: prompt, first and second together are the unit.
    units = np.unique(
        np.stack([given.prompt, given.first, given.second]), axis=1, return_inverse=True
    )
    unit = units[1].ravel().astype(np.int64)
    rater = given.rater.astype(np.int64)
    _, once = np.unique(unit * (int(rater.max()) + 1) + rater, return_index=True)
    grades = Grades(unit[once], rater[once], FITTED[given.outcome[once]].astype(np.int64), OUTCOMES)
    try:
        found = {name: of(grades) for name, of in COEFFICIENTS.items()}
    except NotEstimable:
        return None
    one = found["percent"]
    return {
        "comparisons": one.units,
        "raters": one.raters,
        **{name: _coefficient(each) for name, each in found.items()},
    }


def _coefficient(found: Agreement) -> dict[str, float | None]:
    return {"value": found.value, "lower": found.lower, "upper": found.upper}
