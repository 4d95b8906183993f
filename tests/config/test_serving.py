"""The server as it is started: one to a port, ended with its parent, and patient with connections."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from config.ports import PortRefused, free_port, require_port

ROOT = Path(__file__).parents[2]
PATIENCE = 30


def manage(data_dir: Path, *arguments: str, **options) -> subprocess.Popen:
    environment = {name: value for name, value in os.environ.items() if "PREFERENDUM" not in name}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    environment["PREFERENDUM_DATA_DIR"] = str(data_dir)
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def some_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(done, what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < limit, what
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def served(data_dir):
    """A server on a port of its own, in the embedded mode."""
    if not settings.EMBEDDED:
        pytest.skip("the same server is started on SQLite")
    port = some_port()
    # In a group of its own, as a terminal starts it.
    server = manage(data_dir, "serve", "--migrate", "--port", str(port), start_new_session=True)
    try:
        wait_until(lambda: listens(port) or server.poll() is not None, "the server did not start")
        assert server.poll() is None, server.stdout.read()
        yield server, port
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
        wait_until(lambda: not listens(port), "a process of the server keeps the port")


def test_a_second_server_on_the_port_is_refused_with_a_sentence(served, data_dir):
    _, port = served
    for arguments in (["serve"], ["demo"]):
        second = manage(data_dir, *arguments, "--port", str(port))
        said, _ = second.communicate(timeout=PATIENCE)
        assert second.returncode == 1
        assert f"Port {port} on 127.0.0.1 is taken" in said
        assert "--port" in said
        assert len(said.splitlines()) == 1


def test_no_process_keeps_the_port_after_the_parent_was_killed(served):
    server, port = served
    server.send_signal(signal.SIGKILL)
    wait_until(lambda: not listens(port), "a child keeps the port")


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no groups of processes here")
def test_ctrl_c_ends_the_server_though_the_terminal_sends_it_to_the_whole_group(served):
    server, port = served
    answering = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    answering.request("GET", "/healthz")
    assert answering.getresponse().status == 200
    answering.close()
    os.killpg(server.pid, signal.SIGINT)
    assert server.wait(timeout=PATIENCE) == 0


def test_the_connection_lives_on_after_a_refused_request_with_a_body(served):
    _, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.connect()
    opened = connection.sock
    for size in (10, 1_000, 100_000, 1_000_000) * 5:
        connection.request("PATCH", "/api/v1/users/x/", body=b"x" * size)
        response = connection.getresponse()
        response.read()
        assert response.status == 401
        assert connection.sock is opened
    connection.close()


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999"])
def test_a_port_that_does_not_exist_is_refused_in_one_line(data_dir, command, port):
    done = manage(data_dir, command, f"--port={port}")
    said, _ = done.communicate(timeout=PATIENCE)
    assert done.returncode == 1
    assert said.splitlines() == [
        f"CommandError: Port {port} does not exist; choose one from 1 to 65535."
    ]


def test_a_port_is_taken_while_somebody_listens_and_free_afterwards():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(PortRefused, match="taken"):
            require_port("127.0.0.1", port)
        with pytest.raises(PortRefused, match="taken"):
            require_port("0.0.0.0", port)
        assert free_port("127.0.0.1", port) != port
    require_port("127.0.0.1", port)
    assert free_port("127.0.0.1", port) == port


def test_a_port_shared_by_its_holder_is_taken_all_the_same():
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(PortRefused, match="taken"):
            require_port("127.0.0.1", holder.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.7", "a" * 70])
def test_an_address_of_another_machine_is_refused_with_advice(host):
    with pytest.raises(PortRefused, match=r"127\.0\.0\.1"):
        require_port(host, 8700)
