"""What a telephone that subscribes to a feed is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from icalendar import Calendar

from alertmanager.rosters import RosterBook, Shift, UnknownName
from alertmanager.rosters.changes import Change
from alertmanager.rosters.ical import person_feed, roster_feed
from alertmanager.rosters.ical.zones import timezone_of
from tests.unit.rosters.random_rosters import ZONES

MAY = datetime(2026, 4, 30, 22, tzinfo=UTC), datetime(2026, 5, 31, 22, tzinfo=UTC)
WEEK = """
support_hours: {days: [monday], from: "08:00", to: "18:00"}
people:
  - {id: nadia, name: Nadia Benali, phone: "+33639981003"}
  - {id: luc, name: "Luc Marchand, dit « Lulu »", phone: "+33639981004"}
  - {id: zoe, name: Zoé Petit, phone: "+33639981005"}
rosters:
  - id: week
    name: Astreinte
    layers:
      - id: turn
        name: semaine
        shadow: [zoe]
        rotation:
          every: week
          handover: {day: monday, at: "08:00"}
          start: 2026-01-05
          people: [nadia, luc]
  - id: always
    name: Recours
    layers:
      - {id: boss, name: direction, people: [zoe]}
"""


@pytest.fixture
def book(load: Callable[[str], RosterBook]) -> RosterBook:
    return load(WEEK)


def never(_roster: str, _shift: Shift) -> int:
    return 0


def events(feed: bytes) -> dict[str, dict[str, str]]:
    """By UID, the text of every property."""
    calendar = Calendar.from_ical(feed)
    return {
        str(event["UID"]): {
            key: value.to_ical().decode() if hasattr(value, "to_ical") else str(value)
            for key, value in event.items()
        }
        for event in calendar.walk("VEVENT")
    }


def swap(book: RosterBook, people: tuple[str, ...]) -> RosterBook:
    """Somebody else takes the whole week of 4 May."""
    monday = datetime(2026, 5, 4, 6, tzinfo=UTC)
    made = Change(
        "c1",
        "week",
        monday,
        monday + timedelta(days=7),
        people,
        "swap",
        None,
        MAY[0],
        "hôpital ; me joindre au 06 39 98 10 04",
    )
    return book.with_changes([made], [])


def test_lines_are_folded_and_end_as_the_rfc_wants(book: RosterBook) -> None:
    feed = roster_feed(book, "week", *MAY, never)
    assert feed.endswith(b"END:VCALENDAR\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", feed)
    assert max(map(len, feed.split(b"\r\n"))) <= 75
    for required in (b"VERSION:2.0", b"PRODID:", b"METHOD:PUBLISH", b"X-WR-CALNAME:Astreinte"):
        assert b"\r\n" + required in feed


def test_the_title_says_which_roster_and_who(book: RosterBook) -> None:
    calendar = Calendar.from_ical(roster_feed(book, "week", *MAY, never))
    titles = [str(event["SUMMARY"]) for event in calendar.walk("VEVENT")]
    assert titles[:2] == ["Astreinte : Nadia Benali", "Astreinte : Luc Marchand, dit « Lulu »"]
    own = Calendar.from_ical(person_feed(book, "nadia", *MAY, never))
    assert {str(event["SUMMARY"]) for event in own.walk("VEVENT")} == {"Astreinte"}


def test_who_only_watches_sees_whom(book: RosterBook) -> None:
    titles = {event["SUMMARY"] for event in events(person_feed(book, "zoe", *MAY, never)).values()}
    assert "Astreinte : en doublure de Nadia Benali" in titles
    assert "Recours" in titles


def test_times_are_those_of_the_wall_and_of_whole_shifts(book: RosterBook) -> None:
    calendar = Calendar.from_ical(roster_feed(book, "week", *MAY, never))
    first = calendar.walk("VEVENT")[0]
    # It began before the month that was asked for.
    assert first["DTSTART"].to_ical() == b"20260427T080000"
    assert first["DTSTART"].params["TZID"] == "Europe/Paris"
    assert first["DTEND"].to_ical() == b"20260504T080000"


def test_who_takes_a_whole_shift_over_has_the_same_event(book: RosterBook) -> None:
    before = events(roster_feed(book, "week", *MAY, never))
    after = events(
        roster_feed(swap(book, ("zoe",)), "week", *MAY, lambda _, shift: int(":" in shift.layer))
    )
    assert before.keys() == after.keys()
    changed = {uid for uid in before if before[uid]["SUMMARY"] != after[uid]["SUMMARY"]}
    assert len(changed) == 1
    assert {after[uid]["SEQUENCE"] for uid in changed} == {"1"}
    assert {after[uid]["SEQUENCE"] for uid in before.keys() - changed} == {"0"}


def test_no_number_and_no_reason_of_a_swap_leave_the_house(book: RosterBook) -> None:
    changed = swap(book, ("luc",))
    feeds = [roster_feed(changed, "week", *MAY, never)]
    feeds += [person_feed(changed, person.id, *MAY, never) for person in changed.persons]
    for feed in feeds:
        text = b"".join(feed.split(b"\r\n ")).decode()
        assert "pital" not in text
        assert "63998" not in re.sub(r"[ .]", "", text)


def test_who_is_always_there_has_one_event_whatever_the_day(book: RosterBook) -> None:
    later = MAY[0] + timedelta(days=90), MAY[1] + timedelta(days=90)
    now, then = (roster_feed(book, "always", *window, never) for window in (MAY, later))
    assert len(events(now)) == 1
    assert events(now).keys() == events(then).keys()


def test_the_same_duty_is_the_same_bytes(book: RosterBook) -> None:
    one, other = (roster_feed(book, "week", *MAY, never) for _ in range(2))
    assert one == other


def test_nobody_unknown_has_a_feed(book: RosterBook) -> None:
    with pytest.raises(UnknownName, match="aucun tour d'astreinte « nuit »"):
        roster_feed(book, "nuit", *MAY, never)
    with pytest.raises(UnknownName, match="aucune personne « paul »"):
        person_feed(book, "paul", *MAY, never)


def test_the_night_of_the_autumn_change_is_not_ambiguous(load) -> None:
    hourly = WEEK.replace(
        'every: week\n          handover: {day: monday, at: "08:00"}',
        'every: hour\n          handover: {at: "00:00"}',
    )
    night = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)
    told = events(roster_feed(load(hourly), "week", *night, never)).values()
    assert [event["DTSTART"] for event in told] == [
        "20261025T000000",  # by the clocks of Paris
        "20261024T230000Z",  # until the first of the two 02:00
        "20261025T000000Z",
        "20261025T010000Z",
        "20261025T030000",
        "20261025T040000",
    ]


@pytest.mark.parametrize("key", [*ZONES, "Africa/Casablanca", "Asia/Kolkata", "Europe/Dublin"])
def test_the_zone_as_told_is_the_zone(key: str, tmp_path) -> None:
    """By another reader of VTIMEZONE, every other hour of two years."""
    zone = ZoneInfo(key)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    calendar = Calendar()
    calendar.add_component(timezone_of(zone, start, end))
    path = tmp_path / "zone.ics"
    path.write_bytes(calendar.to_ical())
    told = tzical(str(path)).get()
    wall = datetime.combine(date(2026, 1, 1), datetime.min.time())
    hours = (wall + timedelta(hours=hour) for hour in range(0, 24 * 730, 2))
    wrong = [
        hour
        for hour in hours
        # What clocks show twice, or never, is told in UTC instead.
        if hour.replace(tzinfo=zone).utcoffset() == hour.replace(tzinfo=zone, fold=1).utcoffset()
        and hour.replace(tzinfo=told).utcoffset() != hour.replace(tzinfo=zone).utcoffset()
    ]
    assert wrong == []
