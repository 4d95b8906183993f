"""Whether anything but the answers' words tells a rater which model wrote them.

Eight twins, models whose answers to every prompt are the same to the byte, but for the white space
around them, and everything else different (name, endpoint, age, order of creation, latency, tokens,
finish reason, errors), are judged in 2,000 assignments through the real server, over the API and the page. A classifier over
all that a rater can observe must stay at chance; it must find each of 20 leaks planted into the same
observations; names, addresses and keys appear in no byte. `--assignments N` for a shorter audit.
"""

import argparse
import http.client
import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psycopg

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import _twins  # noqa: E402 - needs the path
from bench.serving import SERVER, database, environment, server  # noqa: E402 - needs the path

PROMPTS = 100
EACH = 200  # a rater's assignments; of eight models four pairs of a prompt share none
CANARY = "zyxcanary"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--assignments", type=int, default=2_000)
    options.add_argument("--prepare", type=int, help=argparse.SUPPRESS)
    options.add_argument("--truth", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.prepare:
        print(json.dumps(prepare(asked.prepare)))
        return 0
    if asked.truth:
        print(json.dumps(truth()))
        return 0
    result = audit(asked.assignments)
    print(json.dumps(result))
    return 0


def audit(assignments: int) -> dict:
    raters = -(-assignments // EACH)
    with psycopg.connect(SERVER, autocommit=True) as admin, database(admin) as (_, env):
        made = run(env, "--prepare", str(raters))
        with server(env, "config.wsgi:application") as served:
            seen = observe(served.port, made, assignments)
        twins = {token: _twins.Twin(*facts) for token, facts in run(env, "--truth").items()}
    truths = [twins[str(one.body["token"])] for one in seen]
    return verdict(seen, truths)


def verdict(seen: list[_twins.Seen], truths: list[_twins.Twin]) -> dict:
    """Return the audit's figures: accuracies, the leaks found, canaries, and sides."""
    labels = np.array([one.a for one in truths])
    bound = _twins.threshold(len(seen))
    plain = _twins.accuracy(_twins.matrix([_twins.features(one) for one in seen]), labels)
    found = {}
    for name, leak in _twins.LEAKS.items():
        leaking = [leak(one, twin) for one, twin in zip(seen, truths, strict=True)]
        table = _twins.matrix([_twins.features(one) for one in leaking])
        found[name] = round(_twins.accuracy(table, labels), 3)
        print(f"  {name:40} {found[name]:.3f}", file=sys.stderr)
    bytes_seen = [one.raw + one.page.encode() + repr(one.headers).encode() for one in seen]
    p = _twins.side_independence(truths)
    missed = [name for name, share in found.items() if share <= bound]
    timing, delta = _twins.timing(seen, truths)
    result = {
        "bench": "blinding",
        "assignments": len(seen),
        "accuracy": round(plain, 4),
        "threshold": round(bound, 4),
        "leaks_planted": len(found),
        "leaks_found": len(found) - len(missed),
        "leaks_missed": missed,
        "canaries": sum(CANARY.encode() in one.lower() for one in bytes_seen),
        "sides_p_value": round(p, 4),
        "timing_ks_p_value": round(timing, 4),
        "timing_cliffs_delta": round(delta, 4),
    }
    met = plain <= bound and not missed and not result["canaries"] and min(p, timing) > 0.01
    return {**result, "met": met}


def run(env: dict, *arguments: str) -> dict:
    import subprocess

    command = [sys.executable, "-P", __file__, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(env), check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout.splitlines()[-1])


# ---- the study of twins ---------------------------------------------------------------------------


def prepare(raters: int) -> dict:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.services import issue_token
    from tests.scenarios import make_rater

    call_command("migrate", verbosity=0)
    scene = twin_study(PROMPTS)
    tokens, cookies = [], []
    for number in range(raters):
        user = make_rater(f"rater-{number}").user
        tokens.append(issue_token(user=user, name="audit", now=timezone.now()).secret)
        cookies.append(session_of(user))
    return {"path": scene.url, "page": f"/judge/{scene.study.slug}/", "tokens": tokens,
            "cookies": cookies}  # fmt: skip


def twin_study(prompts: int):
    """Publish a study of eight models that answer alike and differ in everything else."""
    from datetime import timedelta

    from django.utils import timezone

    from judging.services.studies import create_study, publish_version
    from models_registry.models import Completion, LanguageModel
    from tests.scenarios import (
        ONE_CRITERION,
        Scenario,
        get_or_make_user,
        make_models,
        make_pool,
        make_rater,
        protocol_for,
    )

    pool = make_pool(prompts=prompts, slug="twins")
    models = make_models(_twins.TWINS, canary=CANARY)
    now = timezone.now()
    for at, model in enumerate(models):
        LanguageModel.objects.filter(pk=model.pk).update(created_at=now - timedelta(days=90 * at))
    rows = [
        Completion(
            language_model=model,
            prompt=prompt,
            state="succeeded",
            outcome="answered",
            text=text,
            turns=[text] * (at % 2),  # imported and generated answers differ in that
            response_model=f"{model.remote_name}-{at}",
            finish_reason=("stop", "end_turn", "eos", "length")[at % 4],
            system_fingerprint=f"{CANARY}-{at}",
            provider_request_id=f"{CANARY}-{at}-{prompt.position}",
            latency_ms=50 * 3**at,
            prompt_tokens=10 + at,
            completion_tokens=100 * (at + 1),
            last_error_message=f"{CANARY} was busy" * (at % 3),
            attempts_made=1 + at % 3,
        )
        for at, model in enumerate(models)
        for prompt in pool.prompts.order_by("position")
        for text in [_twins.written(at, prompt.position)]
    ]
    Completion.objects.bulk_create(rows)
    study = create_study(
        slug="twins",
        name="A study",
        created_by=get_or_make_user("alice", "admin"),
        protocol=protocol_for(pool, models, criteria=ONE_CRITERION, judgments_per_comparison=3),
    )
    version = publish_version(study=study, now=now)
    return Scenario(
        study=version.study, version=version, pool_version=pool, models=models,
        alice=study.created_by, bob=make_rater("bob"), carol=make_rater("carol"),
    )  # fmt: skip


def session_of(user: object) -> str:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].OutputString().split(";")[0]


def truth() -> dict:
    import django

    django.setup()
    return truth_of()


def truth_of() -> dict:
    """Return by token: the place of the models shown as A and B, and the ids behind them."""
    from judging.models import Assignment
    from models_registry.models import LanguageModel

    place = {
        pk: at
        for at, pk in enumerate(LanguageModel.objects.order_by("pk").values_list("pk", flat=True))
    }
    fields = ("token", "swapped", "comparison_id", "comparison__first_id", "comparison__second_id",
              "comparison__pair__first_model", "comparison__pair__second_model")  # fmt: skip
    found = {}
    for token, swapped, pk, first, second, one, other in Assignment.objects.values_list(*fields):
        a, b = (other, one) if swapped else (one, other)
        found[token] = (place[a], place[b], second if swapped else first, pk)
    return found


# ---- observing --------------------------------------------------------------------------------------


def observe(port: int, made: dict, assignments: int) -> list[_twins.Seen]:
    """Let the raters judge, two at once, and note all that reaches them."""
    seen: list[_twins.Seen] = []
    began = time.perf_counter()
    people = list(zip(made["tokens"], made["cookies"], strict=True))
    share = -(-assignments // len(people))
    for start in range(0, len(people), 2):
        threads = [
            threading.Thread(
                target=_rate,
                kwargs={
                    "port": port,
                    "made": made,
                    "person": person,
                    "share": share,
                    "began": began,
                    "seen": seen,
                },
            )
            for person in people[start : start + 2]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if len(seen) < assignments:
        raise RuntimeError(f"only {len(seen)} of {assignments} assignments were judged")
    return seen[:assignments]


def _rate(*, port: int, made: dict, person: tuple, share: int, began: float, seen: list) -> None:
    token, cookie = person
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(method: str, path: str, body: bytes | None, headers: dict) -> tuple:
        started = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        raw = response.read()
        took = (time.perf_counter() - started) * 1_000
        if response.status not in {200, 201}:
            raise RuntimeError(f"{path}: {response.status} {raw[:200]!r}")
        named = {name: value for name, value in response.getheaders() if name not in VARYING}
        return raw, named, took

    for _ in range(share):
        raw, headers, next_ms = ask("POST", made["path"], b"{}", bearer)
        body = json.loads(raw)
        page, page_headers, _ = ask("GET", made["page"], None, {"Cookie": cookie})
        votes = json.dumps({"votes": {"quality": 1}}).encode()
        recorded, sent_headers, submit_ms = ask(
            "POST", f"/api/v1/assignments/{body['token']}/judgment/", votes, bearer
        )
        every = {
            **headers,
            **{f"page {name}": value for name, value in page_headers.items()},
            **{f"recorded {name}": value for name, value in sent_headers.items()},
        }
        seen.append(
            _twins.Seen(
                body=body,
                raw=raw,
                headers=every,
                recorded=json.loads(recorded),
                page=page.decode(),
                next_ms=next_ms,
                submit_ms=submit_ms,
                at=time.perf_counter() - began,
            )
        )


# Random for each request, and longer or shorter with nothing: they stay out of the classifier only.
VARYING = {"X-Request-ID", "x-request-id", "Set-Cookie", "set-cookie", "date", "Date"}


if __name__ == "__main__":
    os.environ.setdefault("PREFERENDUM_LOG_LEVEL", "WARNING")
    sys.exit(main())
