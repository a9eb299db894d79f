"""A place on earth where it is now the middle of the night, or of the morning. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def zone_where_it_is(hour: int, now: datetime) -> str:
    """IANA name of a zone, offset by whole hours, whose wall clock shows `hour` at `now`."""
    offset = (hour - now.astimezone(UTC).hour + 12) % 24 - 12
    # In these names the sign is that of POSIX: west of Greenwich is positive.
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
