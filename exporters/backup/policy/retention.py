"""Whether what the declared retention keeps is there, counted as the tools count. Pure.

restic ``forget``, ``borg prune`` and Proxmox keep, for each of the last n periods that have a
backup, one of that period; which one differs, so only periods are compared here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from inventory.backup import BUCKETS, Bucket, Retention

Period = tuple[int, ...]


def period(instant: datetime, bucket: Bucket, zone: ZoneInfo) -> Period:
    """The local hour, day, ISO week, month or year an instant is in."""
    local = instant.astimezone(zone)
    if bucket == "hourly":  # by elapsed hours: the night of a change has one twice
        return (int(instant.timestamp()) // 3600,)
    if bucket == "weekly":
        return tuple(local.isocalendar()[:2])
    parts = {"daily": 3, "monthly": 2, "yearly": 1}[bucket]
    return (local.year, local.month, local.day)[:parts]


def kept_periods(
    starts: Iterable[datetime], bucket: Bucket, retention: Retention, zone: ZoneInfo
) -> frozenset[Period]:
    """The last periods of that kind that the retention keeps one of `starts` for."""
    found = {period(start, bucket, zone) for start in starts}
    number = retention.of(bucket)
    return frozenset(sorted(found)[-number:]) if number else frozenset()


def satisfied(
    present: Collection[datetime],
    ever: Collection[datetime],
    retention: Retention,
    zone: ZoneInfo,
) -> dict[Bucket, bool]:
    """For each declared bucket, whether each period to keep of those `ever` seen is `present`."""
    result: dict[Bucket, bool] = {}
    for bucket in BUCKETS:
        if retention.of(bucket):
            wanted = kept_periods([*ever, *present], bucket, retention, zone)
            result[bucket] = wanted <= {period(start, bucket, zone) for start in present}
    return result


FEW = 3
"""Points: fewer that go at once prove nothing where no retention is declared."""


def wrongly_gone(
    gone: Collection[datetime],
    present: Collection[datetime],
    retention: Retention,
    zone: ZoneInfo,
) -> list[datetime]:
    """Those of `gone` whose going left a period that is to be kept without any point.

    Where no retention is declared nobody knows what may go; then all of them if more than half of
    what was there went at once, which no clean-up does.
    """
    declared = [bucket for bucket in BUCKETS if retention.of(bucket)]
    if not declared:
        return list(gone) if len(gone) >= FEW and len(gone) > len(present) else []
    wrong = []
    for bucket in declared:
        wanted = kept_periods([*present, *gone], bucket, retention, zone)
        lost = wanted - {period(one, bucket, zone) for one in present}
        wrong += [start for start in gone if period(start, bucket, zone) in lost]
    return sorted(set(wrong))
