"""Which recovery points were seen, so that one that vanishes is noticed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from exporters.backup.contents import Contents, RecoveryPoint
from exporters.backup.job import Job
from exporters.backup.policy.retention import kept_periods, period, wrongly_gone
from exporters.backup.policy.schedule import Schedule
from inventory import BackupRepository
from inventory.backup import BUCKETS, Removal


class SeenPoints(BaseModel):
    """`present`: job -> id -> start, in seconds since the epoch, at the last reading.

    `periods`: job -> one start for each period the declared retention keeps, gone ones too.
    `removed`: how many went that should have stayed.
    """

    model_config = ConfigDict(frozen=True)

    present: dict[str, dict[str, float]] = {}
    periods: dict[str, tuple[float, ...]] = {}
    removed: int = 0

    def ever(self, job: str) -> list[datetime]:
        """Starts to which the declared retention still applies."""
        return [_instant(start) for start in self.periods.get(job, ())]

    def after(
        self, contents: Contents, jobs: Iterable[Job], declared: BackupRepository, now: datetime
    ) -> SeenPoints:
        """Once these points were read."""
        present: dict[str, dict[str, float]] = {}
        periods: dict[str, tuple[float, ...]] = {}
        removed = self.removed
        there = {_id(point) for point in contents.points}  # of any job: its selectors may change
        for job in jobs:
            name, points = job.declared.id, job.points(contents)
            before = self.present.get(name, {})
            present[name] = {_id(point): point.start.timestamp() for point in points}
            gone = [_instant(before[one]) for one in before.keys() - there]
            starts = [point.start for point in points]
            if gone and not _during(declared.removal, job, now):
                removed += len(wrongly_gone(gone, starts, job.declared.retention, job.zone))
            periods[name] = _one_each(job, [*self.ever(name), *starts])
        return SeenPoints(present=present, periods=periods, removed=removed)


def _id(point: RecoveryPoint) -> str:
    return point.id or f"{point.name}@{point.start.timestamp():.0f}"


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _one_each(job: Job, starts: list[datetime]) -> tuple[float, ...]:
    """The newest start of each period to keep."""
    wanted: set[float] = set()
    for bucket in BUCKETS:
        kept = kept_periods(starts, bucket, job.declared.retention, job.zone)
        newest = {
            period(start, bucket, job.zone): start
            for start in sorted(starts)
            if period(start, bucket, job.zone) in kept
        }
        wanted.update(start.timestamp() for start in newest.values())
    return tuple(sorted(wanted))


def _during(removal: Removal | None, job: Job, now: datetime) -> bool:
    """Whether a declared clean-up goes on, or ended since the exporter could last look."""
    if removal is None:
        return False
    zone = ZoneInfo(removal.timezone) if removal.timezone else job.zone
    began = next(Schedule(removal.schedule, zone).after(now - removal.during), None)
    return began is not None and began <= now
