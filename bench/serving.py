"""What serving one judgment costs (next + submit): CPU, throughput, waiting, and how it grows.

In one run, on loopback, with the real server:
- 8 raters on PostgreSQL, turn about with a floor: bare Django REST framework, two statements a request;
- 100 raters who think for a second;
- 8 raters in a study of a thousand times as many comparisons;
- 8 raters on SQLite, everything in one process.
With `--long`, instead: 100,000 judgments by many raters at once, each acknowledged one compared with
what is stored.
CPU is read from the clocks of the web and database processes: what the clients burn is not counted.
DATABASE_URL names the PostgreSQL server (default postgres://postgres@127.0.0.1:5432/), not the
database: those used are made and dropped.
"""

import http.client
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench._begin import arguments_of, end

ROOT = Path(__file__).parents[1]
URL = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
SERVER = urlsplit(URL)._replace(path="/postgres").geturl()  # where databases are created
RATERS, WARM_UP = 8, 10  # judgments of each rater
ROUNDS, JUDGMENTS = 5, 20  # of each rater in a round; short ones, so that both meet the same noise
MANY, THINK, MANY_JUDGMENTS = 100, 1.0, 6
PROMPTS, MODELS = 100, 5  # 1,000 comparisons
LARGE_PROMPTS = 100_000  # 1,000,000 comparisons
LONG_JUDGMENTS, LONG_RATERS, LONG_PROMPTS = 100_000, 32, 10_000  # 200,000 places
AGAIN = 10  # of so many submissions one is sent twice
TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = "A sentence of an answer that is long enough to have to be read by somebody. " * 20
TARGETS = {
    "cpu_ms": ("<=", 5.0),
    "throughput_of_floor": (">=", 0.8),
    "p95_ms": ("<=", 60.0),
    "many_p95_ms": ("<=", 300.0),
    "growth": ("<=", 1.25),
    "sqlite_cpu_ms": ("<=", 4.0),
    "sqlite_errors": ("<=", 0),
}


def main() -> int:
    if sys.argv[1:2] == ["prepare"]:
        print(json.dumps(prepare(int(sys.argv[2]), prompts=int(sys.argv[3]))))
        return 0
    parser = arguments_of(__doc__)
    parser.add_argument(
        "--long",
        nargs="?",
        type=int,
        const=LONG_JUDGMENTS,
        metavar="JUDGMENTS",
        help=f"only this: are all judgments stored that were acknowledged? ({LONG_JUDGMENTS:,})",
    )
    parser.add_argument(
        "--minutes", type=float, default=60, help="of a long run at most; then what is there counts"
    )
    asked = parser.parse_args()
    if asked.long:
        print(json.dumps({"bench": "serving", **long_run(asked.long, asked.minutes)}))
        return 0
    result = {"bench": "serving", **on_postgresql(), **on_sqlite()}
    met = {
        name: result[name] <= bound if sense == "<=" else result[name] >= bound
        for name, (sense, bound) in TARGETS.items()
    }
    for name, (sense, bound) in TARGETS.items():
        verdict = "met" if met[name] else "NOT met"
        print(f"{name:22} {result[name]:10} {sense} {bound:8} {verdict}", file=sys.stderr)
    print(json.dumps({**result, "met": met}))
    return 0


# ---- PostgreSQL ---------------------------------------------------------------------------------


def on_postgresql() -> dict:
    with psycopg.connect(SERVER, autocommit=True) as admin:
        with database(admin) as (name, env):
            small = small_study(admin, name, env)
        with database(admin) as (name, env):
            large = large_study(admin, name, env)
    return {
        **small,
        "large_comparisons": LARGE_PROMPTS * MODELS * (MODELS - 1) // 2,
        "large_cpu_ms": large["cpu_ms"],
        "large_p95_ms": large["p95_ms"],
        "growth": round(large["cpu_ms"] / small["cpu_ms"], 2),
    }


