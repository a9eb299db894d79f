"""What every backup tool is reduced to: recovery points, and why there are none. Pure.

Unreadable     a repository could not be read; carries one of `REASONS`
└── Damaged    it could be read, and some recovery points are lost; carries those left
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from exporters.toolkit.collector import CollectorError
from inventory import BackupJob

Reason = Literal[
    "unreachable",
    "auth",
    "locked",
    "missing",
    "corrupt",
    "timeout",
    "parse",
    "tool_missing",
    "none",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

FUTURE = timedelta(minutes=10)
"""A point dated further ahead than this comes from a wrong clock and proves nothing."""


class Unreadable(CollectorError):
    """A repository could not be read: why in one word, and what the tool said (never exported)."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """One copy one can restore. `start` is when the backup began, hence the age of its data."""

    start: datetime
    name: str = ""
    host: str = ""
    tags: tuple[str, ...] = ()


class Damaged(Unreadable):
    """Some recovery points cannot be read; `points` are the others."""

    def __init__(self, points: tuple[RecoveryPoint, ...], detail: str) -> None:
        super().__init__("corrupt", detail)
        self.points = points


@dataclass(frozen=True, slots=True)
class Reading:
    """What we know of a repository.

    `points` are those of the last reading that succeeded, at `read_at` (None: never).
    `reason` is that of the latest try; "none" when it succeeded.
    """

    reason: Reason
    points: tuple[RecoveryPoint, ...] = ()
    read_at: datetime | None = None

    def is_current(self, now: datetime, stale_after: timedelta) -> bool:
        """Whether `points` may still be shown."""
        return self.read_at is not None and now - self.read_at <= stale_after

    def is_up(self, now: datetime, stale_after: timedelta) -> bool:
        """Whether the repository can be read. One that a running backup holds is not down yet."""
        return self.reason in ("none", "locked") and self.is_current(now, stale_after)


@dataclass(frozen=True, slots=True)
class Job:
    """A declared backup job and whose it is (a member's id, or the syndicate's)."""

    declared: BackupJob
    member: str

    def covers(self, point: RecoveryPoint) -> bool:
        """Whether that point is one of this job's: every selector it declares must match."""
        job = self.declared
        return (
            (job.archive_prefix is None or point.name.startswith(job.archive_prefix))
            and (job.tag is None or job.tag in point.tags)
            # borg's list does not tell the host; there the prefix alone selects.
            and (job.host is None or job.tool == "borg" or job.host == point.host)
        )


def points_of(job: Job, points: Iterable[RecoveryPoint]) -> tuple[RecoveryPoint, ...]:
    """The recovery points of one job."""
    return tuple(point for point in points if job.covers(point))


def last_success(points: Iterable[RecoveryPoint], now: datetime) -> float:
    """Start of the newest point, in seconds since the epoch; 0 when there is none."""
    starts = (point.start for point in points if point.start <= now + FUTURE)
    newest = max(starts, default=None)
    return newest.timestamp() if newest is not None else 0.0
