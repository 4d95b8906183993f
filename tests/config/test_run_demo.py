"""Where `run.py demo` keeps its data."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch):
    """`run.py` as a module, which notes what it would become."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.became = []
    monkeypatch.setattr(module, "setup", lambda _group: None)
    monkeypatch.setattr(module, "replace", lambda *_, env: module.became.append(env) or 0)
    # It takes these out of its own surroundings, which are the tests' too.
    for name in ("DATABASE_URL", "REDIS_URL", "PREFERENDUM_PRODUCTION"):
        monkeypatch.delenv(name, raising=False)
    return module


def folder(run) -> str:
    assert run.demo([]) == 0
    return run.became[-1]["PREFERENDUM_DATA_DIR"]


def test_it_is_beside_the_data_of_this_folder_unless_told_otherwise(run, monkeypatch):
    monkeypatch.delenv("PREFERENDUM_DATA_DIR", raising=False)
    assert folder(run) == str(ROOT / "data" / "demo")
    monkeypatch.setenv("PREFERENDUM_DATA_DIR", "")
    assert folder(run) == str(ROOT / "data" / "demo")


def test_it_is_a_folder_of_its_own_in_the_one_that_was_told(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PREFERENDUM_DATA_DIR", str(tmp_path / "here"))
    assert folder(run) == str(tmp_path / "here" / "demo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFERENDUM_DATA_DIR", "there")
    assert folder(run) == str(tmp_path / "there" / "demo")
