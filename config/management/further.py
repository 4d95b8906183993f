"""Commands that hand arguments they do not know to another program."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser


def collect_further(parser: CommandParser) -> None:
    """Let the parser keep what it does not know, in order, as the option `further`."""

    def parse(args: Sequence[str] | None = None, namespace: Any = None) -> Namespace:
        known: Namespace
        known, further = parser.parse_known_args(args, namespace)
        known.further = [one for one in further if one != "--"]
        return known

    parser.parse_args = parse  # type: ignore[method-assign,assignment] # one parser, for one command
