"""Who held how much over the twelve months that end with the statement."""

from __future__ import annotations

from duty_month import at, ruled, shift, told, work


def rows(make, shifts, month, **more):
    return {row.person: row for row in make(shifts, month=month, **more).equity}


def test_a_week_is_seven_nights_and_one_weekend(make):
    week = [shift("ada", "2026-06-05 19:00", "2026-06-12 19:00")]
    row = rows(make, week, "2026-06")["ada"]
    assert (row.nights, row.weekends, row.saturdays, row.sundays) == (7, 1, 1, 1)
    assert (row.holidays, row.duty_minutes) == (0, 168 * 60)
    assert rows(make, week, "2026-06")["bob"].nights == 0


def test_twelve_months_roll(make):
    week = [shift("ada", "2026-06-05 19:00", "2026-06-12 19:00")]
    assert rows(make, week, "2026-05")["ada"].nights == 0
    assert rows(make, week, "2027-05")["ada"].nights == 7
    assert rows(make, week, "2027-06")["ada"].nights == 0
    statement = make(week, month="2027-05")
    assert statement.equity_start == at("2026-06-01 00:00")


def test_a_holiday_is_one_for_who_held_it_longest(make):
    shifts = [
        shift("ada", "2026-07-14 07:00", "2026-07-14 10:00"),
        shift("bob", "2026-07-14 10:00", "2026-07-14 19:00"),
    ]
    found = rows(make, shifts, "2026-07")
    assert (found["ada"].holidays, found["bob"].holidays) == (0, 1)


def test_interventions_and_late_notices_of_the_year(make):
    shifts = [shift("ada", "2026-03-06 19:00", "2026-03-13 19:00")]
    statement = make(
        shifts,
        [work("ada", "2026-03-07 23:00", "2026-03-08 00:30")],
        [told("ada", "2026-03-06 19:00", "2026-03-01 09:00")],
        month="2026-06",
        rules=ruled(),
    )
    row = statement.equity[0]
    assert (row.interventions, row.intervention_minutes, row.late_notices) == (1, 90, 1)
    assert statement.agents == ()
