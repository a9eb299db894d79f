"""The example rosters, May 2026: two holidays, a bridge day, one swap told late."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from duty_month import PARIS, at, told, work

import alertmanager.rosters
import alertmanager.statement
from alertmanager.rosters import load_rosters
from alertmanager.rosters.changes import Change
from alertmanager.rosters.settings import ExtraHoliday, HolidaySettings
from alertmanager.statement import DayCalendar, Period, load_statement_rules, make_statement

ROSTERS = Path(alertmanager.rosters.__file__).with_name("example.yml")
RULES = Path(alertmanager.statement.__file__).with_name("example.yml")
MAY = Period.month("2026-05")
SWAPPED = ("2026-05-12 19:00", "2026-05-13 07:00")


@pytest.fixture(scope="module")
def statement():
    swap = Change(
        "1",
        "astreinte",
        at(SWAPPED[0]),
        at(SWAPPED[1]),
        ("ines.robert",),
        "swap",
        "yann.legoff",
        at("2026-05-10 08:00"),
    )
    book = load_rosters(ROSTERS).with_changes([swap], [])
    rules, rates = load_statement_rules(RULES, book)
    bridge = ExtraHoliday(date="2026-05-15", name="pont de l'Ascension")
    call = work(
        "luc.marchand",
        "2026-05-01 23:40",
        "2026-05-02 02:10",
        left_at=at("2026-05-01 23:55"),
        arrived_at=at("2026-05-02 00:25"),
        returned_at=at("2026-05-02 02:45"),
        on_site=True,
        member="brecourt",
    )
    start, end = MAY.needed(PARIS)
    return make_statement(
        {roster: book.shifts(roster, start, end) for roster in book.roster_ids},
        [call],
        [told("ines.robert", SWAPPED[0], "2026-05-10 08:00", SWAPPED[1])],
        rules=rules,
        rates=rates,
        calendar=DayCalendar(PARIS, HolidaySettings(extra=(bridge,))),
        period=MAY,
    )


def duties(statement, person, roster):
    (agent,) = [one for one in statement.agents if one.person == person]
    return [(x.package, x.amount) for x in agent.duties if x.roster == roster]


def test_the_week_that_ends_with_the_first_of_may_is_a_week_and_a_holiday(statement):
    (line,) = duties(statement, "nadia.benali", "astreinte")
    assert line == ("week", Decimal("205.75"))


def test_a_night_given_away_is_the_others_at_half_as_much_again(statement):
    night = ("night", Decimal("16.13"))
    assert night in duties(statement, "ines.robert", "astreinte")
    assert duties(statement, "yann.legoff", "astreinte") == [
        ("weekend", Decimal("116.20")),
        ("night", Decimal("10.75")),
        ("night", Decimal("10.75")),
        ("holiday", Decimal("46.55")),  # Ascension, 14 May
        ("night", Decimal("10.75")),
        ("weekday", Decimal("0.00")),  # the bridge day, which is the site's and not the law's
    ]


def test_presence_in_support_hours_is_nobodys_duty(statement):
    assert "claire.fontaine" not in {agent.person for agent in statement.agents}
    assert all(remark.person is None for remark in statement.remarks)


def test_the_call_of_a_technician_is_split_and_left_to_payroll(statement):
    (luc,) = [agent for agent in statement.agents if agent.person == "luc.marchand"]
    (line,) = luc.interventions
    assert [(part.kind, part.minutes) for part in line.segments] == [
        ("holiday", 20),
        ("night", 165),
    ]
    assert (line.amount, line.travel_out, line.travel_back) == (None, 30, 35)
    town = next(row for row in statement.costs if row.member == "brecourt")
    assert (town.interventions, town.unpriced_minutes) == (0, 185)


def test_towns_bear_all_of_it(statement):
    assert sum(row.amount for row in statement.costs) == statement.amount
