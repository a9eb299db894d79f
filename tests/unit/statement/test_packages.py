"""Which package a duty is, whatever the hand-over."""

from __future__ import annotations

from decimal import Decimal

import pytest
from duty_month import OFFICE, ruled, shift, single, told

from alertmanager.rosters.settings import ExtraHoliday, HolidaySettings
from alertmanager.statement.settings import DutyDay


def packages(statement, person="ada"):
    (agent,) = [one for one in statement.agents if one.person == person]
    return [line.package for line in agent.duties]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-06-05 19:00", "2026-06-12 19:00"),
        ("2026-06-05 17:30", "2026-06-12 17:30"),
        ("2026-06-08 08:00", "2026-06-15 08:00"),
        ("2026-06-06 09:00", "2026-06-13 07:00"),
        ("2026-06-06 19:00", "2026-06-13 19:00"),
        ("2026-06-10 19:00", "2026-06-17 19:00"),
    ],
)
def test_seven_nights_with_a_saturday_and_a_sunday_are_a_week(make, start, end):
    assert packages(make([shift("ada", start, end)], month="2026-06", rules=single())) == ["week"]


def test_the_week_starts_on_the_day_of_the_handover(make):
    # Nine nights from Wednesday: with a hand-over on Friday, the week is Friday to Friday.
    rules = single()
    days = [shift("ada", "2026-06-10 19:00", "2026-06-19 07:00")]
    found = packages(make(days, month="2026-06", rules=rules))
    assert [package for package in found if package != "weekday"] == ["night", "night", "week"]


def test_a_long_run_is_never_counted_from_a_start_that_may_be_months_ago(make):
    # Twenty nights whose two Friday weeks are each cut by a night told late.
    days = [shift("ada", "2026-06-03 19:00", "2026-06-23 07:00")]
    late = [
        told("ada", f"2026-06-{day} 19:00", "2026-06-01 09:00", f"2026-06-{day + 1} 07:00")
        for day in (10, 16)
    ]
    (agent,) = make(days, (), late, month="2026-06", rules=single()).agents
    assert "week" not in {line.package for line in agent.duties}
    assert [line.package for line in agent.duties].count("weekend") == 3


def test_a_short_night_of_the_spring_change_is_a_whole_night_of_a_weekend(make):
    rules = single().model_copy(
        update={"duty_day": DutyDay.model_validate({"from": "06:00", "to": "20:00"})}
    )
    weekend = [shift("ada", "2026-03-27 20:00", "2026-03-30 06:00")]  # Saturday night is 9 h
    assert packages(make(weekend, month="2026-03", rules=rules)) == ["weekend"]


def test_months_on_duty_are_as_many_weeks(make):
    days = [shift("ada", "2026-01-02 19:00", "2026-12-25 19:00")]
    june = make(days, month="2026-06", rules=single(service=OFFICE))
    assert packages(june) == ["week"] * 4


def test_duty_outside_support_hours_is_a_week_all_the_same(make):
    nights = [
        shift("ada", f"2026-06-{day:02d} 19:00", f"2026-06-{day + 1:02d} 07:00")
        for day in (8, 9, 10, 11)
    ]
    whole = [shift("ada", "2026-06-05 19:00", "2026-06-08 07:00"), *nights]
    (agent,) = make(whole, month="2026-06", rules=single()).agents
    (line,) = agent.duties
    assert (line.package, line.minutes) == ("week", (60 + 4 * 12) * 60)
    assert line.span_minutes == (6 * 24 + 12) * 60


def test_working_hours_are_no_duty(make):
    days = [shift("ada", "2026-06-05 19:00", "2026-06-12 19:00")]
    (agent,) = make(days, month="2026-06", rules=single(service=OFFICE)).agents
    (line,) = agent.duties
    assert line.minutes == 168 * 60 - 5 * 510
    assert line.span_minutes == 168 * 60


def test_who_held_a_day_longest_is_paid_for_it(make):
    shifts = [
        shift("ada", "2026-06-06 07:00", "2026-06-06 10:00"),
        shift("bob", "2026-06-06 10:00", "2026-06-06 19:00"),
    ]
    statement = make(shifts, month="2026-06")
    assert (packages(statement, "ada"), packages(statement, "bob")) == (["shared"], ["saturday"])
    assert statement.amount == Decimal("37.40")
    both = make(shifts, month="2026-06", rules=ruled(shared_days="each"))
    assert both.amount == Decimal("74.80")


def test_of_equal_halves_the_first_counts(make):
    shifts = [
        shift("bob", "2026-06-06 07:00", "2026-06-06 13:00"),
        shift("ada", "2026-06-06 13:00", "2026-06-06 19:00"),
    ]
    statement = make(shifts, month="2026-06")
    assert (packages(statement, "ada"), packages(statement, "bob")) == (["shared"], ["saturday"])


def test_two_on_duty_together_are_both_paid(make):
    together = [shift(who, "2026-06-06 07:00", "2026-06-06 19:00") for who in ("ada", "bob")]
    assert make(together, month="2026-06").amount == Decimal("74.80")


