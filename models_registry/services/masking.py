"""Answers as they are shown where a protocol masks what names their maker; they stay as they are."""

from collections.abc import Sequence

from core.bulk import update_each
from core.identity import mask_maker
from models_registry.models import Completion
from models_registry.services.completions import own_names


def masked_turns(completion: Completion) -> list[str]:
    """Return the turns of an answer with every sentence masked that names its maker."""
    names = own_names(completion.language_model)
    return [mask_maker(turn, names) for turn in completion.turns or [completion.text]]


def mask_flagged(*, pool_version_id: int, model_ids: Sequence[int]) -> int:
    """Keep masked turns beside those answers that name their maker; say how many were new."""
    rows = Completion.objects.succeeded().filter(
        prompt__version_id=pool_version_id,
        language_model_id__in=model_ids,
        names_maker=True,
        masked_turns=[],
    )
    found = list(rows.select_related("language_model"))
    masked = [{"pk": one.pk, "masked_turns": masked_turns(one)} for one in found]
    return len(update_each(Completion, masked))
