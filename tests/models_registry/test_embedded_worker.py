"""The embedded worker: real processes on one SQLite file, no broker, no service."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fake_provider import Reply, answer

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.models_registry.embedded_process"]
CONCURRENCY = 8  # an endpoint's default


def environment_in(folder):
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PREFERENDUM_DATA_DIR": str(folder),
        "PREFERENDUM_LEASE_SECONDS": "2",
        "PREFERENDUM_CALLS_PER_TASK": "4",
        "PREFERENDUM_CANARY_HOURS": "0",  # the provider's calls are counted
    }


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """An empty installation, made once: its tables take longer than the tests."""
    folder = tmp_path_factory.mktemp("migrated")
    subprocess.run([*COMMAND, "migrate"], cwd=ROOT, env=environment_in(folder), check=True)
    return folder


@pytest.fixture
def environment(tmp_path, migrated):
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return environment_in(tmp_path)


def start(environment):
    return subprocess.Popen(
        [*COMMAND, "work"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process):
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    return json.loads(out)


def prepare(environment, provider, count):
    subprocess.run(
        [*COMMAND, "prepare", provider.base_url, str(count)], cwd=ROOT, env=environment, check=True
    )


def test_one_process_does_all_of_it(environment, provider):
    prepare(environment, provider, 40)
    assert finish(start(environment)) == {"succeeded": 40}
    assert len(provider.calls) == 40
    assert provider.most_in_flight <= CONCURRENCY


def test_a_retry_does_not_wait_for_the_sweep(environment, provider):
    failures = iter([Reply({"error": "busy"}, status=503)])
    provider.script = lambda call: next(failures, None) or Reply(answer("ok"))
    prepare(environment, provider, 1)
    assert finish(start(environment)) == {"succeeded": 1}
    assert len(provider.calls) == 2


def test_two_processes_share_the_work_and_survive_the_kill_of_one(environment, provider):
    provider.script = lambda call: Reply(answer("ok"), delay=0.1)
    prepare(environment, provider, 120)
    doomed, other = start(environment), start(environment)
    until = time.monotonic() + 30
    while len(provider.calls) < 50 and time.monotonic() < until:
        time.sleep(0.01)
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    assert finish(other) == {"succeeded": 120}
    assert 120 <= len(provider.calls) <= 120 + CONCURRENCY
    assert max(provider.asked().values()) <= 2
