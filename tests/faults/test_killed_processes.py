"""A short round of every fault that kills, freezes or deceives, and of every control."""

import os

import pytest

from tests.faults.lab.runner import Asked, run_rounds
from tests.faults.lab.servers import missing_programs

KINDS = [
    "poison_job",
    "longer_than_visibility",
    "redis_frozen",
    "redis_lost",
    "redis_killed",
    "redis_full",
    "redis_read_only",
    "postgres_killed",
    "worker_killed",
    "child_killed",
    "key_revoked",
    "clock_skew",
    "two_beats",
    "no_names",
    "wrong_certificate",
]


@pytest.mark.services
@pytest.mark.timeout(400)
def test_every_fault_is_survived_and_without_what_survives_it_found_out():
    if missing := missing_programs():
        assert not os.environ.get("PREFERENDUM_REQUIRE_SERVICES"), missing
        pytest.skip(f"not installed: {', '.join(missing)}")
    rounds = [Asked(kind, control) for kind in KINDS for control in (False, True)]
    told = list(run_rounds(rounds, laboratories=4))
    survived = {one["kind"]: one["broken"] for one in told if not one["control"]}
    assert survived == {kind: [] for kind in KINDS}
    unnoticed = [
        (one["kind"], one["control"]) for one in told if one["control"] and not one["broken"]
    ]
    assert unnoticed == []
    assert len(told) == 2 * len(KINDS)
