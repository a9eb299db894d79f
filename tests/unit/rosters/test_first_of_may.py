"""The founding story: a public holiday on a Friday, twelve past seven."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alertmanager.rosters import UnknownName


def test_the_holiday_calendar_alone_sends_the_page_to_the_week_of_nadia_benali(book, paris) -> None:
    duty = book.on_duty("astreinte", paris(2026, 5, 1, 7, 12))
    assert [person.id for person in duty.people] == ["nadia.benali"]
    assert duty.layer == "semaine"
    assert duty.why == (
        "vendredi 1er mai 2026, jour férié (Fête du Travail) : hors heures ouvrées ;"
        " astreinte de la semaine 18 (tour de Nadia Benali jusqu'au vendredi 1er mai à 19 h 00)"
    )


def test_a_week_earlier_the_same_friday_hour_belongs_to_the_office(book, paris) -> None:
    duty = book.on_duty("astreinte", paris(2026, 4, 24, 7, 12))
    assert [person.id for person in duty.people] == ["claire.fontaine"]
    assert duty.why == (
        "vendredi 24 avril 2026 : heures ouvrées ; permanence de jour (Claire Fontaine)"
    )


def test_the_second_person_and_the_last_resort_are_somebody_else(book, paris) -> None:
    at = paris(2026, 5, 1, 7, 12)
    people = [book.on_duty(roster, at).people[0].id for roster in book.roster_ids]
    assert book.roster_ids == ("astreinte", "renfort", "dernier-recours")
    assert people == ["nadia.benali", "yann.legoff", "helene.vasseur"]


def test_the_duty_holds_from_the_evening_before_to_the_hand_over(book, paris) -> None:
    duty = book.on_duty("astreinte", paris(2026, 5, 1, 7, 12))
    assert duty.starts == paris(2026, 4, 30, 19, 0)
    assert duty.ends == paris(2026, 5, 1, 19, 0)
    assert duty.starts.tzinfo is UTC


def test_a_permanent_layer_has_no_bounds(book, paris) -> None:
    duty = book.on_duty("dernier-recours", paris(2026, 5, 1, 7, 12))
    assert (duty.starts, duty.ends) == (None, None)


def test_a_warning_of_that_morning_waits_for_monday(book, paris) -> None:
    at = paris(2026, 5, 1, 7, 12)
    assert not book.support_hours_open(at)
    assert book.next_support_opening(at) == paris(2026, 5, 4, 7, 0)


def test_a_warning_in_office_hours_does_not_wait(book, paris) -> None:
    at = paris(2026, 4, 24, 7, 12)
    assert book.support_hours_open(at)
    assert book.next_support_opening(at) == at


def test_phone_numbers_are_e164(book) -> None:
    assert book.person("nadia.benali").phone == "+33639981003"
    assert all(person.phone.startswith("+3363998") for person in book.persons)


def test_an_unknown_name_says_what_exists(book, paris) -> None:
    with pytest.raises(UnknownName, match="astreinte, renfort, dernier-recours"):
        book.on_duty("nuit", paris(2026, 5, 1))
    with pytest.raises(UnknownName, match="zoe"):
        book.person("zoe")


def test_an_instant_without_an_offset_is_refused(book) -> None:
    with pytest.raises(ValueError, match="décalage"):
        book.on_duty("astreinte", datetime(2026, 5, 1, 7, 12))
