"""Print how many votes a study needs, or what a drafted study could show."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from judging.models import Study
from ratings.scoring import Sample
from ratings.services.power import Assumptions, Power, power_of, study_power


class Command(BaseCommand):
    help = (
        "Say what votes can show of two models: of a drafted STUDY, or of any --votes --models"
        " --prompts. Nothing is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = Assumptions()
        add = parser.add_argument
        add("study", metavar="STUDY", nargs="?", help="its draft says how many votes there will be")
        add("--votes", type=int, help="on one criterion, over all pairs")
        add("--models", type=int, default=2)
        add("--prompts", type=int, default=100)
        add("--margin", type=float, default=0.05, help="of win rates that matters (default: 0.05)")
        add("--raters", type=int, default=usual.raters, help="who judge (default: 20)")
        add("--tie-share", type=float, default=usual.tie_share, help="between equals (0.25)")
        add("--rater-correlation", type=float, default=usual.rater_correlation)
        add("--prompt-correlation", type=float, default=usual.prompt_correlation)
        add("--power", type=float, default=usual.power, help="chance to find it (default: 0.8)")
        add("--format", choices=["table", "json"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("raters", "tie_share", "rater_correlation", "prompt_correlation", "power")
        assumptions = Assumptions(**{name: options[name] for name in names})
        try:
            found = _power(options, assumptions)
        except Study.DoesNotExist:
            raise CommandError(f"There is no study {options['study']!r}.") from None
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(asdict(found), indent=2))
        else:
            self.stdout.write("\n".join(_lines(found)))


def _power(options: dict[str, Any], assumptions: Assumptions) -> Power:
    if options["study"]:
        study = Study.objects.get(slug=options["study"])
        return study_power(study=study, assumptions=assumptions)
    if options["votes"] is None:
        raise CommandError("Name a study, or say how many --votes there will be.")
    sizes = {name: options[name] for name in ("votes", "models", "prompts", "margin")}
    return power_of(**sizes, assumptions=assumptions)


def _lines(found: Power) -> list[str]:
    given = found.assumptions
    seen = found.detectable_win_rate
    lines = [
        (
            f"{found.votes} votes on one criterion, {found.models} models, {found.prompts} prompts,"
            f" {given.raters} raters."
        ),
        (
            "Assumed: "
            f"{given.tie_share:.0%} ties between equals, correlation {given.rater_correlation:g} by rater"
            f" and {given.prompt_correlation:g} by prompt."
        ),
        "No difference of two models would be found reliably."
        if seen is None
        else f"Found with a chance of {given.power:.0%}: an expected win rate of {seen:.1%} or more.",
    ]
    if found.difference is not None and found.equivalence is not None:
        lines += [
            f"To find a win rate of {0.5 + found.margin:.1%}: {_needed(found.difference)}.",
            f"To show that equals are within {found.margin:.1%}: {_needed(found.equivalence)}.",
        ]
    if found.prompts_without_criterion:
        lines.append(
            f"Left out of the pool: {found.prompts_without_criterion} prompts whose criteria are none"
            " of the study's."
        )
    return lines


def _needed(sample: Sample) -> str:
    if sample.total is None:
        return f"no number of votes is enough with so few {sample.why_not}"
    return f"{sample.total} votes ({sample.design_effect:.1f} times those of independent votes)"
