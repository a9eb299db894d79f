"""What one roster file changes against another, span by span and turn by turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from effort import tries
from hypothesis import given
from hypothesis import strategies as st

import alertmanager.rosters
from alertmanager.rosters import RosterBook, load_rosters
from alertmanager.rosters.changes import Change, Leave
from alertmanager.rosters.diff import changed_turns, differences, moves
from alertmanager.rosters.diff_contacts import contact_changes, office_change
from alertmanager.rosters.diff_report import roster_diff

NOW = datetime(2026, 4, 27, 8, 0, tzinfo=UTC)
"""A Monday at ten in the morning, in Nadia's week; Luc's starts on Friday 1 May at 19:00."""
END = NOW + timedelta(days=60)
ORDER = "people: [malik.haddad, nadia.benali, luc.marchand, yann.legoff, ines.robert]"

Edited = Callable[..., RosterBook]


@pytest.fixture
def edited(example: Path, load: Callable[[str], RosterBook]) -> Edited:
    """The example with some words replaced by others."""

    def book_of(*replaced: tuple[str, str]) -> RosterBook:
        text = example.read_text(encoding="utf-8")
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        return load(text)

    return book_of


def swapped(edited: Edited) -> RosterBook:
    """Luc and Yann change places in the first roster."""
    return edited((ORDER, ORDER.replace("luc.marchand, yann.legoff", "yann.legoff, luc.marchand")))


def test_the_same_file_differs_in_nothing(book: RosterBook, edited: Edited) -> None:
    same = edited(("# First person paged.", "# Nothing."))
    assert differences(book, same, NOW, END) == []
    assert roster_diff(book, same, NOW).empty
    assert not roster_diff(book, same, NOW).soon


def test_two_people_who_change_places_have_each_others_weeks(
    book: RosterBook, edited: Edited
) -> None:
    found = differences(book, swapped(edited), NOW, END)
    assert {one.roster for one in found} == {"astreinte"}
    assert {(one.before[0].id, one.after[0].id) for one in found} == {
        ("luc.marchand", "yann.legoff"),
        ("yann.legoff", "luc.marchand"),
    }
    assert found[0].start == datetime(2026, 5, 1, 17, 0, tzinfo=UTC)
    assert found[0].end == datetime(2026, 5, 4, 5, 0, tzinfo=UTC)


def test_the_nights_of_a_week_are_told_as_one_turn_with_its_hours(
    book: RosterBook, edited: Edited
) -> None:
    first, second, *_ = changed_turns(differences(book, swapped(edited), NOW, END))
    # Friday 8 May is a holiday: four days at the office of twelve hours each, and the last
    # night lasts until the next hand-over.
    assert (first.start, first.end) == (
        datetime(2026, 5, 1, 17, 0, tzinfo=UTC),
        datetime(2026, 5, 8, 17, 0, tzinfo=UTC),
    )
    assert first.held == timedelta(days=7) - 4 * timedelta(hours=12)
    assert [person.id for person in second.after] == ["luc.marchand"]
    assert second.start == first.end


def test_who_gains_and_who_loses(book: RosterBook, edited: Edited) -> None:
    told = moves(differences(book, swapped(edited), NOW, END))
    assert {move.person.id for move in told} == {"luc.marchand", "yann.legoff"}
    luc = [move for move in told if move.person.id == "luc.marchand"]
    assert [move.gained for move in luc[:2]] == [False, True]
    for person in ("luc.marchand", "yann.legoff"):
        own = [move for move in told if move.person.id == person]
        assert [m.start for m in own if m.gained] != [m.start for m in own if not m.gained]
    gained = sum((m.held for m in told if m.gained), timedelta(0))
    lost = sum((m.held for m in told if not m.gained), timedelta(0))
    assert gained == lost


def test_a_roster_that_goes_and_one_that_comes(book: RosterBook, edited: Edited) -> None:
    renamed = edited(("- id: renfort\n", "- id: secours\n"))
    found = differences(book, renamed, NOW, NOW + timedelta(days=7))
    assert all(one.after == () for one in found if one.roster == "renfort")
    assert all(one.before == () for one in found if one.roster == "secours")
    covered = sum((o.end - o.start for o in found if o.roster == "secours"), timedelta(0))
    assert covered == timedelta(days=7)


def test_the_report_says_who_is_told_late(book: RosterBook, edited: Edited) -> None:
    report = roster_diff(book, swapped(edited), NOW)
    assert report.soon
    people = {one.id: one for one in report.people}
    # Yann gains the week of 1 May, three clear days ahead; Luc that of 8 May, ten.
    assert [people[name].gains[0].clear_days for name in ("yann.legoff", "luc.marchand")] == [3, 10]
    assert (people["yann.legoff"].late, people["luc.marchand"].late) == (1, 1)
    assert len(people["yann.legoff"].gains) > 9


@pytest.mark.parametrize(("days", "late"), [(14, True), (15, False)])
def test_fifteen_clear_days_count_neither_end(
    book: RosterBook, edited: Edited, days: int, late: bool
) -> None:
    turn = datetime(2026, 5, 1, 17, 0, tzinfo=UTC)
    report = roster_diff(book, swapped(edited), turn - timedelta(days=days + 1))
    assert report.changes[0].clear_days == days
    assert report.soon is late
    yann = next(one for one in report.people if one.id == "yann.legoff")
    assert (yann.late > 0) is late


def test_changes_and_leave_of_the_store_are_part_of_what_changes(
    book: RosterBook, edited: Edited
) -> None:
    whole = (NOW, NOW + timedelta(days=30))
    taken = Change("c1", "astreinte", *whole, ("helene.vasseur",), "override", None, NOW)
    new = swapped(edited)
    assert differences(book, new, *whole)
    assert differences(book.with_changes([taken], []), new.with_changes([taken], []), *whole) == []
    away = Leave("l1", "yann.legoff", *whole, "manual")
    pair = [one.with_changes([], [away]) for one in (book, new)]
    assert all(
        "yann.legoff" not in {person.id for person in (*one.before, *one.after)}
        for one in differences(*pair, *whole)
    )


def test_contacts_teams_and_duty_telephones(book: RosterBook, edited: Edited) -> None:
    new = edited(
        ('"+33 6 39 98 10 03"', '"+33 6 39 98 10 33"'),
        ("luc.marchand@", "l.marchand@"),
        ("people: [helene.vasseur, claire.fontaine]", "people: [helene.vasseur]"),
        ('"+33 6 39 98 10 10"', '"+33 6 39 98 10 11"'),
    )
    assert [(one.what, one.id) for one in contact_changes(book, new, NOW)] == [
        ("phone", "nadia.benali"),
        ("email", "luc.marchand"),
        ("team", "direction"),
        ("duty_phone", "astreinte"),
    ]
    report = roster_diff(book, new, NOW)
    assert not report.changes
    assert not report.empty
    assert "39981033" not in report.model_dump_json()


@pytest.mark.parametrize(
    ("replaced", "first"),
    [
        (('to: "19:00"', 'to: "18:00"'), datetime(2026, 4, 27, 16, 0, tzinfo=UTC)),
        # Opened at 07:00 or at 08:00: by now it is ten, so the next morning.
        (('from: "07:00"', 'from: "08:00"'), datetime(2026, 4, 28, 5, 0, tzinfo=UTC)),
        (("date: 2026-05-15", "date: 2026-05-22"), datetime(2026, 5, 15, 5, 0, tzinfo=UTC)),
        (("thursday, friday]", "thursday]"), datetime(2026, 5, 22, 5, 0, tzinfo=UTC)),
    ],
)
def test_office_hours(
    book: RosterBook, edited: Edited, replaced: tuple[str, str], first: datetime
) -> None:
    assert office_change(book, edited(replaced), NOW, END) == first
    assert office_change(book, book, NOW, END) is None


@cache
def books(order: tuple[str, ...]) -> tuple[RosterBook, RosterBook]:
    """The example, and the example with that order."""
    path = Path(alertmanager.rosters.__file__).with_name("example.yml")
    text = path.read_text(encoding="utf-8").replace(ORDER, f"people: [{', '.join(order)}]")
    with NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return load_rosters(path), load_rosters(Path(file.name))


DAYS = st.integers(1, 20).map(timedelta)


@tries(20)
@given(
    instant=st.integers(0, 60 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    order=st.permutations(ORDER[9:-1].split(", ")),
    before=DAYS,
    after=DAYS,
)
def test_at_any_instant_the_difference_is_that_of_the_answers(
    instant: datetime, order: list[str], before: timedelta, after: timedelta
) -> None:
    old, new = books(tuple(order))
    # Whatever the span asked for.
    all_found = differences(old, new, instant - before, instant + after)
    for roster in old.roster_ids:
        was, will_be = (
            {person.id for person in one.on_duty(roster, instant).people} for one in (old, new)
        )
        found = [
            one for one in all_found if one.roster == roster and one.start <= instant < one.end
        ]
        assert len(found) == (was != will_be)
        for one in found:
            assert {person.id for person in one.before} == was
            assert {person.id for person in one.after} == will_be
