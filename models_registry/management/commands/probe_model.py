"""Ask a model one question and show the answer, or the exact error."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from models_registry.serializers import advice_of
from models_registry.services.diagnosis import Probe
from models_registry.services.endpoints import PROBE_PROMPT, probe_model
from models_registry.services.language_models import find_language_model


class Command(BaseCommand):
    help = "Ask a model one question: its answer, latency and usage, or what went wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", metavar="SLUG", help="SLUG or SLUG@VERSION")
        parser.add_argument("--prompt", default=PROBE_PROMPT)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = find_language_model(options["model"])
            probe = probe_model(language_model=model, prompt=options["prompt"])
        except DomainError as error:
            raise CommandError(error.message) from error
        if probe.result is None:
            raise CommandError(f"{probe.error}: {probe.message}\n{_advice(probe)}")
        told = probe.result
        self.stdout.write(told.text)
        self.stdout.write(
            f"[{told.outcome}; {told.latency_ms} ms; {told.prompt_tokens} tokens in, "
            f"{told.completion_tokens} out; answered by {told.response_model or 'unnamed'}]"
        )


def _advice(probe: Probe) -> str:
    """Return what to do about it, in the page's words, and the models there are where that helps."""
    told = advice_of(probe)
    return f"{told} It has: {', '.join(probe.names)}." if probe.names else told
