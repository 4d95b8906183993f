"""What must hold after any fault: told from the rows and from the provider's own ledger."""

from models_registry.models import Attempt, Completion
from models_registry.services.asides import PROBE
from tests.fake_provider import FakeProvider

ENDED = {"succeeded", "failed", "cancelled", "quarantined"}


def broken_promises(provider: FakeProvider, *, killed_in_flight: int = 0) -> list[str]:
    """Return every promise that the rows break, in words; none for a sound state."""
    rows = list(Completion.objects.select_related("prompt"))
    found = []
    if open_rows := [row.pk for row in rows if row.state not in ENDED]:
        found.append(f"not ended: {open_rows}")
    wrong = [
        row.pk
        for row in rows
        if row.state == "succeeded"
        # What follows a slash tells one answer to a prompt from another.
        and row.text.partition(" / ")[0] != f"echo: {row.prompt.messages[0]['content']}"
    ]
    if wrong:
        found.append(f"another text than was answered: {wrong}")
    calls = [call for call in provider.calls if call.last != PROBE]
    attempts = Attempt.objects.exclude(error__in=["released", "missed_turn"]).count()
    if len(calls) > attempts:
        found.append(f"{len(calls)} calls and only {attempts} attempts noted before them")
    answered = sum(call.answered for call in calls)
    if answered > len(rows) + killed_in_flight:
        found.append(f"{answered} answers were paid for, of {len(rows)} jobs")
    left = Attempt.objects.filter(finished_at=None).count()
    if left > killed_in_flight:
        found.append(f"{left} attempts never closed")
    return found
