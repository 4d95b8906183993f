"""Whole situations in one call: a pool, models with answers, a published study, and its raters."""

from dataclasses import asdict, dataclass, field

from django.utils import timezone

from accounts.models import RaterProfile, User
from accounts.services import create_user
from accounts.services.consent import give_consent, missing_consent
from judging.models import Comparison, Study, StudyVersion
from judging.protocol import DEFAULT_CRITERIA
from judging.services.studies import create_study, publish_version
from models_registry.models import Completion, LanguageModel, ModelEndpoint
from prompts.models import Prompt, PromptPool, PromptPoolVersion

ONE_CRITERION = [
    {"key": "quality", "label": "Quality", "question": "Which is better?", "scale": "graded7"}
]
# Helpfulness, harmlessness and truthfulness, as a protocol that names no criteria asks them.
DEFAULT = [asdict(one) for one in DEFAULT_CRITERIA]
VALUES = {"graded7": 1, "four_way": "a"}


def make_pool(*, prompts=4, slug="pool", language="en", criteria=(), **fields) -> PromptPoolVersion:
    """A published pool version of single-turn prompts."""
    pool = PromptPool.objects.create(slug=slug, name=slug)
    version = PromptPoolVersion.objects.create(
        pool=pool, number=1, state="published", digest="d" * 64, published_at=timezone.now()
    )
    Prompt.objects.bulk_create(
        Prompt(
            version=version,
            position=position,
            external_id=f"q{position}",
            kind="fixed_history",
            messages=[{"role": "user", "content": f"Question {position}?"}],
            language=language,
            criteria=list(criteria),
            **fields,
        )
        for position in range(prompts)
    )
    return version


def make_models(count=3, *, canary="") -> list[LanguageModel]:
    """Language models with an endpoint each; a canary stands in every text that could identify."""
    made = []
    for position in range(count):
        name = f"{canary or 'model'}-{position}"
        endpoint = ModelEndpoint.objects.create(
            slug=f"endpoint-{name}",
            name=f"Endpoint {name}",
            kind="openai_chat",
            base_url=f"https://{name}.example/v1",
        )
        made.append(
            LanguageModel.objects.create(
                slug=name,
                name=f"Name {name}",
                endpoint=endpoint,
                remote_name=f"remote-{name}",
                system_prompt=f"You are {name}." if canary else "",
                publisher=f"Publisher {name}",
                licence=f"Licence {name}" if canary else "",
            )
        )
    return made


def make_completions(pool_version, models, **fields) -> None:
    """One succeeded answer of each model to each prompt; `fields` go on all of them."""
    Completion.objects.bulk_create(
        Completion(
            **{
                "language_model": model,
                "prompt": prompt,
                "state": "succeeded",
                "outcome": "answered",
                "text": f"Answer {position}-{prompt.position}.",
                "turns": [f"Answer {position}-{prompt.position}."],
                "response_model": model.remote_name,
                **fields,
            }
        )
        for position, model in enumerate(models)
        for prompt in pool_version.prompts.order_by("position")
    )


def protocol_for(pool_version, models, **changes) -> dict:
    return {
        "pool": {"slug": pool_version.pool.slug, "version": pool_version.number},
        "models": [str(one) for one in models],
        "criteria": ONE_CRITERION,
        "judgments_per_comparison": 1,
        **changes,
    }


@dataclass
class Scenario:
    """A published study over `pool_version` with alice who manages it and raters who read English."""

    study: Study
    version: StudyVersion
    pool_version: PromptPoolVersion
    models: list[LanguageModel]
    alice: User
    bob: RaterProfile
    carol: RaterProfile
    votes: dict[str, int | str] = field(default_factory=dict)

    @property
    def comparisons(self):
        return Comparison.objects.filter(study=self.study).order_by("pk")

    @property
    def url(self) -> str:
        return f"/api/v1/studies/{self.study.slug}/assignments/"

    @property
    def body(self) -> dict:
        return {"votes": self.votes}


def get_or_make_user(username: str, role: str, **options) -> User:
    return User.objects.filter(username=username).first() or create_user(
        username=username, role=role, **options
    )


def make_rater(username: str, languages=("en",)) -> RaterProfile:
    """A rater who has agreed to take part."""
    rater = get_or_make_user(username, "rater", languages=list(languages)).rater_profile
    if missing := missing_consent(rater=rater):
        give_consent(
            rater=rater,
            number=missing.number,
            languages=rater.languages,
            guidelines_read=True,
            now=timezone.now(),
        )
    return rater


def published_study(
    *, prompts=4, models=3, slug="study", canary="", completion=None, now=None, **protocol
) -> Scenario:
    """alice's published study: `prompts` x `models` answers in all pairs, for bob and carol.

    One graded criterion and one judgment a comparison, unless `protocol` says otherwise.
    """
    alice = get_or_make_user("alice", "admin")
    pool_version = make_pool(prompts=prompts, slug=f"pool-{slug}")
    made = make_models(models, canary=canary)
    make_completions(pool_version, made, **(completion or {}))
    study = create_study(
        slug=slug,
        name="A study",
        created_by=alice,
        protocol=protocol_for(pool_version, made, **protocol),
    )
    version = publish_version(study=study, now=now or timezone.now())
    return Scenario(
        study=version.study,
        version=version,
        pool_version=pool_version,
        models=made,
        alice=alice,
        bob=make_rater("bob"),
        carol=make_rater("carol"),
        votes={one["key"]: VALUES[one["scale"]] for one in version.protocol["criteria"]},
    )
