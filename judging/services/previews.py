"""Show a manager what a rater will see, before anything is published, and keep nothing of it."""

import random
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from judging.blinding import BlindedAssignment, Progress, Side, present
from judging.models import Study
from judging.protocol import Protocol, treatment
from judging.protocol.planning import plan
from judging.protocol.treatment import SHOW
from judging.services.studies import drafted_protocol
from models_registry.models import Completion
from models_registry.services.masking import masked_turns
from prompts.models import Prompt

TOKEN = "preview"  # noqa: S105 - a name in an address, no secret
NO_PROMPT = gettext_noop("A prompt of the pool will stand here.")
NO_ANSWER = gettext_noop("The answer of one model will stand here, and of another beside it.")


def preview_assignment(
    *, study: Study, position: int, now: datetime, rng: random.Random
) -> BlindedAssignment:
    """Return the comparison a rater could get on the prompt at `position`, blinded.

    Positions go round the prompts that are asked. Where the pool or answers are not there yet,
    words of our own stand in for them.
    """
    protocol = drafted_protocol(study=study)
    asked = _asked(protocol)
    prompt = Prompt.objects.get(pk=asked[position % len(asked)]) if asked else None
    sides = _sides(protocol, prompt) if prompt else None
    none = Side(_(NO_ANSWER), (_(NO_ANSWER),))
    first, second = sides or (none, none)
    criteria = protocol.criteria_for(prompt.criteria if prompt else [])
    return present(
        token=TOKEN,
        expires_at=now,
        messages=prompt.messages if prompt else [{"role": "user", "content": _(NO_PROMPT)}],
        first=first,
        second=second,
        swapped=rng.random() < 0.5,  # noqa: PLR2004 - a fair coin
        criteria=tuple(one.blinded() for one in criteria),
        progress=_progress(protocol, position, len(asked)),
        risk_tags=prompt.risk_tags if prompt else (),
    )


def _progress(protocol: Protocol, position: int, n_asked: int) -> Progress:
    """As many comparisons as one rater could get, at most; one before models are chosen."""
    planned = plan(protocol, prompts=n_asked).comparisons
    most = max(min(planned, protocol.judgments_per_rater or planned), 1)
    return Progress(position % most, most)


def _asked(protocol: Protocol) -> list[int]:
    """The prompts that a criterion applies to, in the pool's order."""
    if protocol.pool is None:
        return []
    prompts = Prompt.objects.filter(
        version__pool__slug=protocol.pool.slug,
        version__number=protocol.pool.version,
        version__state="published",
    )
    rows = prompts.order_by("position").values_list("pk", "criteria", "flags")
    return [pk for pk, keys, flags in rows if protocol.asks(keys, flags)]


def _sides(protocol: Protocol, prompt: Prompt) -> tuple[Side, Side] | None:
    """The answers of the first pair that meets and has both: those that the protocol shows."""
    rows = Completion.objects.succeeded().filter(prompt=prompt, sample=0)
    sides = {
        str(one.language_model): _side(one, masked=protocol.masks_makers and one.names_maker)
        for one in rows.select_related("language_model")
        if treatment(protocol, outcome=one.outcome, names_maker=one.names_maker).action == SHOW
    }
    pairs = (pair for pair in protocol.pairs() if set(pair) <= set(sides))
    return next(((sides[first], sides[second]) for first, second in pairs), None)


def _side(completion: Completion, *, masked: bool) -> Side:
    turns = masked_turns(completion) if masked else completion.turns or [completion.text]
    return Side(turns[-1], tuple(turns))
