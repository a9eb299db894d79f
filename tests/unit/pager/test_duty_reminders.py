"""Which turns begin, who is reminded of them and when, who gains and who loses duty."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alertmanager.duty.compared import Piece, from_json, pieces, to_json, told_of
from alertmanager.duty.reminders import due_reminders
from alertmanager.duty.turns import Turn, coming_turns
from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Change
from alertmanager.rosters.notice_rules import NoticeRules

PARIS = ZoneInfo("Europe/Paris")
MORNING = datetime(2026, 5, 1, 7, 12, tzinfo=PARIS)
FRIDAY = datetime(2026, 5, 1, 19, tzinfo=PARIS)
"""Luc takes over from Nadia."""
WEEK = timedelta(days=7)
RULES = NoticeRules(before=(WEEK, timedelta(hours=24), timedelta(hours=1)))


def named(turns: list[Turn]) -> list[tuple[str, str, datetime, datetime | None]]:
    return [(turn.roster, turn.person.id, turn.start, turn.end) for turn in turns]


def change(start: datetime, end: datetime, *people: str, instead_of: str | None = None) -> Change:
    return Change(
        "c1", "astreinte", start.astimezone(UTC), end.astimezone(UTC), people, "override",
        instead_of, MORNING.astimezone(UTC),
    )  # fmt: skip


def test_a_week_of_evenings_is_one_turn_and_who_is_always_there_begins_none(
    example_rosters: RosterBook,
) -> None:
    # Claire by day, Malik as her back-up by day, and the last resort never take over.
    week = FRIDAY + 2 * WEEK
    # Friday 22 May is a day of work: the last shift of that week ends when the office opens.
    opens = week + WEEK - timedelta(hours=12)
    now = week - timedelta(days=1)
    assert named(coming_turns(example_rosters, now, WEEK)) == [
        ("astreinte", "ines.robert", week, opens),
        ("renfort", "nadia.benali", week, opens),
    ]


def test_a_change_is_a_turn_and_who_comes_back_takes_over_again(
    example_rosters: RosterBook,
) -> None:
    sunday = datetime(2026, 5, 3, 9, tzinfo=PARIS)
    until = sunday + timedelta(hours=12)
    book = example_rosters.with_changes([change(sunday, until, "ines.robert")], ())
    theirs = [turn for turn in coming_turns(book, FRIDAY, WEEK) if turn.roster == "astreinte"]
    assert [turn for turn in named(theirs) if turn[2] >= FRIDAY][:3] == [
        ("astreinte", "luc.marchand", FRIDAY, sunday),
        ("astreinte", "ines.robert", sunday, until),
        ("astreinte", "luc.marchand", until, FRIDAY + WEEK),
    ]


def test_a_turn_that_ends_beyond_what_was_looked_at_has_no_end(example_rosters: RosterBook) -> None:
    far = change(FRIDAY, FRIDAY + timedelta(days=300), "ines.robert")
    book = example_rosters.with_changes([far], ())
    assert ("astreinte", "ines.robert", FRIDAY, None) in named(coming_turns(book, MORNING, WEEK))


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (FRIDAY - WEEK - timedelta(seconds=1), None),
        (FRIDAY - WEEK, WEEK),
        (
            FRIDAY - timedelta(hours=25),
            WEEK,
        ),  # a process that was stopped meanwhile makes up for it
        (FRIDAY - timedelta(hours=24), timedelta(hours=24)),
        (FRIDAY - timedelta(hours=17, minutes=1), None),  # 01:59 at night
        (FRIDAY - timedelta(hours=1), timedelta(hours=1)),
        (FRIDAY - timedelta(seconds=1), timedelta(hours=1)),
        (FRIDAY, None),
    ],
)
def test_the_last_reminder_that_was_due_counts(
    example_rosters: RosterBook, now: datetime, before: timedelta | None
) -> None:
    turns = [
        turn
        for turn in coming_turns(example_rosters, now, WEEK + timedelta(hours=1))
        if turn.start == FRIDAY and turn.roster == "astreinte"
    ]
    found = [one.before for one in due_reminders(turns, RULES, PARIS, now)]
    assert found == ([before] if before is not None else [])


def test_a_turn_that_begins_before_the_morning_is_announced_at_night(
    example_rosters: RosterBook,
) -> None:
    start = datetime(2026, 5, 3, 6, tzinfo=PARIS)
    (person, *_) = example_rosters.persons
    turn = Turn("astreinte", person, start, None)
    assert list(due_reminders([turn], RULES, PARIS, start - timedelta(hours=1)))


@pytest.mark.parametrize(
    ("night", "now", "morning"),
    [
        (("22:00", "07:00"), "2026-05-01T21:59:59+02:00", None),
        (("22:00", "07:00"), "2026-05-01T22:00:00+02:00", "2026-05-02T07:00:00+02:00"),
        (("22:00", "07:00"), "2026-05-02T06:59:59+02:00", "2026-05-02T07:00:00+02:00"),
        (("22:00", "07:00"), "2026-05-02T07:00:00+02:00", None),
        (("00:00", "06:00"), "2026-05-02T03:00:00+02:00", "2026-05-02T06:00:00+02:00"),
        (("22:00", "02:30"), "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00"),
    ],
)
def test_the_night_is_the_sites(night: tuple[str, str], now: str, morning: str | None) -> None:
    rules = NoticeRules(night=(time.fromisoformat(night[0]), time.fromisoformat(night[1])))
    expected = datetime.fromisoformat(morning) if morning else None
    assert rules.morning(datetime.fromisoformat(now), PARIS) == expected


def test_what_changed_is_told_to_both_and_to_nobody_else(example_rosters: RosterBook) -> None:
    whole = (MORNING.astimezone(UTC), (MORNING + timedelta(days=60)).astimezone(UTC))
    start = FRIDAY.astimezone(UTC)
    end = start + WEEK
    swapped = change(FRIDAY, FRIDAY + WEEK, "ines.robert", instead_of="luc.marchand")
    book = example_rosters.with_changes([swapped], ())
    before = from_json(to_json(told_of(example_rosters, *whole)))
    assert pieces(before, told_of(example_rosters, *whole), whole) == []
    # Office hours stay Claire's: the evenings between them are one piece.
    assert pieces(before, told_of(book, *whole), whole) == [
        Piece("gained", "astreinte", "ines.robert", start, end),
        Piece("lost", "astreinte", "luc.marchand", start, end),
    ]
    assert pieces(before, told_of(book, *whole), (end, whole[1])) == []
    running = (start + timedelta(days=2), whole[1])
    assert [piece.start for piece in pieces(before, told_of(book, *whole), running)] == [
        running[0],
        running[0],
    ]