@contextmanager
def database(admin: psycopg.Connection) -> Iterator[tuple[str, dict]]:
    name = f"bench_serving_{secrets.token_hex(4)}"
    admin.execute(f'CREATE DATABASE "{name}"')
    try:
        # With REDIS_URL no worker runs inside the web process: that would be counted as well.
        yield (
            name,
            {
                "DATABASE_URL": urlsplit(SERVER)._replace(path=f"/{name}").geturl(),
                "REDIS_URL": os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/15",
            },
        )
    finally:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def small_study(admin: psycopg.Connection, name: str, env: dict) -> dict:
    made = prepared(env, MANY + RATERS, PROMPTS)
    admin.execute("CHECKPOINT")

    def burnt_by(pid: int) -> tuple[float, float]:
        return family_cpu(pid), backend_cpu(admin, name)

    with (
        server(env, "config.wsgi:application") as ours,
        server(env, "bench._floor:application") as floor,
    ):
        eight = clients(ours, made, made["tokens"][:RATERS])
        bare = clients(floor, made, made["tokens"][:RATERS])
        for raters in (eight, bare):
            together(raters, WARM_UP)
        rounds = {"ours": [], "floor": []}
        for _ in range(ROUNDS):
            rounds["ours"].append(measured(eight, JUDGMENTS, ours.pid, burnt_by))
            rounds["floor"].append(measured(bare, JUDGMENTS, floor.pid, burnt_by))
        crowd = clients(ours, made, made["tokens"][RATERS:])
        together(crowd, MANY_JUDGMENTS, think=THINK)
    total = {who: summed(parts) for who, parts in rounds.items()}
    return {
        "raters": RATERS,
        "comparisons": made["comparisons"],
        "judgments": ROUNDS * RATERS * JUDGMENTS,
        "cpu_ms": total["ours"]["cpu_ms"],
        "web_cpu_ms": total["ours"]["web_cpu_ms"],
        "postgres_cpu_ms": total["ours"]["database_cpu_ms"],
        "judgments_per_second": total["ours"]["per_second"],
        "floor_cpu_ms": total["floor"]["cpu_ms"],
        "floor_judgments_per_second": total["floor"]["per_second"],
        "throughput_of_floor": round(total["ours"]["per_second"] / total["floor"]["per_second"], 2),
        "p95_ms": quantile([ms for one in eight for ms in one.took[2 * WARM_UP :]], 0.95),
        "many_raters": MANY,
        "many_p95_ms": quantile([ms for one in crowd for ms in one.took], 0.95),
    }


def large_study(admin: psycopg.Connection, name: str, env: dict) -> dict:
    made = prepared(env, RATERS, LARGE_PROMPTS)
    admin.execute("CHECKPOINT")

    def burnt_by(pid: int) -> tuple[float, float]:
        return family_cpu(pid), backend_cpu(admin, name)

    with server(env, "config.wsgi:application") as ours:
        eight = clients(ours, made, made["tokens"])
        together(eight, WARM_UP)
        found = summed([measured(eight, ROUNDS * JUDGMENTS, ours.pid, burnt_by)])
    took = [ms for one in eight for ms in one.took[2 * WARM_UP :]]
    return {**found, "p95_ms": quantile(took, 0.95)}


# ---- many judgments -----------------------------------------------------------------------------


