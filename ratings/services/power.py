"""What a study as drafted could show, before anybody is asked to judge."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from core.errors import Invalid
from judging.models import Study
from judging.services.studies import drafted_protocol, plan_study
from ratings.scoring import (
    Clustering,
    Sample,
    detectable_gap,
    expected_win_rate,
    margin_in_log_odds,
    plan_sample,
)

# Correlations of two votes on one pair that share the rater, or the prompt. From what clustering did
# to standard errors on MT-bench and llmfao (docs/methods.md, "Before a study").
RATER_CORRELATION = 0.05
PROMPT_CORRELATION = 0.18
TIE_SHARE = 0.25
POWER = 0.8
FAR = 10.0  # log-odds; a difference that only beyond it would be found is none that occurs


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What is not known before the votes are there; all of it can be set.

    `tie_share` is of the votes between equals; `raters` are how many will judge, equally often.
    """

    raters: int = 20
    tie_share: float = TIE_SHARE
    rater_correlation: float = RATER_CORRELATION
    prompt_correlation: float = PROMPT_CORRELATION
    power: float = POWER

    @property
    def tie(self) -> float:
        """Davidson's nu at which equals tie so often."""
        return 2 * self.tie_share / (1 - self.tie_share)


@dataclass(frozen=True, kw_only=True)
class Power:
    """What so many votes on one criterion can show of two models.

    Attributes
    ----------
    votes, models, prompts : int
    level, margin : float
        Of the intervals, and of equivalence, on the win-rate scale.
    detectable_win_rate : float or None
        The expected win rate of the better one that is found with the power assumed; None where
        no difference that occurs would be.
    difference, equivalence : Sample
        What it takes to find a difference of the margin, and to show that equals are equivalent;
        None for a margin of 0 or of one half, which no votes and any votes reach.
    prompts_without_criterion : int
        Prompts of a study's pool that are not asked: they name other criteria than the study has.
    """

    votes: int
    models: int
    prompts: int
    level: float
    margin: float
    assumptions: Assumptions
    detectable_win_rate: float | None
    difference: Sample | None
    equivalence: Sample | None
    prompts_without_criterion: int = 0


def study_power(*, study: Study, assumptions: Assumptions) -> Power:
    """Return what the next version of a study, as drafted, could show on each criterion.

    Raises `Invalid` while the draft is incomplete.
    """
    planned = plan_study(study=study)
    protocol = drafted_protocol(study=study)
    numbers, models = planned.numbers, len(planned.models)
    votes = numbers.judgments
    if numbers.pairs < models * (models - 1) // 2:
        # Not all pairs are judged: a pair then counts on its own votes, which is on the safe side.
        votes, models = votes // max(numbers.pairs, 1), 2
    found = power_of(
        votes=votes,
        models=models,
        prompts=numbers.prompts_per_pair,
        margin=protocol.equivalence_margin,
        level=protocol.method.level,
        assumptions=assumptions,
    )
    return replace(found, prompts_without_criterion=planned.prompts_without_criterion)


def power_of(
    *,
    votes: int,
    models: int,
    prompts: int,
    margin: float,
    assumptions: Assumptions,
    level: float = 0.95,
) -> Power:
    """Return what `votes` on one criterion can show, all pairs of `models` equally often.

    Raises `Invalid` for numbers that make no sense.
    """
    _check(votes=votes, models=models, prompts=prompts, margin=margin, assumptions=assumptions)
    raters = Clustering(correlation=assumptions.rater_correlation, count=assumptions.raters)
    asked = Clustering(correlation=assumptions.prompt_correlation, count=prompts)
    tie, power = assumptions.tie, assumptions.power

    def needed(gap: float, *, within: float | None = None) -> Sample:
        return plan_sample(
            gap,
            items=models,
            tie=tie,
            margin=within,
            level=level,
            power=power,
            raters=raters,
            prompts=asked,
        )

    gap = detectable_gap(
        votes, items=models, tie=tie, level=level, power=power, raters=raters, prompts=asked
    )
    bounded = 0 < margin < 0.5  # noqa: PLR2004
    return Power(
        votes=votes,
        models=models,
        prompts=prompts,
        level=level,
        margin=margin,
        assumptions=assumptions,
        detectable_win_rate=expected_win_rate(gap, tie) if gap < FAR else None,
        difference=needed(margin_in_log_odds(margin, tie)) if bounded else None,
        equivalence=needed(0.0, within=margin) if bounded else None,
    )


def _check(
    *, votes: int, models: int, prompts: int, margin: float, assumptions: Assumptions
) -> None:
    shares = (assumptions.tie_share, assumptions.rater_correlation, assumptions.prompt_correlation)
    if min(votes, prompts, assumptions.raters) < 1 or models < 2:  # noqa: PLR2004
        raise Invalid(_("There must be a vote, a prompt, a rater and two models."), code="power")
    if not all(0 <= share < 1 for share in shares):
        raise Invalid(
            _("The share of ties and the correlations are from 0 to below 1."), code="power"
        )
    if not (0 <= margin <= 0.5 and 0 < assumptions.power < 1):  # noqa: PLR2004
        raise Invalid(
            _("The margin is from 0 to 0.5, and the power between 0 and 1."), code="power"
        )
