"""Judged studies straight into the tables: fast enough for 50,000 judgments, and exactly as told."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from accounts.models import RaterProfile, User
from judging.models import (
    Assignment,
    Comparison,
    Forfeit,
    Judgment,
    ModelPair,
    Study,
    StudyVersion,
    Vote,
)
from judging.protocol import parse_protocol
from judging.scales import canonical_vote, scale_of
from models_registry.models import Completion, LanguageModel
from prompts.models import Prompt, PromptPool, PromptPoolVersion

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FOUR_WAY = {"key": "helpfulness", "label": "Helpfulness", "question": "?", "scale": "four_way"}
GRADED = {"key": "truthfulness", "label": "Truthfulness", "question": "?", "scale": "graded7"}


@dataclass
class Built:
    """A published study and what it was built from."""

    study: Study
    version: StudyVersion
    models: list[LanguageModel]
    prompts: list[Prompt]
    completions: dict[tuple[int, int], Completion]
    pairs: dict[tuple[int, int], ModelPair]
    comparisons: list[Comparison] = field(default_factory=list)


def build_study(
    *,
    slug: str = "birds",
    models: Sequence[str] = ("ant", "bee", "cow"),
    prompts: int = 6,
    criteria: Sequence[dict] = (FOUR_WAY,),
    state: str = "open",
    **protocol,
) -> Built:
    """A published study over `prompts` prompts in which every pair meets on every prompt."""
    pool = PromptPool.objects.create(slug=f"{slug}-pool", name="Pool")
    pool_version = PromptPoolVersion.objects.create(
        pool=pool, number=1, state="published", digest="d" * 64, published_at=START
    )
    asked = Prompt.objects.bulk_create(
        Prompt(
            version=pool_version,
            position=at,
            external_id=f"q{at}",
            kind="fixed_history",
            messages=[{"role": "user", "content": f"Question {at}?"}],
            language="en",
            category="birds",
        )
        for at in range(prompts)
    )
    ranked = [LanguageModel.objects.create(slug=name, name=name.title()) for name in models]
    frozen = parse_protocol(
        {
            "pool": {"slug": pool.slug, "version": 1},
            "models": [str(model) for model in ranked],
            "criteria": list(criteria),
            **protocol,
        }
    )
    study = Study.objects.create(slug=slug, name="Birds", state=state, secret_seed="s" * 64)
    version = StudyVersion.objects.create(
        study=study,
        number=1,
        protocol=frozen.as_dict(),
        digest=frozen.digest(),
        pool_version=pool_version,
        published_at=START,
    )
    version.language_models.set(ranked)
    built = Built(study, version, ranked, list(asked), {}, {})
    _answer(built)
    _compare(built)
    return built


def _answer(built: Built) -> None:
    rows = Completion.objects.bulk_create(
        [
            Completion(
                language_model=model,
                prompt=prompt,
                source="imported",
                state="succeeded",
                outcome="answered",
                text=f"{model.slug} answers {prompt.external_id}",
                turns=[f"{model.slug} answers {prompt.external_id}"],
            )
            for model in built.models
            for prompt in built.prompts
        ],
        batch_size=2_000,
    )
    built.completions = {(row.language_model_id, row.prompt_id): row for row in rows}


def _compare(built: Built) -> None:
    couples = [
        (one, other) for at, one in enumerate(built.models) for other in built.models[at + 1 :]
    ]
    pairs = {
        (one.pk, other.pk): ModelPair.objects.create(
            study=built.study, first_model=one, second_model=other
        )
        for one, other in couples
    }
    built.pairs = pairs
    built.comparisons = Comparison.objects.bulk_create(
        [
            Comparison(
                study=built.study,
                added_in=built.version,
                prompt=prompt,
                first=built.completions[one.pk, prompt.pk],
                second=built.completions[other.pk, prompt.pk],
                pair=pairs[one.pk, other.pk],
                language="en",
                wanted=3,
                places=3,
                open_places=0,
                draw_key=at,
            )
            for at, prompt in enumerate(built.prompts)
            for one, other in couples
        ],
        batch_size=2_000,
    )


def make_raters(count: int, *, kind: str = "person", prefix: str = "r") -> list[RaterProfile]:
    users = User.objects.bulk_create(
        User(username=f"{prefix}{at}", role="rater") for at in range(count)
    )
    return RaterProfile.objects.bulk_create(
        RaterProfile(user=user, kind=kind, languages=["en"]) for user in users
    )


@dataclass(frozen=True)
class Given:
    """One submission: who, on what, shown how, with which displayed values."""

    rater: RaterProfile
    comparison: Comparison
    swapped: bool
    values: dict[str, int | str]
    comment: str = ""


def submit(built: Built, given: Iterable[Given], *, start: datetime = START) -> list[Judgment]:
    """Insert assignments, judgments and votes, one second after the other."""
    scales = {one["key"]: scale_of(one["scale"]) for one in built.version.protocol["criteria"]}
    listed = list(given)
    assignments = Assignment.objects.bulk_create(
        [
            Assignment(
                comparison=one.comparison,
                rater=one.rater,
                study=built.study,
                study_version=built.version,
                state="judged",
                swapped=one.swapped,
                swap_probability=0.5,
                expires_at=start,
            )
            for one in listed
        ],
        batch_size=2_000,
    )
    judgments = Judgment.objects.bulk_create(
        [
            Judgment(
                assignment=assignment,
                submitted_at=start + timedelta(seconds=at),
                body_digest="b" * 64,
                comment=one.comment,
            )
            for at, (assignment, one) in enumerate(zip(assignments, listed, strict=True))
        ],
        batch_size=2_000,
    )
    Vote.objects.bulk_create(
        [
            vote_of(judgment, key, value, scales[key], swapped=one.swapped)
            for judgment, one in zip(judgments, listed, strict=True)
            for key, value in one.values.items()
        ],
        batch_size=5_000,
    )
    return judgments


def vote_of(judgment, key, value, scale, *, swapped) -> Vote:
    canonical = canonical_vote(scale, value, swapped=swapped)
    return Vote(
        judgment=judgment,
        criterion=key,
        display_value=str(value),
        outcome=canonical.outcome,
        grade=canonical.grade,
    )


def forfeit(built: Built, comparison: Comparison, side: str) -> None:
    """Let a comparison count as forfeited from the start."""
    Comparison.objects.filter(pk=comparison.pk).update(forfeit=side, places=0, open_places=0)
    Forfeit.objects.create(
        study_version=built.version,
        comparison=comparison,
        outcomes=built.version.protocol["judgments_per_comparison"],
    )


def random_values(rng: random.Random, criteria: Sequence[dict]) -> dict[str, int | str]:
    """A value on each criterion, every one possible."""
    choices = {
        one["key"]: [*(choice.value for choice in scale_of(one["scale"]).choices), "cannot_judge"]
        for one in criteria
    }
    return {key: rng.choice(values) for key, values in choices.items()}


def judge_at_random(built: Built, raters: Sequence[RaterProfile], *, each: int, seed: int = 1):
    """Every comparison is judged by `each` of the raters, in turn, sides and values at random."""
    rng = random.Random(seed)
    criteria = built.version.protocol["criteria"]
    return submit(
        built,
        [
            Given(
                rater=raters[(at * each + place) % len(raters)],
                comparison=comparison,
                swapped=rng.random() < 0.5,
                values=random_values(rng, criteria),
            )
            for at, comparison in enumerate(built.comparisons)
            for place in range(each)
        ],
    )
