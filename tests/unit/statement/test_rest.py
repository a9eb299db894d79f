"""Rest not taken and work too long: décret n° 2000-815, art. 3-I."""

from __future__ import annotations

from duty_month import OFFICE, at, single, work

from alertmanager.rosters.changes import Leave

RULES = single(service=OFFICE)  # 08:30 to 17:00, one hour of break: 7 h 30 a day


def breaches(make, *calls, month="2026-06", rules=RULES, **more):
    statement = make((), list(calls), month=month, rules=rules, **more)
    return [breach for agent in statement.agents for breach in agent.breaches]


def kinds(found):
    return [breach.kind for breach in found]


def test_eleven_hours_daily_with_the_later_start_proposed(make):
    found = breaches(make, work("ada", "2026-06-09 22:00", "2026-06-09 23:15"))
    (breach,) = found
    assert (breach.kind, breach.measured_minutes, breach.limit_minutes) == ("daily_rest", 555, 660)
    assert breach.proposed_start == at("2026-06-10 10:15")
    assert breach.basis.source.startswith("décret n° 2000-815 du 25 août 2000, art. 3-I")
    assert breach.basis.trust == "verified"


def test_eleven_hours_exactly_are_enough(make):
    assert breaches(make, work("ada", "2026-06-09 20:30", "2026-06-09 21:30")) == []


def test_rest_taken_whole_before_the_call_counts(make):
    # 17:00 to 04:00 is eleven hours; the call at 04:00 does not undo them.
    assert breaches(make, work("ada", "2026-06-10 04:00", "2026-06-10 05:00")) == []
    (breach,) = breaches(make, work("ada", "2026-06-10 03:59", "2026-06-10 05:00"))
    assert (breach.measured_minutes, breach.proposed_start) == (659, at("2026-06-10 16:00"))


def test_on_a_day_without_service_nobody_starts_later(make):
    calls = [
        work("ada", "2026-06-06 14:00", "2026-06-06 22:30", incident="I-1"),
        work("ada", "2026-06-07 03:00", "2026-06-07 03:30", incident="I-2"),
    ]
    found = breaches(make, *calls)
    (daily,) = [one for one in found if one.kind == "daily_rest"]
    assert (daily.measured_minutes, daily.proposed_start) == (7 * 60, None)


def test_eleven_hours_are_elapsed_time_in_the_night_of_a_clock_change(make):
    rules = single(service=OFFICE | {"days": ["sunday"]})
    # 21:30 to 08:30 by the clocks is ten hours on 29 March.
    call = work("ada", "2026-03-28 20:30", "2026-03-28 21:30")
    found = breaches(make, call, month="2026-03", rules=rules)
    assert ("daily_rest" in kinds(found)) is False  # twelve hours before the call were rest
    calls = (call, work("ada", "2026-03-28 09:30", "2026-03-28 10:00"))
    (breach,) = breaches(make, *calls, month="2026-03", rules=rules)
    assert (breach.kind, breach.measured_minutes) == ("daily_rest", 630)


def test_thirty_five_hours_weekly(make):
    calls = [
        work("ada", "2026-06-06 20:00", "2026-06-06 21:00", incident="I-1"),  # 27 h after Friday
        work("ada", "2026-06-07 21:00", "2026-06-07 21:30", incident="I-2"),  # 24 h later
    ]
    weekly = [one for one in breaches(make, *calls) if one.kind == "weekly_rest"]
    (breach,) = weekly
    assert (breach.measured_minutes, breach.limit_minutes) == (27 * 60, 35 * 60)
    assert "weekly_rest" not in kinds(breaches(make, calls[0]))


def test_ten_hours_a_day(make):
    found = breaches(make, work("ada", "2026-06-09 17:00", "2026-06-09 19:31"))
    assert kinds(found) == ["day_length"]
    assert (found[0].measured_minutes, found[0].limit_minutes) == (601, 600)
    assert breaches(make, work("ada", "2026-06-09 17:00", "2026-06-09 19:30")) == []


def test_forty_eight_hours_a_week(make):
    calls = [
        work("ada", f"2026-06-{day:02d} 17:00", f"2026-06-{day:02d} 19:06", incident=f"I-{day}")
        for day in (8, 9, 10, 11, 12)
    ]
    assert kinds(breaches(make, *calls)) == []
    longer = work("ada", "2026-06-13 10:00", "2026-06-13 10:01", incident="I-13")
    (breach,) = breaches(make, *calls, longer)
    assert (breach.kind, breach.measured_minutes) == ("week_length", 48 * 60 + 1)


def test_forty_four_hours_over_twelve_weeks(make):
    rules = single(service=OFFICE | {"to": "18:00", "break_minutes": 45})  # 43 h 45 a week
    calls = [
        work("ada", f"2026-06-{day:02d} 18:00", f"2026-06-{day:02d} 19:15", incident=f"I-{day}")
        for day in (15, 16)
    ]
    average = [b for b in breaches(make, *calls, rules=rules) if b.kind == "average_length"]
    assert average == []  # holidays of May bring the mean down
    full = single(service=OFFICE | {"to": "19:00", "break_minutes": 30})  # 50 h a week
    (breach,) = [b for b in breaches(make, calls[0], rules=full) if b.kind == "average_length"]
    # Twelve weeks with five holidays on days of work, each of ten hours.
    expected = (12 * 50 * 60 - 5 * 600 + 15) // 12
    assert breach.limit_minutes == 44 * 60
    assert breach.measured_minutes == expected


def test_work_in_hours_of_service_is_not_counted_twice(make):
    assert breaches(make, work("ada", "2026-06-09 09:00", "2026-06-09 17:00")) == []


def test_leave_is_no_service(make):
    away = Leave("L", "ada", at("2026-06-10 00:00"), at("2026-06-11 00:00"), "")
    found = breaches(make, work("ada", "2026-06-09 22:00", "2026-06-09 23:15"), leaves=[away])
    (breach,) = found  # the day of leave has a morning all the same, but nobody starts
    assert (breach.kind, breach.proposed_start) == ("daily_rest", None)


def test_without_a_timetable_the_statement_says_what_it_cannot_see(make):
    statement = make(
        (), [work("ada", "2026-06-09 22:00", "2026-06-09 23:15")], month="2026-06", rules=single()
    )
    assert statement.agents[0].breaches == ()
    assert statement.agents[0].remarks[0].text.startswith("horaire de service inconnu")
