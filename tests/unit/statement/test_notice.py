"""Late notice: what is counted, and what the increase touches."""

from __future__ import annotations

from decimal import Decimal

import pytest
from duty_month import shift, single, told

WEEK = ("2026-06-05 19:00", "2026-06-12 19:00")


def duties(make, shifts, notices, **more):
    (agent,) = make(shifts, (), notices, **({"month": "2026-06", "rules": single()} | more)).agents
    return agent.duties


@pytest.mark.parametrize(
    ("told_at", "clear_days", "late"),
    [
        ("2026-05-20 00:00", 15, False),  # the 21st to the 4th: fifteen whole days
        ("2026-05-20 23:59", 15, False),
        ("2026-05-21 00:00", 14, True),
        ("2026-06-05 08:00", -1, True),
    ],
)
def test_neither_the_day_of_telling_nor_that_of_duty_counts(make, told_at, clear_days, late):
    (line,) = duties(make, [shift("ada", *WEEK)], [told("ada", WEEK[0], told_at)])
    assert (line.clear_days, line.late) == (clear_days, late)
    assert line.amount == (Decimal("238.80") if late else Decimal("159.20"))


def test_the_increase_applies_to_the_holiday_too_and_half_a_cent_goes_up(make):
    days = ("2026-07-10 19:00", "2026-07-17 19:00")
    (line,) = duties(
        make, [shift("ada", *days)], [told("ada", days[0], "2026-07-09 12:00")], month="2026-07"
    )
    assert line.steps[-1].formula == "205,75 × 50 % = 102,875, arrondi à 102,88"
    assert line.amount == Decimal("308.63")


def test_a_late_swap_of_one_night_touches_that_night_alone(make):
    shifts = [
        shift("ada", "2026-06-05 19:00", "2026-06-10 19:00"),
        shift("bob", "2026-06-10 19:00", "2026-06-11 07:00", layer="change:1"),
        shift("ada", "2026-06-11 19:00", "2026-06-12 07:00"),
    ]
    notices = [
        told("ada", WEEK[0], "2026-04-01 09:00", WEEK[1]),
        told("bob", "2026-06-10 19:00", "2026-06-08 09:00", "2026-06-11 07:00"),
    ]
    ada, bob = make(shifts, (), notices, month="2026-06").agents
    paid = [line.package for line in ada.duties if line.amount]
    assert paid == ["weekend", "night", "night", "night"]
    assert ada.amount == Decimal("116.20") + 3 * Decimal("10.75")
    (night,) = bob.duties
    assert night.clear_days == 1
    assert night.amount == Decimal("16.13")


def test_days_told_late_are_no_part_of_a_week_told_in_time(make):
    notices = [
        told("ada", "2026-06-05 19:00", "2026-04-01 09:00", "2026-06-08 07:00"),
        told("ada", "2026-06-08 19:00", "2026-06-08 09:00"),
    ]
    lines = duties(make, [shift("ada", *WEEK)], notices)
    paid = [(line.package, line.late) for line in lines if line.amount]
    assert paid == [("weekend", False), *[("night", True)] * 4]
    assert sum(line.amount for line in lines) == Decimal("116.20") + 4 * Decimal("16.13")


def test_of_two_notices_the_last_counts(make):
    notices = [
        told("ada", WEEK[0], "2026-06-01 09:00"),
        told("ada", WEEK[0], "2026-04-01 09:00"),
    ]
    (line,) = duties(make, [shift("ada", *WEEK)], notices)
    assert line.clear_days == 3


def test_without_a_notice_the_line_says_that_nobody_knows(make):
    (line,) = duties(make, [shift("ada", *WEEK)], [])
    assert (line.told_at, line.amount) == (None, Decimal("159.20"))
    assert line.notes == ("date d'information de l'agent inconnue : majoration non examinée",)


def test_a_notice_without_end_does_not_reach_the_next_stint(make):
    shifts = [shift("ada", *WEEK), shift("ada", "2026-06-19 19:00", "2026-06-26 07:00")]
    first, second = duties(make, shifts, [told("ada", WEEK[0], "2026-06-04 09:00")])
    assert (first.late, second.late, second.told_at) == (True, False, None)


def test_an_increase_whose_text_was_not_found_is_said_and_not_paid(make):
    rules = single(stream="non_technical")
    notice = told("ada", WEEK[0], "2026-06-04 09:00")
    (line,) = duties(make, [shift("ada", *WEEK)], [notice], rules=rules)
    assert (line.late, line.amount) == (True, Decimal("149.48"))
    assert "non appliquée" in line.notes[0]
    applied = rules.model_copy(update={"apply_unverified_increase": True})
    (line,) = duties(make, [shift("ada", *WEEK)], [notice], rules=applied)
    assert line.amount == Decimal("224.22")
    assert line.steps[-1].basis.trust == "unverified"
