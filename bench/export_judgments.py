"""Export 50,000 judgments from a temporary SQLite file, as CSV, JSON lines and Parquet.

The figures are for one criterion a judgment, and again for three: 50,000 and 150,000 rows.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench._begin import arguments_of

JUDGMENTS = 50_000
LIMIT_SECONDS = 3.0
MODELS, PROMPTS, RATERS, EACH = 8, 596, 40, 3  # 28 pairs x 596 prompts x 3 judgments


def main() -> int:
    arguments_of(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PREFERENDUM_DATA_DIR"] = folder
        for name in ("DATABASE_URL", "REDIS_URL", "PREFERENDUM_PRODUCTION"):
            os.environ.pop(name, None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        found = measure(Path(folder))
    print(json.dumps(found))
    return 0 if found["worst_seconds"] <= LIMIT_SECONDS else 1


def measure(folder: Path) -> dict:
    from django.core.management import call_command
    from django.db import connection

    from tests.ratings.studies import FOUR_WAY, GRADED

    call_command("migrate", verbosity=0)
    studies = {
        "one_criterion": judged("one", [FOUR_WAY]),
        "three_criteria": judged(
            "three", [FOUR_WAY, GRADED, FOUR_WAY | {"key": "harmlessness", "label": "Harmlessness"}]
        ),
    }
    timings = {name: timed(study, folder) for name, study in studies.items()}
    connection.close()
    worst = max(one["seconds"] for one in timings["one_criterion"].values())
    return {
        "bench": "export_judgments",
        "judgments": JUDGMENTS,
        "worst_seconds": worst,
        "limit_seconds": LIMIT_SECONDS,
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **timings,
    }


def judged(slug: str, criteria: list[dict]):
    import random

    from tests.ratings.studies import Given, build_study, make_raters, random_values, submit

    rng = random.Random(1)
    models = [f"{slug}-{at}" for at in range(MODELS)]
    built = build_study(slug=slug, models=models, prompts=PROMPTS, criteria=criteria)
    raters = make_raters(RATERS, prefix=slug)
    asked = built.version.protocol["criteria"]
    given = [
        Given(
            raters[(at + place * 13) % RATERS],
            comparison,
            rng.random() < 0.5,
            random_values(rng, asked),
            "A word on it." if at % 5 == 0 else "",
        )
        for at, comparison in enumerate(built.comparisons)
        for place in range(EACH)
    ]
    submit(built, given[:JUDGMENTS])
    return built.study


def timed(study: object, folder: Path) -> dict:
    from ratings.exports.writers import FORMATS
    from ratings.services.exports import export, write_export

    found = {}
    for name in FORMATS:
        path = folder / f"{study.slug}.{name}"
        start, cpu = time.perf_counter(), time.process_time()
        content = export(study=study, what="judgments", file_format=name).content
        size = write_export(content=content, path=path)
        found[name] = {
            "seconds": round(time.perf_counter() - start, 3),
            "cpu_seconds": round(time.process_time() - cpu, 3),
            "mib": round(size / 2**20, 1),
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
