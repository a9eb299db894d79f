"""When a job is due, in cron and in systemd's calendar, over both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from exporters.backup.policy.schedule import Schedule, ScheduleError

PARIS = ZoneInfo("Europe/Paris")


def _utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["30 22 * * *", "*-*-* 22:30", "22:30"])
@pytest.mark.parametrize(
    ("started", "due"),
    [
        ("2026-11-24T21:30:04", "2026-11-25T21:30:00"),
        # The clock of the machine is two seconds fast: it is still the run of that evening.
        ("2026-11-24T21:29:58", "2026-11-25T21:30:00"),
        # By hand at noon: that of the evening is still to come.
        ("2026-11-24T11:00:00", "2026-11-24T21:30:00"),
        # Nights of 25 and of 23 hours.
        ("2026-10-24T20:30:00", "2026-10-25T21:30:00"),
        ("2026-03-28T21:30:00", "2026-03-29T20:30:00"),
    ],
)
def test_the_run_after_the_last_good_one(text, started, due):
    assert Schedule(text, PARIS).due_after(_utc(started))[0] == _utc(due)


@pytest.mark.parametrize(("text", "night"), [("30 2 * * *", 29), ("*-*-* 02:30", 30)])
def test_an_hour_that_does_not_exist_that_night_is_made_up_for_by_cron_and_skipped_by_systemd(
    text, night
):
    """``systemd-analyze calendar`` of systemd 252 says so too."""
    first, second = Schedule(text, PARIS).due_after(_utc("2026-03-28T01:30:00"))
    assert first.date().day == night
    assert second == _utc(f"2026-03-{night + 1}T00:30:00")


@pytest.mark.parametrize("text", ["30 2 * * *", "*-*-* 02:30"])
def test_an_hour_that_comes_twice_that_night_is_one_run(text):
    first, second = Schedule(text, PARIS).due_after(_utc("2026-10-24T00:30:00"))
    assert first.date().isoformat() == "2026-10-25"
    assert second.date().isoformat() == "2026-10-26"


def test_the_interval_may_differ_from_run_to_run():
    friday = _utc("2026-11-27T21:00:00")
    first, second = Schedule("0 22 * * 1-5", PARIS).due_after(friday)
    assert (second - first).days == 1
    assert (first - friday).days == 3


@pytest.mark.parametrize("text", ["", "tous les soirs", "61 22 * * *", "*-13-* 22:30", "* * * *"])
def test_what_is_no_schedule_says_what_would_be_one(text):
    with pytest.raises(ScheduleError, match="attendu : cron"):
        Schedule(text, PARIS)


@pytest.mark.parametrize("text", ["0 0 30 2 *", "2020-01-01 00:00"])
def test_a_day_that_never_comes_is_no_promise(text):
    with pytest.raises(ScheduleError):
        Schedule(text, PARIS).due_after(_utc("2026-11-27T21:00:00"))
