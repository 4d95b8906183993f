"""`demo --exit` builds everything from nothing through the real parts and prints every board."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

ROOT = Path(__file__).parents[2]


def surroundings(data_dir: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if "PREFERENDUM" not in name}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    environment["PREFERENDUM_DATA_DIR"] = str(data_dir)
    return environment


def demo(data_dir: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--exit"],
        cwd=ROOT,
        env=surroundings(data_dir),
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def printed(data_dir) -> list[str]:
    """What the first start prints, and what the second does."""
    if not settings.EMBEDDED:
        pytest.skip("the demo is the embedded mode's own, and is tested with it")
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


def test_serves_what_was_built_and_its_links_sign_in(printed, data_dir):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=ROOT,
        env=surroundings(data_dir),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = [server.stdout.readline() for _ in range(5)]
        links = re.findall(rf"(\w+)  +(http://127\.0\.0\.1:{port}/sign-in/\S+)", "".join(said))
        assert [name for name, _ in links] == ["admin", "researcher", "rater"]
        assert f"Preferendum on http://127.0.0.1:{port}/" in said[-1]
        assert b"Sign in</button>" in fetched(links[-1][1])
    finally:
        server.terminate()
        server.wait(timeout=20)
        server.stdout.close()


def fetched(url: str) -> bytes:
    address = urlsplit(url)
    for _ in range(300):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        try:
            connection.request("GET", address.path)
            return connection.getresponse().read()
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"{url} does not answer")
