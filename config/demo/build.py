"""Builds the demo through the services: what an admin, a worker and forty raters would do."""

import json
import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import RaterProfile, User
from accounts.services import create_user
from config.demo import FINISHED, WAITING
from config.demo.endpoint import HERE
from config.demo.raters import SimulatedRater
from judging.models import StudyVersion
from judging.services import assignments, judgments
from judging.services.studies import close_study, create_study, publish_version
from models_registry import tasks
from models_registry.models import LanguageModel, ModelEndpoint
from models_registry.services.endpoints import register_endpoint
from models_registry.services.language_models import register_language_model
from models_registry.services.runs import run_progress, start_run
from prompts.models import PromptPoolVersion
from prompts.services import create_pool, import_prompts
from prompts.services import publish_version as publish_pool
from ratings.services.snapshots import take_snapshot

Say = Callable[[str], None]

RATERS = 44
OTHER_LANGUAGES = ("de", "fr", "es", "ja", "zh", "ar", "he", "hi")
JUDGMENTS_A_COMPARISON = 4
PROMPTS_A_PAIR = 12
SEED = 20260301
GENERATION_LIMIT = timedelta(minutes=3)
POLL_SECONDS = 0.2


class DemoFailed(Exception):
    """The demo could not be built; the message says where it stopped."""


def build(*, base_url: str, say: Say) -> None:
    """Make accounts, prompts, models, answers, a finished study with its board, a waiting one."""
    admin = create_user(username="admin", role=User.Role.ADMIN)
    create_user(username="researcher", role=User.Role.RESEARCHER)
    create_user(username="rater", role=User.Role.RATER, languages=["en"])
    pool = _pool(say)
    models = _models(base_url)
    _generate(pool, models, admin, say)
    finished = _study(
        pool,
        models,
        admin,
        slug=FINISHED,
        name="Four models on three criteria",
        description="Every model against every other, on all prompts, judged by simulated raters.",
        judgments_per_comparison=JUDGMENTS_A_COMPARISON,
    )
    _judge(say)
    close_study(study=finished.study, now=timezone.now(), by=admin)
    take_snapshot(version=finished, now=timezone.now())
    _study(
        pool,
        models,
        admin,
        slug=WAITING,
        name="Your turn",
        description="A small study that waits for you: which answer is better?",
        judgments_per_comparison=1,
        design={"kind": "all_pairs", "prompts_per_pair": PROMPTS_A_PAIR},
    )


def _pool(say: Say) -> PromptPoolVersion:
    pool = create_pool(
        slug="demo",
        name="Demo prompts",
        description="Written for this demo: many domains, nine languages, single and multi-turn.",
        source="Preferendum",
    )
    path = HERE / "prompts.jsonl"
    report = import_prompts(pool=pool, data=path.read_bytes(), filename=path.name)
    if report.version is None or report.n_errors:
        raise DemoFailed(f"{path.name} has {report.n_errors} errors.")
    say(f"{report.n_imported} prompts imported")
    return publish_pool(version=report.version, now=timezone.now())


def _models(base_url: str) -> list[LanguageModel]:
    endpoint: ModelEndpoint = register_endpoint(
        slug="demo",
        name="Demo endpoint",
        kind=ModelEndpoint.Kind.OPENAI_CHAT,
        base_url=base_url,
        max_concurrency=16,
    )
    described = json.loads((HERE / "models.json").read_text(encoding="utf-8"))
    return [_model(endpoint, **one) for one in described]


def _model(
    endpoint: ModelEndpoint, *, name: str, display_name: str, description: str, **facts: Any
) -> LanguageModel:
    return register_language_model(
        slug=name, name=display_name, endpoint=endpoint, remote_name=name, **facts
    )


def _generate(pool: PromptPoolVersion, models: list[LanguageModel], admin: User, say: Say) -> None:
    """Start a run, ring for the worker, and wait until every completion has an end."""
    started = time.monotonic()
    now = timezone.now()
    run = start_run(pool_version=pool, language_models=models, created_by=admin, now=now).run
    tasks.dispatch_due.delay()
    limit = now + GENERATION_LIMIT
    while (states := run_progress(run=run, now=timezone.now()).states) and _open(states):
        if timezone.now() > limit:
            raise DemoFailed(f"{_open(states)} completions are open after {GENERATION_LIMIT}.")
        time.sleep(POLL_SECONDS)
    if states["failed"]:
        raise DemoFailed(f"{states['failed']} completions failed.")
    done, seconds = states["succeeded"], time.monotonic() - started
    say(f"{done} completions generated over HTTP in {seconds:.1f} s")


def _open(states: Mapping[str, int]) -> int:
    return states["pending"] + states["leased"]


def _study(
    pool: PromptPoolVersion,
    models: list[LanguageModel],
    admin: User,
    *,
    slug: str,
    name: str,
    description: str,
    **protocol: Any,
) -> StudyVersion:
    study = create_study(
        slug=slug,
        name=name,
        description=description,
        created_by=admin,
        protocol={
            "pool": {"slug": pool.pool.slug, "version": pool.number},
            "models": [str(model) for model in models],
            **protocol,
        },
    )
    return publish_version(study=study, now=timezone.now(), by=admin)


def _judge(say: Say) -> None:
    """Let simulated raters judge, one after the other in turn, until nothing is left for any."""
    started = time.monotonic()
    raters = [_rater(number) for number in range(RATERS)]
    count, working = 0, list(raters)
    while working:
        working = [(profile, mind) for profile, mind in working if _judge_one(profile, mind)]
        count += len(working)
    seconds = time.monotonic() - started
    say(f"{count} judgments by {len(raters)} simulated raters in {seconds:.1f} s")


def _rater(number: int) -> tuple[RaterProfile, SimulatedRater]:
    other = OTHER_LANGUAGES[number % len(OTHER_LANGUAGES)]
    user = create_user(
        username=f"simulated-{number + 1:02}",
        role=User.Role.RATER,
        kind=RaterProfile.Kind.SIMULATED,
        languages=["en", other],
    )
    return user.rater_profile, SimulatedRater(random.Random(SEED + number))


def _judge_one(profile: RaterProfile, mind: SimulatedRater) -> bool:
    """Judge the rater's next comparison through the rater's service; say whether there was one."""
    now = timezone.now()
    leased = assignments.lease_next(rater=profile, slug=FINISHED, now=now)
    if leased is None:
        return False
    shown = leased.blinded
    scales = {one.key: one.scale for one in shown.criteria}
    votes = mind.votes(shown.a.text, shown.b.text, scales)
    assignment = assignments.find_assignment(rater=profile, token=shown.token)
    judgments.record_judgment(assignment=assignment, body={"votes": votes}, now=now)
    return True