def test_each_fraction_of_a_night_has_the_lower_rate(make):
    shifts = [
        shift("ada", "2026-06-09 19:00", "2026-06-10 00:00"),
        shift("bob", "2026-06-10 00:00", "2026-06-10 07:00"),
    ]
    assert make(shifts, month="2026-06").amount == 2 * Decimal("8.60")
    # Under the least that the deliberation pays, the fraction is the other's.
    shifts = [
        shift("ada", "2026-06-09 19:00", "2026-06-09 20:00"),
        shift("bob", "2026-06-09 20:00", "2026-06-10 07:00"),
    ]
    statement = make(shifts, month="2026-06")
    assert (packages(statement, "ada"), packages(statement, "bob")) == (["shared"], ["night"])


def test_a_holiday_held_by_another_leaves_the_week_as_it_is(make):
    shifts = [
        shift("ada", "2026-07-10 19:00", "2026-07-14 07:00"),
        shift("bob", "2026-07-14 07:00", "2026-07-14 19:00"),
        shift("ada", "2026-07-14 19:00", "2026-07-17 07:00"),
    ]
    ada, bob = make(shifts, month="2026-07").agents
    assert (ada.amount, bob.amount) == (Decimal("159.20"), Decimal("46.55"))


def test_a_holiday_in_a_weekend_is_read_by_analogy_and_says_so(make):
    weekend = [shift("ada", "2026-08-14 19:00", "2026-08-17 07:00")]  # Saturday 15 August
    (agent,) = make(weekend, month="2026-08", rules=single()).agents
    (line,) = agent.duties
    assert line.amount == Decimal("116.20") - Decimal("37.40") + Decimal("46.55")
    assert line.steps[1].basis.trust == "unverified"
    assert line.steps[1].basis.source.endswith("par analogie avec la semaine complète")


def test_a_holiday_in_a_week_of_rest_adds_half_a_day(make):
    rules = single(stream="non_technical", compensation="rest")
    week = [shift("ada", "2026-07-10 19:00", "2026-07-17 19:00")]
    (agent,) = make(week, month="2026-07", rules=rules).agents
    assert (agent.rest_days, agent.amount) == (Decimal(2), 0)


def test_a_day_off_of_the_site_is_no_holiday(make):
    bridge = HolidaySettings(extra=(ExtraHoliday(date="2026-07-13", name="pont"),))
    day = [shift("ada", "2026-07-13 07:00", "2026-07-13 19:00")]
    (agent,) = make(day, month="2026-07", rules=single(), holidays=bridge).agents
    assert agent.duties[0].package == "weekday"
    rules = single().model_copy(update={"own_days_off": "recovery_day"})
    (agent,) = make(day, month="2026-07", rules=rules, holidays=bridge).agents
    assert (agent.duties[0].package, agent.amount) == ("recovery_day", Decimal("37.40"))


def test_a_day_of_recovery_is_paid_as_a_saturday_cgt54(make):
    rules = single(service=OFFICE, recovery_days=["2026-06-09"])
    day = [shift("ada", "2026-06-09 07:00", "2026-06-09 19:00")]
    (agent,) = make(day, month="2026-06", rules=rules).agents
    assert (agent.duties[0].package, agent.duties[0].minutes) == ("recovery_day", 720)
    assert agent.amount == Decimal("37.40")


def test_two_rosters_at_once_are_one_duty(make):
    rules = ruled(
        rosters=[
            {"roster": "astreinte", "category": "exploitation"},
            {"roster": "renfort", "category": "exploitation"},
        ]
    )
    week = [shift("ada", "2026-06-05 19:00", "2026-06-12 19:00")]
    (agent,) = make({"astreinte": week, "renfort": week}, month="2026-06", rules=rules).agents
    assert [(line.roster, line.package) for line in agent.duties] == [("astreinte", "week")]
    assert agent.remarks[0].text.startswith("168 h 00 d'astreinte sur deux tours à la fois")


def test_presence_in_support_hours_is_left_out_by_its_layer(make):
    rules = ruled(
        rosters=[
            {"roster": "astreinte", "category": "exploitation", "except_layers": ["jour"]},
        ]
    )
    day = [shift("ada", "2026-06-06 07:00", "2026-06-06 19:00", layer="jour")]
    assert make(day, month="2026-06", rules=rules).agents == ()


def test_an_excluded_agent_has_lines_without_amount(make):
    rules = single(excluded="logement par nécessité absolue de service")
    (agent,) = make(
        [shift("ada", "2026-06-05 19:00", "2026-06-12 19:00")], month="2026-06", rules=rules
    ).agents
    assert (agent.amount, agent.duties[0].steps[0].basis.trust) == (0, "unverified")
    assert "à confirmer" in agent.remarks[0].text


def test_who_is_no_agent_is_named_and_not_priced(make):
    statement = make([shift("eve", "2026-06-05 19:00", "2026-06-12 19:00")], month="2026-06")
    assert statement.agents == ()
    assert [(remark.person, remark.text[:21]) for remark in statement.remarks] == [
        ("eve", "a tenu une astreinte ")
    ]
