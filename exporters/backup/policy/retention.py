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


def wrongly_gone(
    gone: Iterable[datetime],
    present: Collection[datetime],
    retention: Retention,
    zone: ZoneInfo,
) -> list[datetime]:
    """Those of `gone` whose going left a period that is to be kept without any point.

    All of them where no retention is declared: then nobody said that points may go.
    """
    gone = list(gone)
    declared = [bucket for bucket in BUCKETS if retention.of(bucket)]
    if not declared:
        return gone
    wrong = []
    for start in gone:
        for bucket in declared:
            mine = period(start, bucket, zone)
            wanted = kept_periods([*present, *gone], bucket, retention, zone)
            if mine in wanted and mine not in {period(one, bucket, zone) for one in present}:
                wrong.append(start)
                break
    return wrong
