#!/usr/bin/env python
"""Django's command-line entry point, with plain words for a wrong configuration."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.failures import explained

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if "--traceback" in sys.argv or not (words := explained(error)):
            raise
        sys.exit(words)


if __name__ == "__main__":
    main()
