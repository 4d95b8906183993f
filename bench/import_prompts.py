"""Import 50,000 synthetic prompts through the service, in process, into a temporary SQLite file.

The table goes to stderr; one line of JSON ends stdout. Set DATABASE_URL to import elsewhere.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench._begin import arguments_of

ROOT = Path(__file__).resolve().parents[1]
ROWS = 50_000
TARGET_SECONDS = 3.0
VOCABULARY = {
    "english": (
        "why how which explain compare list the a of river engine protein contract poem vaccine sort "
        "binary theorem budget kitchen bridge virus light market grammar orbit melody ocean please in "
        "three steps with an example for a child using only short words and no jargon, can you your (?)"
    ),
    "others": "por qué cómo naïve größe würde через зачем 東京 なぜ 为什么 مرحبا كيف आप कैसे",
}
ENGLISH, OTHERS = (text.split() for text in VOCABULARY.values())


def make_file(rng: random.Random) -> bytes:
    """Return JSONL: single prompts, two-turn prompts and fixed histories, with labels."""
    return "\n".join(
        json.dumps(make_row(rng, index), ensure_ascii=False) for index in range(ROWS)
    ).encode()


def make_row(rng: random.Random, index: int) -> dict:
    words = OTHERS if rng.random() < 0.2 else ENGLISH

    def text() -> str:
        return f"{index}: " + " ".join(rng.choices(words, k=rng.randint(8, 50))) + "?"

    row = {"id": f"q{index}", "category": rng.choice("abcdefgh"), "language": "en"}
    kind = rng.random()
    if kind < 0.7:
        row["prompt"] = text()
    elif kind < 0.85:
        row["turns"] = [text(), text()]
    else:
        roles = ("user", "assistant", "user")
        row["messages"] = [{"role": role, "content": text()} for role in roles]
    if rng.random() < 0.3:
        row["reference_answer"] = text()
    return row


def set_up(folder: Path) -> None:
    sys.path.insert(0, str(ROOT))
    os.environ["PREFERENDUM_DATA_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    arguments_of(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        from django.db import connection

        from prompts.services import create_pool, import_prompts

        data = make_file(random.Random(1))
        pool = create_pool(slug="bench")
        _, _, floor = timed(lambda: [json.loads(line) for line in data.split(b"\n")])
        report, wall, cpu = timed(
            lambda: import_prompts(pool=pool, data=data, filename="bench.jsonl")
        )
        assert report.n_imported == ROWS
        assert report.version.prompts.count() == ROWS
        _, _, dry_cpu = timed(
            lambda: import_prompts(
                pool=create_pool(slug="dry"), data=data, filename="bench.jsonl", dry_run=True
            )
        )
        result = {
            "bench": "import_prompts",
            "rows": ROWS,
            "megabytes": round(len(data) / 1e6, 1),
            "database": connection.vendor,
            "seconds": round(wall, 3),
            "cpu_seconds": round(cpu, 3),
            "check_only_cpu_seconds": round(dry_cpu, 3),
            "json_loads_cpu_seconds": round(floor, 3),
            "ratio_to_json_loads": round(cpu / floor, 1),
            "target_seconds": TARGET_SECONDS,
            "within_target": wall <= TARGET_SECONDS,
        }
        connection.close()
    for name, value in result.items():
        print(f"{name:>24}  {value}", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