def long_run(judgments: int, minutes: float) -> dict:
    """Compare what many raters were told is stored with what is, row by row."""
    with psycopg.connect(SERVER, autocommit=True) as admin, database(admin) as (name, env):
        made = prepared(env, LONG_RATERS, LONG_PROMPTS)
        with server(env, "config.wsgi:application") as ours:
            raters = [Witness(ours.port, made["path"], token) for token in made["tokens"]]
            cpu, started = family_cpu(ours.pid) + backend_cpu(admin, name), time.perf_counter()
            work = [-(-judgments // LONG_RATERS), started + 60 * minutes]
            threads = [threading.Thread(target=one.judge, args=work) for one in raters]
            for thread in threads:
                thread.start()
            while at_work := [thread for thread in threads if thread.is_alive()]:
                at_work[0].join(60)
                done = sum(len(one.acknowledged) for one in raters)
                print(
                    f"{time.perf_counter() - started:5.0f} s {done:8,} judgments", file=sys.stderr
                )
            seconds = time.perf_counter() - started
            cpu = family_cpu(ours.pid) + backend_cpu(admin, name) - cpu
        with psycopg.connect(env["DATABASE_URL"]) as connection:
            compared = compare(connection, raters)
    return {
        "raters": LONG_RATERS,
        "comparisons": made["comparisons"],
        **compared,
        "met": compared["met"] and not any(one.broke_off for one in raters),
        "sent_twice": sum(one.repeated for one in raters),
        "broke_off": sum(one.broke_off for one in raters),
        "seconds": round(seconds),
        "judgments_per_second": round(compared["acknowledged"] / seconds, 1),
        "cpu_ms": round(cpu * 1000 / compared["acknowledged"], 2),
        "p95_ms": quantile([ms for one in raters for ms in one.took], 0.95),
    }


def compare(connection: psycopg.Connection, raters: list["Witness"]) -> dict:
    """Return counts of what is stored, and of all in which it differs from what was acknowledged."""
    acknowledged = {token: votes for one in raters for token, votes in one.acknowledged.items()}
    stored: dict[str, list[dict]] = {}
    rows = connection.execute(
        """SELECT mine.token, jsonb_object_agg(vote.criterion, vote.display_value)
        FROM judging_judgment AS one JOIN judging_assignment AS mine ON mine.id = one.assignment_id
        LEFT JOIN judging_vote AS vote ON vote.judgment_id = one.id GROUP BY one.id, mine.token"""
    )
    for token, votes in rows:
        stored.setdefault(token, []).append(votes)
    (places_wrong,) = connection.execute(
        """SELECT COUNT(*) FROM (
            SELECT one.places, one.open_places, COUNT(mine.id) AS held
            FROM judging_comparison AS one LEFT JOIN judging_assignment AS mine
            ON mine.comparison_id = one.id AND mine.state IN ('leased', 'judged')
            GROUP BY one.id
        ) AS counted WHERE open_places < 0 OR open_places + held <> places"""
    ).fetchone() or (None,)
    found = {
        "acknowledged": len(acknowledged),
        "stored": sum(map(len, stored.values())),
        "lost": len(acknowledged.keys() - stored.keys()),
        "not_acknowledged": len(stored.keys() - acknowledged.keys()),
        "doubled": sum(len(each) > 1 for each in stored.values()),
        "other_votes": sum(
            stored[token] != [votes] for token, votes in acknowledged.items() if token in stored
        ),
        "places_wrong": places_wrong,
    }
    wrong = ("lost", "not_acknowledged", "doubled", "other_votes", "places_wrong")
    return {**found, "met": not any(found[one] for one in wrong)}


# ---- SQLite, everything in one process --------------------------------------------------------------


def on_sqlite() -> dict:
    folder = tempfile.mkdtemp(prefix="bench-serving-")
    env = {"DATABASE_URL": "", "REDIS_URL": "", "PREFERENDUM_DATA_DIR": folder}
    try:
        made = prepared(env, RATERS, PROMPTS)
        with server(env, "config.wsgi:application") as ours:
            eight = clients(ours, made, made["tokens"])
            together(eight, WARM_UP)
            found = measured(
                eight, ROUNDS * JUDGMENTS, ours.pid, lambda pid: (family_cpu(pid), 0.0)
            )
        log = Path(folder, "server.log")
        locked = log.read_text(encoding="utf-8").count("database is locked") if log.exists() else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "sqlite_cpu_ms": summed([found])["cpu_ms"],
        "sqlite_errors": sum(one.failed for one in eight) + locked,
        "sqlite_p95_ms": quantile([ms for one in eight for ms in one.took[2 * WARM_UP :]], 0.95),
    }


# ---- studies ------------------------------------------------------------------------------------


def prepared(env: dict, raters: int, prompts: int) -> dict:
    """Fill a database in a process of its own: settings are read once in each."""
    command = [sys.executable, "-P", __file__, "prepare", str(raters), str(prompts)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(env), check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout.splitlines()[-1])


def environment(env: dict) -> dict:
    secret = "only for the bench " * 4
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PREFERENDUM_SECRET_KEY": secret,
        "PREFERENDUM_ENDPOINT_KEY_SECRETS": secret,
        "PREFERENDUM_LOG_LEVEL": "WARNING",
        **env,
    }


def prepare(raters: int, *, prompts: int) -> dict:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from accounts.services import issue_token
    from judging.models import Comparison
    from tests.scenarios import DEFAULT, make_rater, published_study

    call_command("migrate", verbosity=0)
    scene = published_study(
        prompts=PROMPTS,
        models=MODELS,
        completion={"text": ANSWER, "turns": [ANSWER]},
        criteria=DEFAULT,
        judgments_per_comparison=2,
    )
    if prompts > PROMPTS:
        enlarge(prompts)
    tokens = []
    for number in range(raters):
        user = make_rater(f"rater-{number}").user
        tokens.append(issue_token(user=user, name="bench", now=timezone.now()).secret)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_floor (token varchar(40) PRIMARY KEY, at varchar(40),"
            " comparison_id bigint, body text)"
        )
    analyse()
    return {"path": scene.url, "tokens": tokens, "comparisons": Comparison.objects.count()}


