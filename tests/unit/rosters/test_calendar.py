"""Holidays and support hours."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.settings import HolidaySettings, SupportHours

HOURS = SupportHours.model_validate({"days": ["monday", "friday"], "from": "07:00", "to": "19:00"})
PARIS = ZoneInfo("Europe/Paris")


def calendar(**settings: object) -> Calendar:
    return Calendar(PARIS, HolidaySettings.model_validate(settings), HOURS)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ((2026, 1, 1), "Jour de l'an"),
        ((2026, 4, 6), "Lundi de Pâques"),
        ((2026, 5, 1), "Fête du Travail"),
        ((2026, 5, 8), "Fête de la Victoire"),
        ((2026, 5, 14), "Ascension"),
        ((2026, 5, 25), "Lundi de Pentecôte"),
        ((2026, 7, 14), "Fête nationale"),
        ((2026, 8, 15), "Assomption"),
        ((2026, 11, 1), "Toussaint"),
        ((2026, 11, 11), "Armistice"),
        ((2026, 12, 25), "Noël"),
    ],
)
def test_the_eleven_holidays_of_the_labour_code_are_named_in_french(day, name) -> None:
    assert calendar().holiday(date(*day)) == name


def test_a_year_has_those_eleven_and_no_other() -> None:
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(365)]
    assert sum(calendar().holiday(day) is not None for day in days) == 11


def test_names_stay_french_whatever_the_language_of_the_process(monkeypatch) -> None:
    for variable in ("LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.setenv(variable, "en_US.UTF-8")
    assert calendar().holiday(date(2026, 5, 1)) == "Fête du Travail"


def test_alsace_moselle_adds_saint_stephen_and_good_friday_only_where_it_is_said() -> None:
    good_friday, saint_stephen = date(2026, 4, 3), date(2026, 12, 26)
    assert calendar().holiday(saint_stephen) is None
    assert calendar(alsace_moselle=True).holiday(saint_stephen) is not None
    assert calendar(alsace_moselle=True).holiday(good_friday) is None
    assert calendar(alsace_moselle=True, good_friday=True).holiday(good_friday) == "Vendredi saint"


def test_a_day_of_the_site_closes_the_office() -> None:
    bridge = date(2026, 5, 15)
    assert calendar().opening(bridge) is not None
    closed = calendar(extra=[{"date": bridge, "name": "pont"}])
    assert closed.holiday(bridge) == "pont"
    assert closed.opening(bridge) is None


def test_a_holiday_lasts_from_midnight_to_midnight_of_paris(book, paris) -> None:
    eve, day = paris(2026, 4, 30, 23, 59), paris(2026, 5, 1, 0, 0)
    assert "jour férié" not in book.on_duty("astreinte", eve).why
    assert "jour férié" in book.on_duty("astreinte", day).why
    assert "jour férié" in book.on_duty("astreinte", paris(2026, 5, 1, 23, 59)).why
    assert "jour férié" not in book.on_duty("astreinte", paris(2026, 5, 2, 0, 0)).why


def test_support_hours_are_half_open(book, paris) -> None:
    assert not book.support_hours_open(paris(2026, 4, 30, 6, 59, 59))
    assert book.support_hours_open(paris(2026, 4, 30, 7, 0))
    assert book.support_hours_open(paris(2026, 4, 30, 18, 59, 59))
    assert not book.support_hours_open(paris(2026, 4, 30, 19, 0))


def test_the_bounds_of_a_closed_span_are_the_last_closing_and_the_next_opening(paris) -> None:
    opened, interval = calendar().at(paris(2026, 5, 3, 12, 0))
    # Friday 1 May is closed, so the last closing is that of Monday 27 April.
    assert not opened
    assert interval.starts == paris(2026, 4, 27, 19, 0)
    assert interval.ends == paris(2026, 5, 4, 7, 0)
