"""Open laboratories side by side, and run rounds in them: see `tests.faults.lab.runner`.

python -m tests.faults.lab FOLDER LABORATORIES < a line of JSON for each round
"""

import json
import multiprocessing
import os
import signal
import sys
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import django

from tests.faults.lab.certificates import Certificates, make_certificates
from tests.faults.lab.patches import DNS_IS_DOWN, PROVIDER_HOST
from tests.faults.lab.servers import Postgres, Redis

PATIENCE_SECONDS = 60.0
opened: Any = None  # this process's laboratory


def main(folder: Path, laboratories: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rounds = [json.loads(line) for line in sys.stdin]
    certificates = make_certificates(folder / "certificates", PROVIDER_HOST)
    _set_up(certificates)
    many = multiprocessing.get_context("fork").Pool(
        min(laboratories, len(rounds)), _open, (folder, certificates)
    )
    for told in many.imap_unordered(_run, rounds, chunksize=1):
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    many.close()
    many.join()


def _set_up(certificates: Certificates) -> None:
    """Load everything once; each laboratory then is a copy that has servers of its own."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": "postgres://postgres@127.0.0.1/postgres",
        "REDIS_URL": "redis://127.0.0.1/0",
        "PREFERENDUM_LEASE_SECONDS": os.environ.get("PREFERENDUM_LEASE_SECONDS", "4"),
        "PREFERENDUM_CALLS_PER_TASK": "8",
        "SSL_CERT_FILE": str(certificates.authority),
    }
    django.setup()
    from django.conf import settings

    from config.celery import app

    app.loader.import_default_modules()
    settings.ENDPOINT_PRIVATE_HOSTS = [*settings.ENDPOINT_PRIVATE_HOSTS, PROVIDER_HOST]
    # The tables at once, without the history of how they came about: that takes ten seconds.
    settings.MIGRATION_MODULES = dict.fromkeys(
        config.label for config in django.apps.apps.get_app_configs()
    )


def _open(parent: Path, certificates: Certificates) -> None:
    global opened  # noqa: PLW0603 - a process has one laboratory
    from django.conf import settings
    from django.core.management import call_command

    from config.celery import app
    from tests.faults.lab.nursery import Nursery
    from tests.faults.lab.rounds import Lab, watch_rows

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = parent / f"lab-{os.getpid()}"
    folder.mkdir()
    os.environ[DNS_IS_DOWN] = str(folder / "dns-is-down")
    redis, postgres = Redis(folder / "redis"), Postgres(folder / "postgres")
    for server in (redis, postgres):
        Finalize(None, server.kill, exitpriority=1)
        server.start()
    settings.DATABASES["default"]["PORT"] = postgres.port
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = redis.url
    (folder / "workers").mkdir()
    nursery = Nursery(folder / "workers")
    call_command("migrate", run_syncdb=True, verbosity=0)
    watch_rows()
    opened = Lab(postgres, redis, nursery, certificates)


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    from tests.faults.lab.kinds import KINDS
    from tests.faults.lab.rounds import Round

    fault = KINDS[asked["kind"]]
    control = fault.control if asked["control"] else ""
    hurry = asked["hurry"]
    one = Round(opened, asked["kind"], control, asked["seed"], patches=fault.patches, hurry=hurry)
    patience = fault.control_patience if control else PATIENCE_SECONDS * (1 if hurry else 4)
    return one.run(fault.inject, patience=patience).as_dict()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