def analyse() -> None:
    """Look at the tables that have rows, as the databases do by themselves.

    One that was found empty would be read from end to end by every plan made before the next look.
    """
    from django.apps import apps
    from django.db import connection

    filled = [one._meta.db_table for one in apps.get_models() if one._default_manager.exists()]
    with connection.cursor() as cursor:
        for table in filled:
            cursor.execute(f'ANALYZE "{table}"')


def enlarge(prompts: int) -> None:
    """Add prompts, answers and comparisons in the database itself: the service takes minutes."""
    from django.db import connection

    statements = [
        """INSERT INTO prompts_prompt (version_id, position, external_id, kind, messages, category,
               domain, language, risk_tags, reference_answer, criteria, flags)
           SELECT version_id, n, 'x' || n, kind, messages, category, domain, language, risk_tags,
               reference_answer, criteria, flags
           FROM prompts_prompt CROSS JOIN generate_series(%(have)s, %(want)s - 1) AS n
           WHERE position = 0""",
        """CREATE TEMP TABLE sample AS
           SELECT completion.* FROM models_registry_completion AS completion
           JOIN prompts_prompt AS prompt ON prompt.id = completion.prompt_id WHERE position = 0""",
        """CREATE TEMP TABLE added AS SELECT id FROM prompts_prompt WHERE position >= %(have)s""",
        """CREATE TEMP TABLE pairs AS
           SELECT one.*, first.language_model_id AS first_model, second.language_model_id AS second_model
           FROM judging_comparison AS one JOIN prompts_prompt AS p ON p.id = one.prompt_id
           JOIN models_registry_completion AS first ON first.id = one.first_id
           JOIN models_registry_completion AS second ON second.id = one.second_id
           WHERE p.position = 0""",
        # Of each sample answer a copy for each new prompt, all other columns as they are.
        """DO $$ DECLARE names text; BEGIN
           SELECT string_agg(quote_ident(column_name), ', ') INTO names
           FROM information_schema.columns WHERE table_name = 'models_registry_completion'
           AND column_name NOT IN ('id', 'prompt_id');
           EXECUTE 'INSERT INTO models_registry_completion (prompt_id, ' || names || ') SELECT added.id, '
           || names || ' FROM sample CROSS JOIN added';
           SELECT string_agg(quote_ident(column_name), ', ') INTO names
           FROM information_schema.columns WHERE table_name = 'judging_comparison'
           AND column_name NOT IN ('id', 'prompt_id', 'first_id', 'second_id', 'draw_key');
           EXECUTE 'INSERT INTO judging_comparison (prompt_id, first_id, second_id, draw_key, ' || names
           || ') SELECT added.id, f.id, s.id, (random() * 9007199254740991)::bigint, ' || names
           || ' FROM pairs CROSS JOIN added'
           || ' JOIN models_registry_completion f ON f.prompt_id = added.id AND f.language_model_id = first_model'
           || ' JOIN models_registry_completion s ON s.prompt_id = added.id AND s.language_model_id = second_model';
           END $$""",
        """UPDATE judging_studyversion SET judgeable_by_language =
           jsonb_build_object('en', %(want)s * 2)""",
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            if "%(" in statement:
                cursor.execute(statement, {"have": PROMPTS, "want": prompts})
            else:
                cursor.execute(statement)
            if "FROM prompts_prompt WHERE position >=" in statement:
                cursor.execute("ANALYZE added; ANALYZE prompts_prompt")


# ---- server and clients ---------------------------------------------------------------------------


class Served:
    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port


@contextmanager
def server(env: dict, application: str) -> Iterator[Served]:
    from config.management.commands.serve import BLOCKING_THREADS

    port = free_port()
    command = [
        sys.executable, "-P", "-m", "granian", "--interface", "wsgi", application,
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--blocking-threads", str(BLOCKING_THREADS), "--log-level", "warning",
    ]  # fmt: skip
    folder = env.get("PREFERENDUM_DATA_DIR")
    log = Path(folder, "server.log") if folder else Path(os.devnull)
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(env), stderr=output)
    try:
        wait_for(port)
        yield Served(process.pid, port)
    finally:
        end(process)


