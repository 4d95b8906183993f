"""Send a study's next votes where they say most."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from judging.models import Study
from ratings.services.steering import RULES, steer_study


class Command(BaseCommand):
    help = (
        "Weigh a study's pairs by the votes there are: coverage (few votes first), variance"
        " (uncertain win rates first), boundary (undecided neighbours, or who is among the best"
        " --top, first), uniform (all alike). Run it again as votes come in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY")
        parser.add_argument("--rule", choices=RULES, default="coverage")
        parser.add_argument("--top", type=int, help="for boundary: how many are the best")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = Study.objects.get(slug=options["study"])
            found = steer_study(study=study, rule=options["rule"], top=options["top"])
        except Study.DoesNotExist:
            raise CommandError(f"There is no study {options['study']!r}.") from None
        except DomainError as error:
            raise CommandError(error.message) from error
        if found.rule != options["rule"]:
            self.stderr.write("The votes do not rank all models yet: weighed by coverage.")
        for (one, other), weight in sorted(found.weights.items(), key=lambda item: -item[1]):
            self.stdout.write(f"{weight:8.3f}  {one} against {other}")
