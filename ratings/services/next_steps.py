"""What an admin does next: the way to a first study, and what waits for somebody to look."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import Invitation, RaterProfile
from judging.models import Study
from models_registry.models import Completion, GenerationRun, LanguageModel, ModelEndpoint
from prompts.models import PromptPoolVersion

SHOWN = 3
ENOUGH_MODELS = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One step to a first study; `found` is what there is already and is to be gone on with."""

    key: str
    done: bool
    found: Any = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What stands still until somebody looks, at most three of each kind."""

    endpoints: list[ModelEndpoint]
    runs: list[GenerationRun]

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.runs)


def first_steps() -> list[Step]:
    """Return the steps to a first study in their order, in as many queries for any number of rows."""
    published = PromptPoolVersion.objects.published().exists()
    pool_draft = PromptPoolVersion.objects.drafts().select_related("pool").order_by("-pk").first()
    models = LanguageModel.objects.filter(retired_at=None)
    answered = models.filter(
        Exists(Completion.objects.succeeded().filter(language_model=OuterRef("pk")))
    )
    under_way = GenerationRun.objects.filter(
        Exists(Completion.objects.filter(run=OuterRef("pk"), state__in=["pending", "leased"]))
    ).exclude(state=GenerationRun.State.CANCELLED)
    begun = Study.objects.exclude(state=Study.State.DRAFT).exists()
    draft = Study.objects.filter(state=Study.State.DRAFT).order_by("-pk").first()
    invited = RaterProfile.objects.exists() or Invitation.objects.exists()
    return [
        Step("prompts", done=published, found=None if published else pool_draft),
        Step("models", done=_enough(models), found=models.first()),
        Step("answers", done=_enough(answered), found=under_way.order_by("-pk").first()),
        Step("study", done=begun, found=draft),
        Step("raters", done=invited),
    ]


def waiting() -> Waiting:
    """Return the endpoints that are paused and the runs in which answers failed, newest first."""
    failed = Completion.objects.filter(run=OuterRef("pk"), state=Completion.State.FAILED)
    runs = GenerationRun.objects.filter(Exists(failed)).exclude(state=GenerationRun.State.CANCELLED)
    return Waiting(
        endpoints=list(
            ModelEndpoint.objects.exclude(paused_at=None).order_by("-paused_at")[:SHOWN]
        ),
        runs=list(runs.select_related("pool_version__pool").order_by("-pk")[:SHOWN]),
    )


def _enough(models: Any) -> bool:
    return len(models.values("pk")[:ENOUGH_MODELS]) == ENOUGH_MODELS
