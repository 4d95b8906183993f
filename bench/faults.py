"""Faults: workers, Redis and PostgreSQL killed, frozen and deceived under a run of paid calls.

Every kind of fault of `tests.faults.lab` for a number of seeded rounds (default 5), once with the
product's own times (leases and beat of 30 s), and once with what survives it switched off, which
must be found out. Needs the programs of PostgreSQL and Redis; the servers are started and killed
here, and no others are touched. Prints the table of faults and one line of JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)

from bench._begin import arguments_of  # noqa: E402 - found by the path above
from tests.faults.lab.runner import Asked, run_rounds  # noqa: E402 - found by the path above
from tests.faults.lab.servers import missing_programs  # noqa: E402 - found by the path above

ROUNDS, LABORATORIES = 5, 3
KINDS = (
    "child_killed", "worker_killed", "poison_job", "longer_than_visibility", "two_beats",
    "redis_lost", "redis_killed", "redis_frozen", "redis_full", "redis_read_only",
    "postgres_killed", "clock_skew", "key_revoked", "no_names", "wrong_certificate",
    "provider_gone", "provider_silent", "wrong_replies",
)  # fmt: skip
OWN_LEASE = {"PREFERENDUM_LEASE_SECONDS": "30"}


def main() -> int:
    parser = arguments_of(__doc__)
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each kind")
    asked = parser.parse_args()
    if unknown := sorted({*asked.kinds} - {*KINDS}):
        parser.error(f"no kind of fault: {', '.join(unknown)}")
    if missing := missing_programs():
        print(f"faults need {', '.join(missing)}", file=sys.stderr)
        return 1
    kinds = asked.kinds or list(KINDS)
    seeds = range(1, 1 + asked.rounds)
    started = time.monotonic()
    told = run([Asked(kind, seed=seed) for seed in seeds for kind in kinds])
    controls = run([Asked(kind, control=True) for kind in kinds])
    own_times = run([Asked(kind, hurry=False) for kind in kinds], OWN_LEASE)
    rows = [row(kind, told, controls, own_times) for kind in kinds]
    table(rows)
    result = {
        "benchmark": "faults",
        "kinds": len(rows),
        "faults": sum(one["faults"] for one in rows),
        "jobs": sum(one["jobs"] for one in rows),
        "paid_beyond_jobs": sum(one["beyond"] for one in rows),
        "in_flight_at_kills": sum(one["in_flight"] for one in rows),
        "broken_promises": sum(one["broken"] for one in rows),
        "controls_found": sum(one["control_found"] for one in rows),
        "slowest_resumption_s": max(one["resumed"] for one in rows),
        "seconds": round(time.monotonic() - started),
        "load": round(os.getloadavg()[0], 1),
        "targets": {
            "broken_promises": "== 0",
            "controls_found": f"== {len(rows)}",
            "slowest_resumption_s": "<= 60",
        },
    }
    result["met"] = (
        result["broken_promises"] == 0
        and result["controls_found"] == len(rows)
        and result["slowest_resumption_s"] <= 60
    )
    print(json.dumps(result))
    return 0


def run(rounds: list[Asked], environment: dict[str, str] | None = None) -> list[dict]:
    found = []
    for one in run_rounds(rounds, laboratories=LABORATORIES, environment=environment):
        found.append(one)
        if one["broken"] and not one["control"]:
            print(f"BROKEN {one['kind']} {one['seed']}: {one['broken']}", file=sys.stderr)
    return found


def row(kind: str, told: list[dict], controls: list[dict], own_times: list[dict]) -> dict:
    own = [one for one in own_times if one["kind"] == kind]
    all_rounds = [one for one in told if one["kind"] == kind] + own
    return {
        "kind": kind,
        "rounds": len(all_rounds),
        "faults": sum(one["faults"] for one in all_rounds),
        "jobs": sum(one["jobs"] for one in all_rounds),
        "beyond": sum(one["paid"] - one["jobs"] for one in all_rounds if one["paid"] > one["jobs"]),
        "in_flight": sum(one["in_flight_at_kills"] for one in all_rounds),
        "broken": sum(len(one["broken"]) for one in all_rounds),
        "resumed": max((one["resumed_seconds"] or 0.0 for one in own), default=0.0),
        "control": next(one["control"] for one in controls if one["kind"] == kind),
        "control_found": any(one["broken"] for one in controls if one["kind"] == kind),
    }


def table(rows: list[dict]) -> None:
    print(
        f"{'fault':24}{'rounds':>7}{'faults':>7}{'jobs':>7}{'paid beyond':>12}{'in flight':>10}"
        f"{'broken':>7}{'resumed s':>10}  control",
        file=sys.stderr,
    )
    for one in rows:
        print(
            f"{one['kind']:24}{one['rounds']:>7}{one['faults']:>7}{one['jobs']:>7}"
            f"{one['beyond']:>12}{one['in_flight']:>10}{one['broken']:>7}{one['resumed']:>10.1f}"
            f"  {one['control']}: {'found' if one['control_found'] else 'NOT FOUND'}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    sys.exit(main())
