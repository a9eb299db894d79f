"""What a swap costs, said before it is confirmed; and who has how many nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Change
from alertmanager.rosters.cost import clear_days, cost_of_taking
from alertmanager.rosters.equity import loads

WEEK = (datetime(2026, 5, 8, 17, tzinfo=UTC), datetime(2026, 5, 15, 17, tzinfo=UTC))
"""Luc's week: Friday 8 May (a holiday) 19:00 to Friday 15 May 19:00, Ascension inside."""

FREE = "nadia.benali"
"""In neither roster in that week."""


def taken(person: str, instead_of: str = "yann.legoff") -> Change:
    return Change("x", "astreinte", *WEEK, (person,), "swap", instead_of, WEEK[0])


def holder(book: RosterBook) -> str:
    (person,) = book.on_duty("astreinte", WEEK[0]).people
    return person.id


def test_notice_is_counted_in_clear_days_by_the_local_date(book: RosterBook) -> None:
    told = datetime(2026, 4, 22, 21, 59, tzinfo=UTC)  # 22 April, 23:59
    assert clear_days(book, told, WEEK[0]) == 15
    assert clear_days(book, told + timedelta(minutes=1), WEEK[0]) == 14
    change = taken("malik.haddad", holder(book))
    (notice, *_) = cost_of_taking(book, change, told)
    assert (notice.what, notice.warns) == ("notice", False)
    (notice, *_) = cost_of_taking(book, change, told + timedelta(minutes=1))
    assert notice.warns
    assert "14 jours francs, moins de 15" in notice.text
    assert "50 %" in notice.text
    (notice, *_) = cost_of_taking(book, change, WEEK[0])
    assert "0 jour franc," in notice.text


def test_two_rosters_at_once_is_said(book: RosterBook) -> None:
    (reinforcement,) = book.on_duty("renfort", WEEK[0]).people
    change = taken(reinforcement.id, holder(book))
    lines = [line for line in cost_of_taking(book, change, WEEK[0]) if line.what == "rest"]
    assert lines
    assert all(line.warns for line in lines)
    assert any("répond au même moment pour" in line.text for line in lines)


def test_nothing_to_say_of_rest_is_said(book: RosterBook) -> None:
    change = taken(FREE, holder(book))
    (line,) = [one for one in cost_of_taking(book, change, WEEK[0]) if one.what == "rest"]
    assert (line.warns, line.text) == (False, "Repos : rien à signaler d'après le planning.")


def test_equity_before_and_after(book: RosterBook) -> None:
    change = taken(FREE, holder(book))
    (line,) = [one for one in cost_of_taking(book, change, WEEK[0]) if one.what == "equity"]
    assert "nuits (moyenne" in line.text
    assert "jours de week-end" in line.text
    assert "jour" in line.text
    assert "férié" in line.text


def test_loads_add_up_to_the_nights_and_days_there_are(book: RosterBook) -> None:
    start, end = date(2026, 3, 1), date(2027, 3, 1)
    one = book.with_changes([], [])
    found = loads(one, start, end)
    rotation = ("malik.haddad", "nadia.benali", "luc.marchand", "yann.legoff", "ines.robert")
    weekend_days = sum(
        (start + timedelta(days=n)).weekday() >= 5 for n in range((end - start).days)
    )
    # Two of them are on duty at once, never one person in both places; the last resort is no duty.
    assert found["helene.vasseur"].nights == 0
    assert sum(found[name].nights for name in rotation) == 2 * 365
    assert sum(found[name].weekend_days for name in rotation) == 2 * weekend_days
    assert sum(found[name].holidays for name in rotation) == 2 * (11 + 1)  # and the bridge day
    assert found["claire.fontaine"].nights == 0
