"""Interventions split to the minute, counted once, paid or rested."""

from __future__ import annotations

from decimal import Decimal

import pytest
from duty_month import OFFICE, at, ruled, shift, single, work


def lines(make, interventions, shifts=(), **more):
    settings = {"month": "2026-06", "rules": single()} | more
    (agent,) = make(shifts, interventions, **settings).agents
    return agent.interventions


def kinds(line):
    return [(segment.kind, segment.minutes) for segment in line.segments]


def test_split_over_friday_evening_night_and_saturday(make):
    (line,) = lines(make, [work("ada", "2026-06-05 21:17", "2026-06-06 07:05")])
    assert kinds(line) == [("weekday", 43), ("night", 120), ("night", 420), ("saturday", 5)]
    assert [segment.amount for segment in line.segments] == [
        Decimal("11.47"),
        Decimal("44.00"),
        Decimal("154.00"),
        Decimal("1.83"),
    ]
    assert line.segments[0].formula == "16,00 €/h × 43 min / 60 = 11,47"
    assert line.amount == Decimal("211.30")


def test_split_over_saturday_night_sunday_and_monday(make):
    rules = single(stream="non_technical")
    (line,) = lines(make, [work("ada", "2026-06-06 21:30", "2026-06-08 07:30")], rules=rules)
    assert kinds(line) == [
        ("saturday", 30),
        ("night", 120),
        ("sunday", 1440),
        ("night", 420),
        ("weekday", 30),
    ]
    assert line.amount == Decimal(10 + 48 + 768 + 168 + 8)


def test_the_order_of_kinds_is_the_assemblys_choice(make):
    rules = ruled(
        hour_order=["night", "holiday", "sunday", "saturday"],
        agents=[{"person": "ada", "stream": "non_technical"}],
    )
    (line,) = lines(make, [work("ada", "2026-06-07 05:00", "2026-06-07 08:00")], rules=rules)
    assert kinds(line) == [("night", 120), ("sunday", 60)]


def test_the_eve_of_a_holiday_changes_at_midnight(make):
    (line,) = lines(make, [work("ada", "2026-07-13 23:30", "2026-07-14 00:30")], month="2026-07")
    assert kinds(line) == [("night", 30), ("holiday", 30)]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-29 01:30", "2026-03-29 03:30", 60),  # 02:00-03:00 never comes
        ("2026-10-25 01:30", "2026-10-25 03:30", 180),  # 02:00-03:00 comes twice
    ],
)
def test_minutes_elapsed_across_a_clock_change(make, start, end, minutes):
    (line,) = lines(make, [work("ada", start, end)], month=end[:7])
    assert line.minutes == minutes
    assert line.amount == Decimal(22) * minutes / 60


def test_seconds_are_cut_at_both_ends_so_that_neighbours_add_up(make):
    first = work("ada", "2026-06-09 19:00:40", "2026-06-09 19:30:20", incident="I-1")
    second = work("ada", "2026-06-09 19:30:20", "2026-06-09 20:00:59", incident="I-2")
    assert [line.minutes for line in lines(make, [first, second])] == [30, 30]


def test_hours_of_service_are_paid_by_the_salary(make):
    rules = single(service=OFFICE)
    (line,) = lines(make, [work("ada", "2026-06-09 07:50", "2026-06-09 17:10")], rules=rules)
    assert kinds(line) == [("weekday", 40), ("service", 510), ("weekday", 10)]
    assert line.amount == Decimal("10.67") + Decimal("2.67")


def test_overlapping_interventions_are_counted_once_with_the_first(make):
    first = work("ada", "2026-06-09 19:00", "2026-06-09 20:00", incident="I-1", member="valmont")
    second = work("ada", "2026-06-09 19:30", "2026-06-09 20:30", incident="I-2")
    one, two = lines(make, [second, first])
    assert (one.minutes, two.minutes, two.counted_elsewhere) == (60, 30, 30)
    assert two.notes[0] == "30 min comptées avec une intervention commencée plus tôt"


def test_one_intervention_may_be_rested_where_the_agent_is_paid(make):
    rested = work("ada", "2026-06-09 23:00", "2026-06-09 23:30", compensation="rest")
    (line,) = lines(make, [rested])
    assert (line.amount, line.rest_minutes) == (Decimal(0), 45)
    assert line.segments[0].formula == "30 min × 150 % = 45 min de repos"


def test_a_call_on_site_without_travel_times_gets_no_flat_rate(make):
    (line,) = lines(make, [work("ada", "2026-06-09 19:00", "2026-06-09 20:00", on_site=True)])
    assert line.minutes == 60
    assert line.notes[0].startswith("trajet non renseigné : rien n'est ajouté forfaitairement")


def test_work_out_of_duty_is_pointed_at(make):
    duty = [shift("ada", "2026-06-09 19:00", "2026-06-10 07:00")]
    call = work("ada", "2026-06-09 18:30", "2026-06-09 19:30")
    (line,) = lines(make, [call], duty)
    assert line.notes == ("30 min hors des heures d'astreinte de l'agent : à contrôler",)
    assert line.roster == "astreinte"


def test_what_ends_before_it_begins_is_told_and_left_out(make):
    wrong = work("ada", "2026-06-09 20:00", "2026-06-09 19:00")
    duty = [shift("ada", "2026-06-09 19:00", "2026-06-10 07:00")]
    (agent,) = make(duty, [wrong], month="2026-06", rules=single()).agents
    assert agent.interventions == ()
    assert "finissent avant de commencer" in agent.remarks[0].text


def test_overtime_is_left_to_payroll_and_said(make):
    call = work("ada", "2026-06-09 19:00", "2026-06-09 20:30")
    (agent,) = make((), [call], month="2026-06", rules=single(ihts=True)).agents
    assert (agent.interventions[0].amount, agent.unpriced_minutes) == (None, 90)
    assert agent.amount == 0
    assert any("1 h 30 d'intervention en heures supplémentaires" in r.text for r in agent.remarks)


def test_the_reading_of_the_rest_article_is_said(make):
    call = work("ada", "2026-06-09 19:00", "2026-06-09 20:00")
    (line,) = lines(make, [call], rules=single(compensation="rest"))
    assert line.segments[0].basis.trust == "second_hand"
    assert any("décompte horaire" in note for note in line.notes)


def test_an_intervention_belongs_to_the_month_in_which_it_ends(make):
    call = work("ada", "2026-05-31 23:00", "2026-06-01 01:00", returned_at=at("2026-06-01 01:30"))
    assert make((), [call], month="2026-05", rules=single()).agents == ()
    (line,) = lines(make, [call])
    assert line.minutes == 150
