"""Questions that are no prompt of any pool: what is asked to learn how a model or an endpoint does."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from models_registry.models import LanguageModel
from models_registry.providers.base import ChatResult
from models_registry.services.budgets import book_costs
from models_registry.services.claims import Job
from models_registry.services.language_models import cost_of, price_on

# Asked of an endpoint where nothing but failures came back, to tell an outage from prompts that make it fail.
PROBE = "Answer with one word: yes."
FIXED_HISTORY = "fixed_history"


def aside(model: LanguageModel, question: str) -> Job:
    """Return a job without a row: what comes of it is stored nowhere."""
    return Job(
        pk=0,
        fence=0,
        attempt_id=0,
        attempts_made=1,
        run_id=None,
        model=model,
        kind=FIXED_HISTORY,
        messages=[{"role": "user", "content": question}],
    )


def book_asides(
    *, model: LanguageModel, results: Iterable[ChatResult], run_id: int | None = None, now: datetime
) -> None:
    """Book what such questions have cost to the month, and to the run they were asked for."""
    price = price_on(language_model_id=model.pk, day=now.date())
    costs = [
        cost_of(
            price=price,
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.completion_tokens,
        )
        for one in results
    ]
    book_costs(costs={run_id: sum((cost for cost in costs if cost), Decimal(0))}, now=now)
