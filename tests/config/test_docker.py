"""The compose file runs what production needs, and nothing with more rights than that."""

import re
from pathlib import Path

import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"
OURS = ("migrate", "web", "worker", "beat")


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))


def test_all_five_parts_are_there_and_exactly_one_beat(compose):
    assert {"web", "worker", "beat", "postgres", "redis", "migrate"} == set(compose["services"])
    beats = [name for name, one in compose["services"].items() if "beat" in one.get("command", [])]
    assert beats == ["beat"]
    assert "replicas" not in str(compose["services"]["beat"])


@pytest.mark.parametrize("name", OURS)
def test_our_containers_write_nowhere_but_to_their_data(compose, name):
    one = compose["services"][name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["volumes"] == ["data:/data"]
    assert one["tmpfs"] == ["/tmp"]  # noqa: S108 - a folder of the container


def test_no_secret_has_a_default(compose):
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET)\w*)([:?-]+)", text)
    assert secrets
    assert {mark for _, mark in secrets} == {":?"}


def test_nothing_but_the_site_is_published_and_that_on_loopback(compose):
    published = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert published == {"web": ["127.0.0.1:8700:8700"]}


def test_a_worker_has_longer_to_stop_than_a_call_may_take(compose):
    grace = compose["services"]["worker"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > 120


def test_the_image_runs_as_nobody_special_and_keeps_secrets_out():
    recipe = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    users = re.findall(r"^USER (\S+)", recipe, re.MULTILINE)
    assert users == ["10001"]
    ignored = (DOCKER.parent / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", "data", ".venv", "**/.env*"} <= set(ignored)
