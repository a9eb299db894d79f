"""Whatever the duty: minutes add up, nothing is counted twice, months make the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from duty_month import OFFICE, PARIS, ruled
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmanager.rosters import Person, Shift
from alertmanager.rosters.settings import HolidaySettings
from alertmanager.statement import (
    DayCalendar,
    Intervention,
    Period,
    Told,
    load_rates,
    make_statement,
)

RATES = load_rates()
CALENDAR = DayCalendar(PARIS, HolidaySettings())
PEOPLE = {name: Person(name, name, "") for name in ("ada", "bob", "cyd")}
TOWNS = [{"id": f"ville-{n}", "name": f"Ville {n}", "weight": n * n + 1} for n in range(4)]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
# The whole of 2026 and its margins; minutes, so that hand-overs fall anywhere.
MINUTES = 365 * 24 * 60


@st.composite
def regimes(draw):
    agents = [
        {
            "person": name,
            "stream": draw(st.sampled_from(["technical", "non_technical"])),
            "compensation": draw(st.sampled_from(["pay", "rest"])),
            "service": draw(st.sampled_from([None, OFFICE])),
        }
        for name in ("ada", "bob", "cyd")
    ]
    return ruled(
        agents=agents,
        members=TOWNS,
        shared_days=draw(st.sampled_from(["longest", "each"])),
        rosters=[
            {
                "roster": roster,
                "category": draw(st.sampled_from(["exploitation", "securite", "decision"])),
                "week_starts": draw(st.sampled_from(["monday", "wednesday", "friday"])),
            }
            for roster in ("astreinte", "renfort")
        ],
    )


@st.composite
def rosters(draw):
    """Shifts one after another, from three hours to a fortnight, with holes."""
    shifts, at = [], draw(st.integers(0, 60 * 24 * 20))
    for _ in range(draw(st.integers(1, 12))):
        last = at + draw(st.integers(180, 60 * 24 * 14))
        if last >= MINUTES:
            break
        who = draw(st.sampled_from(sorted(PEOPLE)))
        shifts.append(Shift(moment(at), moment(last), (PEOPLE[who],), "semaine", ""))
        at = last + draw(st.sampled_from([0, 0, 60 * 24, 60 * 24 * 9]))
    return shifts


@st.composite
def calls(draw):
    found = []
    for number in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, MINUTES - 3000))
        found.append(
            Intervention(
                person=draw(st.sampled_from(sorted(PEOPLE))),
                incident=f"I-{number}",
                called_at=None,
                acknowledged_at=None,
                started_at=moment(at),
                left_at=None,
                arrived_at=None,
                ended_at=moment(at + draw(st.integers(1, 2000))),
                returned_at=None,
                on_site=False,
                member=draw(st.sampled_from([None, "ville-1", "ville-2"])),
            )
        )
    return found


@st.composite
def notices(draw, shifts):
    told = []
    for shift in shifts:
        if draw(st.booleans()):
            ahead = timedelta(days=draw(st.integers(0, 30)))
            told.append(Told(shift.people[0].id, shift.start, shift.start - ahead, shift.end))
    return told


@st.composite
def years(draw):
    held = {"astreinte": draw(rosters()), "renfort": draw(rosters())}
    told = [one for shifts in held.values() for one in draw(notices(shifts))]
    return held, draw(calls()), told, draw(regimes())


def moment(minute):
    return FIRST + timedelta(minutes=minute)


def statement_of(year, period):
    shifts, interventions, told, rules = year
    return make_statement(
        shifts,
        interventions,
        told,
        rules=rules,
        rates=RATES,
        calendar=CALENDAR,
        period=period,
    )


def lines(statement):
    return [line for agent in statement.agents for line in agent.duties]


def at_work(rules, instant):
    """Whether an agent of `rules` with a timetable is at work: Monday to Friday, 8:30 to 17:00."""
    local = instant.astimezone(PARIS)
    day_off = local.weekday() >= 5 or CALENDAR.holiday(local.date())
    return not day_off and (8, 30) <= (local.hour, local.minute) < (17, 0)


def on_duty(year):
    """Minute by minute, who was on duty outside their working hours, on any roster."""
    shifts, _, _, rules = year
    timed = {agent.person for agent in rules.agents if agent.service}
    count = 0
    for name in PEOPLE:
        minutes = set()
        for held in shifts.values():
            for shift in held:
                if shift.people[0].id == name:
                    low = int((shift.start - FIRST).total_seconds()) // 60
                    high = int((shift.end - FIRST).total_seconds()) // 60
                    minutes.update(range(low, high))
        # Working hours begin and end on half-hours, so that half-hours may be tested once.
        busy = {
            half
            for half in {minute // 30 for minute in minutes}
            if name in timed and at_work(rules, moment(half * 30))
        }
        count += sum(minute // 30 not in busy for minute in minutes)
    return count


@settings(max_examples=15, deadline=None)
@given(years())
def test_every_minute_of_duty_is_in_one_line(year):
    statement = statement_of(year, WHOLE)
    assert sum(line.minutes for line in lines(statement)) == on_duty(year)


@settings(max_examples=6, deadline=None)
@given(years())
def test_months_add_up_to_the_year(year):
    months = [statement_of(year, month) for month in WHOLE.months]
    whole = statement_of(year, WHOLE)
    assert sum(month.amount for month in months) == whole.amount
    assert sum(month.duty_amount for month in months) == whole.duty_amount
    paid = [line for month in months for line in lines(month) if line.amount]
    key = lambda line: (line.person, line.roster, line.start)  # noqa: E731
    assert sorted(paid, key=key) == sorted((x for x in lines(whole) if x.amount), key=key)


@settings(max_examples=15, deadline=None)
@given(years())
def test_totals_are_the_sum_of_what_an_accountant_can_read(year):
    statement = statement_of(year, WHOLE)
    for agent in statement.agents:
        for line in agent.duties:
            assert line.amount == sum(step.amount for step in line.steps)
            assert not (line.amount and (line.rest_days or line.rest_minutes))
        for call in agent.interventions:
            assert call.minutes == sum(segment.minutes for segment in call.segments)
            assert call.minutes + call.counted_elsewhere == (call.end - call.start) / MINUTE
            for segment in call.segments:
                assert not (segment.amount and segment.rest_minutes)
                if segment.rate is not None:
                    exact = segment.rate * segment.minutes / 60
                    assert abs(segment.amount - exact) <= Decimal("0.005")
        assert agent.amount == sum(line.amount for line in agent.duties) + sum(
            call.amount for call in agent.interventions
        )
    assert statement.amount == sum(agent.amount for agent in statement.agents)
    assert statement.amount == sum(row.amount for row in statement.costs)


@settings(max_examples=15, deadline=None)
@given(years())
def test_no_minute_of_intervention_is_counted_twice(year):
    statement = statement_of(year, WHOLE)
    for agent in statement.agents:
        segments = sorted(
            (segment.start, segment.end)
            for call in agent.interventions
            for segment in call.segments
        )
        for before, after in pairwise(segments):
            assert before[1] <= after[0]


@settings(max_examples=15, deadline=None)
@given(years(), st.integers(1, 11))
def test_a_month_is_the_same_whatever_is_known_of_other_months(year, month):
    period = Period.month(f"2026-{month:02d}")
    low, high = period.needed(PARIS)
    shifts, interventions, told, rules = year
    near = {
        roster: [
            Shift(max(s.start, low), min(s.end, high), s.people, s.layer, s.why)
            for s in held
            if s.start < high and low < s.end
        ]
        for roster, held in shifts.items()
    }
    whole, part = (
        statement_of((held, interventions, told, rules), period) for held in (shifts, near)
    )
    assert lines(part) == lines(whole)
    assert part.amount == whole.amount


MINUTE = timedelta(minutes=1)
# From the first of December to the end of the next January: nothing of a year is cut off.
WHOLE = Period(date(2025, 12, 1), date(2027, 2, 1), "2026")
