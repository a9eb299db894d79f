"""The clock, passed in wherever time matters, so that tests and drills travel in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the present instant as an aware datetime in UTC."""


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def clock_starting_at(start: datetime, real: Clock = system_clock) -> Clock:
    """A clock that shows `start` now and runs at normal speed (drills only).

    Raise ValueError if `start` has no UTC offset.
    """
    if start.tzinfo is None:
        raise ValueError("instant sans décalage horaire ; attendu : 2026-05-01T07:12:00+02:00")
    offset: timedelta = start - real()
    return lambda: real() + offset
