"""Assignment and submission under pressure, with the figures that docs/assignment.md shows.

Balance: sides in 20 simulated studies of 10 models, 100 prompts and 50 raters of 60 judgments. Submits: 200
times 30 equal submissions at once, over the API, on PostgreSQL; then, as negative controls, 40 times without
the conditional change of state, without the constraint, and without both. Machine: 10,000 random steps of the
machine in tests/judging/test_assignment_machine.py, on PostgreSQL and on SQLite, with every rule checked after each.

    python bench/assignment.py                          all three
    python bench/assignment.py --only balance submits   some of them

Human lines go to stderr; stdout ends in one line of JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

STAGES = ("balance", "submits", "machine")
TRIALS, CONTROLS, AT_ONCE, THREADS = 200, 40, 30, 10
EXAMPLES, STEPS = 230, 50
Trial = Callable[[], tuple[int, Counter]]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=STAGES, default=STAGES)
    options.add_argument("--inside", choices=STAGES, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.inside:
        print(json.dumps(inside(asked.inside)))
        return 0
    import psycopg

    from bench.serving import SERVER, database, environment

    found = {"bench": "assignment"}
    for stage in asked.only:
        with psycopg.connect(SERVER, autocommit=True) as admin, database(admin) as (_, env):
            found[stage] = apart(stage, environment(env))
    if "machine" in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            on_sqlite = {"DATABASE_URL": "", "REDIS_URL": "", "PREFERENDUM_DATA_DIR": folder}
            found["machine_on_sqlite"] = apart("machine", environment(on_sqlite))
    print(json.dumps(found))
    return 0


def apart(stage: str, env: dict) -> dict:
    """Do one stage in a process of its own: settings are read once in each."""
    command = [sys.executable, "-P", __file__, "--inside", stage]
    settings = {**env, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    done = subprocess.run(command, cwd=ROOT, env=settings, check=True, stdout=subprocess.PIPE)
    found: dict = json.loads(done.stdout.splitlines()[-1])
    return found


def inside(stage: str) -> dict:
    """Do one stage on a database of its own."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0)
    return {"balance": balance, "submits": submits, "machine": machine}[stage]()


# ---- sides ----------------------------------------------------------------------------------------


def balance() -> dict:
    from tests.judging.test_sides import simulate

    runs = [simulate(seed) for seed in range(20)]
    found = {}
    for name, position, most in (("raters", 1, 4), ("pairs", 2, 4), ("prompts", 3, 6)):
        leans = [abs(lean) for run in runs for lean in run[position].values()]
        share = sum(lean <= most for lean in leans) / len(leans)
        found[name] = {"within": most, "share": round(share, 5), "largest": max(leans)}
        say(f"{name:8} |AB - BA| <= {most}: {share:.2%}, largest {max(leans)}")
    found["most_probable_side"] = max(
        max(draw.probability, 1 - draw.probability) for run in runs for draw in run[0]
    )
    return found


# ---- the same submission, many times at once -------------------------------------------------------


def submits() -> dict:
    from django.utils import timezone
    from rest_framework.test import APIClient

    from accounts.services import issue_token
    from judging.models import Judgment
    from tests.scenarios import published_study

    scene = published_study(prompts=TRIALS + 3 * CONTROLS + 10, models=2)
    secret = issue_token(user=scene.bob.user, name="bench", now=timezone.now()).secret
    header = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    found: dict = {"trials": TRIALS, "at_once": AT_ONCE}
    with ThreadPoolExecutor(THREADS) as pool:

        def trial() -> tuple[int, Counter]:
            token = APIClient(**header).post(scene.url).json()["token"]
            barrier = threading.Barrier(THREADS)

            def submit(at: int) -> tuple[int, str]:
                if at < THREADS:
                    barrier.wait(timeout=60)
                url = f"/api/v1/assignments/{token}/judgment/"
                answer = APIClient(**header).post(url, scene.body, format="json")
                return answer.status_code, answer.json().get("id", "")

            answers = Counter(pool.map(submit, range(AT_ONCE)))
            return Judgment.objects.filter(assignment__token=token).count(), answers

        runs = [trial() for _ in range(TRIALS)]
        consistent = sum(
            sum(answers.values())
            for _, answers in runs
            if len({one for _, one in answers}) == 1 and {code for code, _ in answers} <= {200, 201}
        )
        found |= {"rows": sum(rows for rows, _ in runs), "consistent_answers": consistent}
        found["created"] = sum(
            count for _, answers in runs for (code, _), count in answers.items() if code == 201
        )
        say(f"submits  {TRIALS} x {AT_ONCE}: {found['rows']} rows, {consistent} consistent answers")
        found["controls"] = controls(trial)
    return found


def controls(trial: Trial) -> dict:
    """Take the locks away, one at a time and both; count the trials with more than one row."""
    from judging.services import statements

    unguarded = statements.CLOSE_JUDGED.replace(" AND state = 'leased'", "")
    found = {}
    with mock.patch.object(statements, "CLOSE_JUDGED", unguarded):
        found["without the conditional change of state"] = twice(trial)
    with unconstrained():
        found["without the constraint"] = twice(trial)
        with mock.patch.object(statements, "CLOSE_JUDGED", unguarded):
            found["without both"] = twice(trial)
    return found


def twice(trial: Trial) -> int:
    doubled = sum(trial()[0] > 1 for _ in range(CONTROLS))
    say(f"control  {doubled} of {CONTROLS} trials stored a judgment twice")
    return doubled


@contextmanager
def unconstrained() -> Iterator[None]:
    """Drop what keeps judgments and votes single; the database goes afterwards, rows and all."""
    from django.db import connection

    from judging.models import Judgment, Vote

    with connection.schema_editor() as editor:
        for model in (Judgment, Vote):
            editor.remove_constraint(model, model._meta.constraints[0])
    yield


# ---- random steps ----------------------------------------------------------------------------------


def machine() -> dict:
    from hypothesis import HealthCheck, settings
    from hypothesis.stateful import run_state_machine_as_test

    from tests.judging.test_assignment_machine import AssignmentMachine

    AssignmentMachine.prepare()
    steps = Counter()

    class Counted(AssignmentMachine):
        def check_invariants(self, *arguments: Any, **options: Any) -> None:
            steps["checked"] += 1
            super().check_invariants(*arguments, **options)

    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    say(f"machine  {steps['checked']} states checked, none illegal")
    return {"examples": EXAMPLES, "states_checked": steps["checked"], "illegal": 0}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PREFERENDUM_LOG_LEVEL", "WARNING")
    sys.exit(main())
