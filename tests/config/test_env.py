"""Environment variables are typed, and a wrong one stops the start with a clear line."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import (
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_secret,
    require_scheme,
)


def test_reads_yes_and_no(monkeypatch):
    monkeypatch.setenv("X", "Yes")
    assert env_bool("X")
    monkeypatch.setenv("X", "off")
    assert not env_bool("X", default=True)
    monkeypatch.delenv("X")
    assert env_bool("X", default=True)


@pytest.mark.parametrize("value", ["maybe", "2", "tru"])
def test_refuses_an_unclear_flag(monkeypatch, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match="X is"):
        env_bool("X")


@pytest.mark.parametrize("value", ["many", "-1", "1.5"])
def test_refuses_a_wrong_number(monkeypatch, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match="X is"):
        env_int("X", 3)


def test_an_empty_number_is_the_default(monkeypatch):
    monkeypatch.setenv("X", " ")
    assert env_int("X", 3) == 3


def test_splits_lists(monkeypatch):
    monkeypatch.setenv("X", " a, ,b ")
    assert env_list("X") == ["a", "b"]


def test_reads_a_secret_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    assert env_secret("X") == "hush"
    monkeypatch.setenv("X", "loud")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env_secret("X")


def test_an_unreadable_secret_file_is_said_so(monkeypatch, tmp_path):
    monkeypatch.setenv("X_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match="cannot read"):
        env_secret("X")


@pytest.mark.parametrize(("content", "said"), [(b" \n", "empty"), (b"\xff\xfe", "UTF-8")])
def test_a_secret_file_without_a_secret_is_said_so(monkeypatch, tmp_path, content, said):
    (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match=said):
        env_secret("X")


def test_takes_one_of_several_words(monkeypatch):
    monkeypatch.setenv("X", "warning")
    assert env_choice("X", "INFO", ("INFO", "WARNING")) == "WARNING"
    monkeypatch.setenv("X", "")
    assert env_choice("X", "INFO", ("INFO", "WARNING")) == "INFO"
    monkeypatch.setenv("X", "loud")
    with pytest.raises(ImproperlyConfigured, match="INFO, WARNING"):
        env_choice("X", "INFO", ("INFO", "WARNING"))


def test_a_url_of_another_kind_is_refused_without_repeating_its_password(monkeypatch):
    example = "postgres://user:password@host:5432/name"
    for good in ("postgres://a@b/c", "postgresql://a@b/c", ""):
        monkeypatch.setenv("X", good)
        assert require_scheme("X", example) == good
    for bad in ("mysql://ann:hush@b/c", "ann:hush@host", "postgres:ann:hush"):
        monkeypatch.setenv("X", bad)
        with pytest.raises(ImproperlyConfigured, match="postgres://") as refused:
            require_scheme("X", example)
        assert "hush" not in str(refused.value)
