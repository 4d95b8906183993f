#!/usr/bin/env python
"""Django's command-line entry point, with plain words for a wrong configuration."""

import os
import sys
from collections.abc import Sequence

# A command that reads a file and no database starts in half the time without the applications.
WITHOUT_APPLICATIONS = ("rank",)


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] and sys.argv[1] in WITHOUT_APPLICATIONS:
        run_alone(sys.argv)
        return
    from django.core.management import execute_from_command_line

    from config.failures import explained

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if "--traceback" in sys.argv or not (words := explained(error)):
            raise
        sys.exit(words)


def run_alone(arguments: Sequence[str]) -> None:
    """Run a command of `ratings` with the settings alone, before any application is loaded."""
    from importlib import import_module

    module = import_module(f"ratings.management.commands.{arguments[1]}")
    module.Command().run_from_argv(list(arguments))


if __name__ == "__main__":
    main()
