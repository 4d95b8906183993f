"""When to ask again (pure)."""

import random
from datetime import timedelta

MOST_ATTEMPTS = 5
FIRST_SECONDS = 2.0
LONGEST_SECONDS = 600.0
# After so many failures in a row an endpoint rests; then one call at a time tries it.
BREAKER_OPENS = 8
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 30.0
OUTAGE_SPREAD = 1.4
# So many calls tried it in vain: four hours at least, for each of them was followed by a rest.
MOST_TRIALS = 480


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


def rest_after(failures_in_a_row: int, *, rng: random.Random) -> timedelta | None:
    """Return for how long an endpoint rests after so many failures in a row, or None: not at all.

    From `BREAKER_OPENS` on the rest doubles with each call that tried it in vain, up to half a
    minute, so that work goes on within a minute of the endpoint's return.
    """
    if not is_down(failures_in_a_row):
        return None
    tried = min(10, failures_in_a_row - BREAKER_OPENS)
    seconds = min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2**tried)
    return timedelta(seconds=seconds * rng.uniform(0.8, 1.0))


def is_down(failures_in_a_row: int) -> bool:
    """Say whether failures are the endpoint's and no longer a prompt's: those cost no attempt."""
    return failures_in_a_row >= BREAKER_OPENS


def is_given_up(failures_in_a_row: int) -> bool:
    """Say whether an endpoint was tried so often that somebody has to look after it."""
    return failures_in_a_row >= BREAKER_OPENS + MOST_TRIALS


def outage_wait(*, rng: random.Random) -> timedelta:
    """Return how long a completion waits that met an outage: the next trial takes another one.

    Not much longer than a rest: it would hold the run up for as long once the endpoint is back.
    """
    return timedelta(seconds=LONGEST_REST_SECONDS * rng.uniform(1.0, OUTAGE_SPREAD))


def longest_outage_wait() -> timedelta:
    return timedelta(seconds=LONGEST_REST_SECONDS * OUTAGE_SPREAD)


def rest_when_limited(
    failures_in_a_row: int, *, retry_after: float | None, rng: random.Random
) -> timedelta:
    """Return for how long an endpoint rests that asked for fewer requests.

    As long as it asks for, at most ten minutes; else from a second on, doubled with each time in
    a row, up to a minute.
    """
    if retry_after is not None:
        return timedelta(seconds=min(LONGEST_SECONDS, retry_after) * rng.uniform(1.0, 1.1))
    return timedelta(seconds=min(60.0, 2 ** min(6, failures_in_a_row)) * rng.uniform(0.75, 1.0))