class Rater:
    """One client on one connection: takes the next comparison and submits, noting the times."""

    def __init__(self, port: int, path: str, token: str) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.path = path
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.took: list[float] = []  # milliseconds of each request, two a judgment
        self.failed = 0

    def judge(self, count: int, think: float) -> None:
        for at in range(count):
            if think:
                time.sleep(think * (0.5 + hash((id(self), at)) % 1000 / 1000))
            moments = [time.perf_counter()]
            shown = self.send(self.path, {})
            moments.append(time.perf_counter())
            votes = {one["key"]: one["choices"][0]["value"] for one in shown["criteria"]}
            self.send(f"/api/v1/assignments/{shown['token']}/judgment/", {"votes": votes})
            moments.append(time.perf_counter())
            self.took += [(end - start) * 1000 for start, end in pairwise(moments)]

    def send(self, path: str, body: dict, *, expected: int = 201) -> dict:
        self.http.request("POST", path, json.dumps(body), self.headers)
        response = self.http.getresponse()
        raw = response.read()
        if response.status != expected:
            self.failed += 1
            raise RuntimeError(f"{path}: {response.status} {raw[:300]!r}")
        return json.loads(raw)


class Witness(Rater):
    """One that votes at random, sends some submissions twice, and keeps what was acknowledged."""

    def __init__(self, port: int, path: str, token: str) -> None:
        super().__init__(port, path, token)
        self.acknowledged: dict[str, dict[str, str]] = {}
        self.repeated = 0
        self.broke_off = True  # unless it comes to its end

    def judge(self, count: int, until: float) -> None:
        for at in range(count):
            if time.perf_counter() > until:
                break
            moments = [time.perf_counter()]
            shown = self.send(self.path, {})
            moments.append(time.perf_counter())
            votes = {
                one["key"]: random.choice(one["choices"])["value"] for one in shown["criteria"]
            }
            address = f"/api/v1/assignments/{shown['token']}/judgment/"
            self.send(address, {"votes": votes})
            moments.append(time.perf_counter())
            self.acknowledged[shown["token"]] = {key: str(one) for key, one in votes.items()}
            if at % AGAIN == 0:
                self.send(address, {"votes": votes}, expected=200)
                self.repeated += 1
            self.took += [(end - start) * 1000 for start, end in pairwise(moments)]
        self.broke_off = False


def clients(served: Served, made: dict, tokens: list[str]) -> list[Rater]:
    return [Rater(served.port, made["path"], token) for token in tokens]


def together(raters: list[Rater], count: int, think: float = 0.0) -> None:
    before = [len(one.took) for one in raters]
    threads = [threading.Thread(target=one.judge, args=[count, think]) for one in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if [len(one.took) for one in raters] != [had + 2 * count for had in before]:
        raise RuntimeError("a rater stopped early")


def measured(
    raters: list[Rater], count: int, pid: int, burnt_by: Callable[[int], tuple[float, float]]
) -> dict:
    before, started = burnt_by(pid), time.perf_counter()
    together(raters, count)
    seconds = time.perf_counter() - started
    web, database_cpu = (end - start for start, end in zip(before, burnt_by(pid), strict=True))
    return {"n": len(raters) * count, "seconds": seconds, "web": web, "database": database_cpu}


def summed(parts: list[dict]) -> dict:
    n = sum(one["n"] for one in parts)
    web = sum(one["web"] for one in parts) * 1000 / n
    database_cpu = sum(one["database"] for one in parts) * 1000 / n
    return {
        "cpu_ms": round(web + database_cpu, 2),
        "web_cpu_ms": round(web, 2),
        "database_cpu_ms": round(database_cpu, 2),
        "per_second": round(n / sum(one["seconds"] for one in parts), 1),
    }


def backend_cpu(admin: psycopg.Connection, name: str) -> float:
    rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [name])
    return sum(burnt(pid) for (pid,) in rows)


def family_cpu(pid: int) -> float:
    return sum(burnt(one) for one in family(pid))


def burnt(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [pid, *(one for child in children for one in family(int(child)))]


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[int(share * (len(ordered) - 1))], 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
