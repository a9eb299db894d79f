"""Which periods a declared retention keeps, and points that went though they should not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.backup.contents import Contents, RecoveryPoint
from exporters.backup.job import Job
from exporters.backup.memory import Memory
from exporters.backup.policy.retention import satisfied, wrongly_gone
from inventory import BackupJob, BackupRepository
from inventory.backup import Removal, Retention

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = Retention(daily=7)


def _nights(*ago):
    return [NOW - days * DAY for days in ago]


def test_a_week_of_nights_is_whole_and_one_missing_is_told():
    ever = _nights(*range(9))
    assert satisfied(_nights(*range(7)), ever, WEEK, PARIS) == {"daily": True}
    assert satisfied(_nights(0, 1, 2, 4, 5, 6), ever, WEEK, PARIS) == {"daily": False}


def test_a_young_job_and_a_night_that_failed_miss_nothing():
    assert satisfied(_nights(0, 1), _nights(0, 1), WEEK, PARIS) == {"daily": True}
    assert satisfied(_nights(0, 2, 3), _nights(0, 2, 3), WEEK, PARIS) == {"daily": True}


def test_the_point_of_a_night_may_be_any_of_that_night():
    two = [NOW, NOW - timedelta(hours=3)]
    assert satisfied([two[1]], two, WEEK, PARIS) == {"daily": True}
    assert wrongly_gone([two[0]], [two[1]], WEEK, PARIS) == []


def test_what_is_older_than_the_retention_may_go():
    assert wrongly_gone(_nights(8), _nights(*range(7)), WEEK, PARIS) == []
    assert wrongly_gone(_nights(3), _nights(0, 1, 2, 4, 5, 6, 7), WEEK, PARIS) == _nights(3)


def test_without_a_declared_retention_only_most_of_it_at_once_is_wrong():
    assert wrongly_gone(_nights(400), _nights(0), Retention(), PARIS) == []
    assert wrongly_gone(_nights(7, 8, 9), _nights(0, 1, 2), Retention(), PARIS) == []
    assert wrongly_gone(_nights(6, 7, 8, 9), _nights(0, 1, 2), Retention(), PARIS) == _nights(
        6, 7, 8, 9
    )


def test_a_job_that_chooses_other_points_from_now_on_lost_none():
    points = tuple(
        RecoveryPoint(start, id=f"{start:%j}", tags=("nuit",)) for start in _nights(*range(9))
    )
    declared = BackupRepository(id="r")
    job = _job(daily=7)
    memory = Memory().after(Contents(points), [job], declared, NOW)
    other = Job(job.declared.model_copy(update={"tag": "jour"}), "valmont", PARIS)
    assert memory.after(Contents(points), [other], declared, NOW).points.removed == 0
    assert memory.after(Contents(points[:2]), [job], declared, NOW).points.removed == 5


@given(st.sets(st.integers(0, 400), min_size=1), st.integers(1, 20), st.integers(0, 12))
def test_cleaning_up_as_declared_is_never_taken_for_sabotage(days, daily, monthly):
    retention = Retention(daily=daily, monthly=monthly)
    starts = _nights(*days)
    kept = set()
    for size, number in ((10, daily), (7, monthly)):
        newest = {}
        for start in sorted(starts):
            newest[start.astimezone(PARIS).isoformat()[:size]] = start
        kept.update(newest[key] for key in sorted(newest)[-number:] if number)
    gone = [start for start in starts if start not in kept]
    assert wrongly_gone(gone, kept, retention, PARIS) == []
    assert all(satisfied(kept, starts, retention, PARIS).values())


def _job(**retention):
    declared = {"id": "j", "tool": "restic", "repository": "r", "max_age": "26h"}
    return Job(BackupJob.model_validate({**declared, "retention": retention}), "valmont", PARIS)


def _told(memory, ago, at=NOW, removal=None):
    points = tuple(RecoveryPoint(start, id=f"{start:%j}") for start in _nights(*ago))
    declared = BackupRepository(id="r", removal=removal)
    return memory.after(Contents(points), [_job(daily=7)], declared, at)


def test_points_that_vanish_are_counted_once_and_survive_a_restart():
    memory = _told(Memory(), range(10))
    memory = Memory.model_validate_json(memory.model_dump_json())
    memory = _told(memory, [0, 1, 2, 3])
    assert memory.points.removed == 3
    assert _told(memory, [0, 1, 2, 3]).points.removed == 3
    kept = satisfied(_nights(0, 1, 2, 3), memory.points.ever("j"), WEEK, PARIS)
    assert kept == {"daily": False}


@pytest.mark.parametrize(("hour", "removed"), [(5, 0), (9, 3)])
def test_a_declared_clean_up_may_remove_what_it_likes(hour, removed):
    at = NOW.replace(hour=hour)  # local time is one hour later
    removal = Removal.model_validate({"schedule": "0 4 * * *", "during": "4h"})
    memory = _told(Memory(), range(10), at - DAY, removal)
    assert _told(memory, [0, 1, 2, 3], at, removal).points.removed == removed


def test_runs_are_counted_from_the_first_reading_on():
    memory = _told(Memory(), [2, 3])
    assert memory.runs.of("j")["success"] == 0
    memory = _told(memory, [0, 1, 2, 3])
    assert memory.runs.of("j")["success"] == 2
    assert _told(memory, [0, 1]).runs.of("j")["success"] == 2


def test_a_promise_that_changes_is_dated():
    memory = _told(Memory(), [0])
    assert memory.configuration.changed_at == 0.0
    later = NOW + DAY
    memory = _told(memory, [0], later, Removal.model_validate({"schedule": "daily"}))
    assert memory.configuration.changed_at == later.timestamp()
