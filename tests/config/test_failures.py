"""A wrong configuration ends a start with a line or two that say what to do, and no traceback."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.local import kept_secret, make_private
from config.management.commands.work import worker_arguments

ROOT = Path(__file__).parents[2]
NOBODY = "postgres://postgres@127.0.0.1:9/x"  # the discard port, where nobody listens


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if "PREFERENDUM" not in name}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        kept.pop(name, None)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=kept | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "environ", "said"),
    [
        ("serve", {"PREFERENDUM_DEMO": "maybe"}, "PREFERENDUM_DEMO is 'maybe'; write 1 or 0"),
        ("migrate", {"DATABASE_URL": "nonsense"}, "write postgres://user:password@host"),
        ("migrate", {"DATABASE_URL": "postgres://a:hush@h:5x/b"}, "DATABASE_URL cannot be read"),
        ("serve", {"DATABASE_URL": NOBODY}, "The database cannot be used"),
        ("work", {"DATABASE_URL": NOBODY, "REDIS_URL": "redis://127.0.0.1:9/0"}, "cannot be used"),
        ("work", {"REDIS_URL": "redis://127.0.0.1:9/0"}, "Redis cannot be reached"),
        ("serve", {"REDIS_URL": "redis://127.0.0.1:9/0"}, "Redis cannot be reached"),
        ("work", {"REDIS_URL": "127.0.0.1"}, "write redis://host:6379/0"),
        ("work", {}, "without Redis the worker runs inside"),
        ("migrate", {"PREFERENDUM_ENDPOINT_KEY_SECRETS": "a,,b"}, "empty part"),
        ("migrate", {"PREFERENDUM_LOG_LEVEL": "loud"}, "DEBUG, INFO"),
        ("leaderboard", {}, "Run: manage.py migrate"),
    ],
)
def test_a_start_that_cannot_be_says_why(tmp_path, command, environ, said):
    further = ["x"] if command == "leaderboard" else []
    done = manage(command, *further, PREFERENDUM_DATA_DIR=str(tmp_path / "data"), **environ)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_the_traceback_is_there_for_whoever_asks(tmp_path):
    done = manage("migrate", "--traceback", DATABASE_URL=NOBODY, PREFERENDUM_DATA_DIR=str(tmp_path))
    assert "Traceback" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_is_kept_is_readable_by_its_owner_only(tmp_path):
    folder = tmp_path / "data" / "demo"
    secret = kept_secret(folder / "key.secret")
    assert len(secret) >= 50
    assert kept_secret(folder / "key.secret") == secret
    assert [one.name for one in folder.iterdir()] == ["key.secret"]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)}
    assert set(modes.values()) == {0o700}
    assert stat.S_IMODE((folder / "key.secret").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_an_own_folder_that_is_there_is_closed_to_others_and_those_above_are_not(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for path in (tmp_path, folder):
        path.chmod(0o755)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_somebody_elses_folder_is_left_as_it_is(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


BEAT = ["--scheduler", "celery.beat:Scheduler"]


@pytest.mark.parametrize(
    ("further", "beat", "arguments"),
    [
        ([], True, ["--beat", *BEAT, "--loglevel", "INFO"]),
        (["-c", "4"], True, ["-c", "4", "--beat", *BEAT, "--loglevel", "INFO"]),
        (["-c", "4"], False, ["-c", "4", "--loglevel", "INFO"]),
        (["-B", "-l", "ERROR"], True, ["-B", "-l", "ERROR", *BEAT]),
        (["--loglevel=ERROR"], False, ["--loglevel=ERROR"]),
    ],
)
def test_a_worker_has_the_beat_whatever_else_is_asked_of_it(further, beat, arguments):
    assert worker_arguments(further, beat=beat) == ["worker", *arguments]
