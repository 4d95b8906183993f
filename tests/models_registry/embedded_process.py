"""One embedded installation as a process: `migrate`, `prepare URL COUNT`, `work` until all is done."""

import json
import sys
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - the applications are loaded first
from django.utils import timezone  # noqa: E402 - the applications are loaded first

from config import embedded  # noqa: E402 - the applications are loaded first
from models_registry.models import Completion  # noqa: E402 - the applications are loaded first
from models_registry.services.endpoints import register_endpoint  # noqa: E402 - the applications are loaded first
from models_registry.services.language_models import register_language_model  # noqa: E402 - the applications are loaded first
from models_registry.services.runs import start_run  # noqa: E402 - the applications are loaded first
from prompts.models import Prompt, PromptPool, PromptPoolVersion  # noqa: E402 - the applications are loaded first


def migrate():
    call_command("migrate", verbosity=0)


def prepare(url, count):
    pool = PromptPool.objects.create(slug="pool", name="Pool")
    version = PromptPoolVersion.objects.create(
        pool=pool, number=1, state="published", digest="0" * 64
    )
    Prompt.objects.bulk_create(
        Prompt(
            version=version,
            position=n,
            external_id=f"q{n}",
            kind="fixed_history",
            messages=[{"role": "user", "content": f"question {n}"}],
        )
        for n in range(int(count))
    )
    endpoint = register_endpoint(slug="fake", name="Fake", kind="openai_chat", base_url=url)
    model = register_language_model(
        slug="fake-1", name="Fake One", endpoint=endpoint, remote_name="fake-1"
    )
    start_run(pool_version=version, language_models=[model], now=timezone.now())


def work():
    embedded.SWEEP_SECONDS = 1.0
    embedded.start()
    until = time.monotonic() + 60
    while Completion.objects.exclude(state="succeeded").exists() and time.monotonic() < until:
        time.sleep(0.1)
    states = list(Completion.objects.values_list("state", flat=True))
    sys.stdout.write(json.dumps({state: states.count(state) for state in set(states)}))


if __name__ == "__main__":
    {"migrate": migrate, "prepare": prepare, "work": work}[sys.argv[1]](*sys.argv[2:])
