"""When to ask again (pure)."""

import random
from datetime import timedelta

MOST_ATTEMPTS = 5
FIRST_SECONDS = 2.0
LONGEST_SECONDS = 600.0


def backoff(
    *, attempts_made: int, permanent: bool, retry_after: float | None, rng: random.Random
) -> timedelta | None:
    """Return how long to wait before the next attempt, or None to give up.

    The wait doubles from two seconds, with a jitter of 50 to 100 % so that calls that failed
    together do not return together; it is never shorter than `retry_after` (seconds), and never
    longer than ten minutes.
    """
    if permanent or attempts_made >= MOST_ATTEMPTS:
        return None
    doubled = FIRST_SECONDS * 2 ** max(0, attempts_made - 1)
    jittered = doubled * rng.uniform(0.5, 1.0)
    asked = 0.0 if retry_after is None else retry_after * rng.uniform(1.0, 1.1)
    return timedelta(seconds=min(LONGEST_SECONDS, max(jittered, asked)))
