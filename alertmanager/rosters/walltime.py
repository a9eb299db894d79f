"""Wall-clock time to instants, and intervals of instants that may be open-ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which clocks in `zone` show `at` on `day`.

    In a fold (the hour that comes twice) the first of the two; in a gap (the
    hour that never comes) the first instant after it.
    """
    wall = datetime.combine(day, at, tzinfo=zone)  # fold=0: the first of the two
    high = wall.astimezone(UTC)
    low = wall.replace(fold=1).astimezone(UTC)
    if high <= low:  # one instant, or the two of a fold
        return high
    # PEP 495: inside a gap the two readings lie around the change itself.
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raise ValueError if it has no offset."""
    if instant.tzinfo is None:
        raise ValueError("instant sans décalage horaire ; attendu : 2026-05-01T07:12:00+02:00")
    return instant.astimezone(UTC)


@dataclass(frozen=True)
class Interval:
    """``starts <= t < ends``; None is unbounded."""

    starts: datetime | None = None
    ends: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        """Whether `instant` lies inside."""
        return (self.starts is None or self.starts <= instant) and (
            self.ends is None or instant < self.ends
        )

    def meet(self, other: Interval) -> Interval:
        """What both hold; the caller knows that they share an instant."""
        starts, ends = self.starts, self.ends
        if starts is None or (other.starts is not None and other.starts > starts):
            starts = other.starts
        if ends is None or (other.ends is not None and other.ends < ends):
            ends = other.ends
        return Interval(starts, ends)
