"""`demo --exit` builds everything from nothing through the real parts and prints every board."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).parents[2]


def demo(data_dir: Path) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if "PREFERENDUM" not in name}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    environment["PREFERENDUM_DATA_DIR"] = str(data_dir)
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--exit"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> list[str]:
    """What the first start prints, and what the second does."""
    if not settings.EMBEDDED:
        pytest.skip("the demo is the embedded mode's own, and is tested with it")
    data_dir = tmp_path_factory.mktemp("demo")
    runs = [demo(data_dir), demo(data_dir)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    return [run.stdout for run in runs]


def test_generates_over_http_and_judges_through_the_raters_service(printed):
    generated = re.search(r"(\d+) completions generated over HTTP", printed[0])
    judged = re.search(r"(\d+) judgments by (\d+) simulated raters", printed[0])
    assert int(generated[1]) == 316
    assert int(judged[1]) >= 1_500
    assert int(judged[2]) >= 40


@pytest.mark.parametrize("board", ["Helpfulness", "Harmlessness", "Truthfulness", "Composite"])
def test_prints_each_board_with_its_models(printed, board):
    table = printed[0].split(f"\n{board} ")[1].split("\n\n")[0]
    for model in ("harbor-large", "harbor-mini", "quillon-7", "thistledown-chat"):
        assert model in table


def test_labels_the_raters_as_simulated(printed):
    assert "simulated (44 raters" in printed[0]


def test_a_second_start_builds_nothing_and_prints_the_same(printed):
    assert "Building" not in printed[1]
    assert printed[0].endswith(printed[1])
