"""When the next calls of an endpoint may begin, so that its limits a minute hold exactly (pure).

Each call is given a turn: a moment to begin. Turns are spread evenly, which is the generic cell
rate algorithm without a burst (ITU-T I.371). A call begins at its turn or, after `LATEST_START` of
`providers.calls`, not at all. A minute is taken as `MINUTE` seconds here: the difference is what
calls may be delayed on their way without more than the limit arriving in any sixty seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = 60.8
# Turns are given out so far ahead: long enough to keep workers busy until their next claim.
AHEAD = timedelta(seconds=1.5)


@dataclass(frozen=True, slots=True)
class Pace:
    """An endpoint's limits a minute (None: none), and when each lets the next call begin."""

    requests: int | None = None
    tokens: int | None = None
    next_request: datetime | None = None
    next_tokens: datetime | None = None

    @property
    def begins_at(self) -> datetime | None:
        """Return when the next call may begin; None: at once."""
        moments = [
            moment
            for limit, moment in (
                (self.requests, self.next_request),
                (self.tokens, self.next_tokens),
            )
            if limit and moment
        ]
        return max(moments, default=None)

    @property
    def limited(self) -> bool:
        return self.requests is not None or self.tokens is not None


def give_turns(
    pace: Pace, weights: Sequence[int], *, now: datetime, ahead: timedelta | None = AHEAD
) -> tuple[list[datetime], Pace]:
    """Return when calls of these weights (tokens) may begin, as many as may soon, and the pace after.

    With `ahead` None all of them get a turn, however late.
    """
    turns: list[datetime] = []
    for weight in weights:
        turn = max(now, pace.begins_at or now)
        if ahead is not None and turn > now + ahead:
            break
        turns.append(turn)
        if pace.requests:
            pace = replace(pace, next_request=turn + timedelta(seconds=MINUTE / pace.requests))
        if pace.tokens:
            pace = replace(pace, next_tokens=turn + tokens_time(weight, pace.tokens))
    return turns, pace


def tokens_time(tokens: int, per_minute: int) -> timedelta:
    """Return for how long so many tokens use up a limit; negative for tokens given back."""
    return timedelta(seconds=tokens * MINUTE / per_minute)
