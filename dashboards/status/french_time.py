"""Instants and spans written in full French, with the non-breaking spaces of good typography."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NBSP = "\N{NO-BREAK SPACE}"
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def to_the_minute(instant: datetime) -> datetime:
    """`instant` in UTC without its seconds: what a page shows, so that its bytes rest a minute."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def iso(instant: datetime) -> str:
    """RFC 3339 in UTC, to the second: ``2026-05-01T05:13:05Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_time(instant: datetime, zone: ZoneInfo) -> str:
    """``7 h 13``."""
    local = instant.astimezone(zone)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}"


def full_date(instant: datetime, zone: ZoneInfo) -> str:
    """``vendredi 1er mai 2026``."""
    local = instant.astimezone(zone)
    day = "1er" if local.day == 1 else str(local.day)
    return f"{_DAYS[local.weekday()]} {day}{NBSP}{_MONTHS[local.month - 1]} {local.year}"


def full_instant(instant: datetime, zone: ZoneInfo) -> str:
    """``vendredi 1er mai 2026 à 7 h 13``."""
    return f"{full_date(instant, zone)} à {clock_time(instant, zone)}"


def span(duration: timedelta) -> str:
    """``moins d’une minute``, ``49 minutes``, ``3 heures et 5 minutes``, ``2 jours et 1 heure``."""
    minutes = max(0, int(duration.total_seconds()) // 60)
    if minutes == 0:
        return "moins d’une minute"
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "jour"), (hours, "heure"), (minutes, "minute")]
    shown = [f"{n}{NBSP}{word}{'s' if n > 1 else ''}" for n, word in parts if n][:2]
    return " et ".join(shown)
