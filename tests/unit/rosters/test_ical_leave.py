"""Leave as calendars write it: the forms that people's programs export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alertmanager.rosters.ical import read_leave

PARIS = ZoneInfo("Europe/Paris")
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
JULY = "DTSTART;VALUE=DATE:20260701"
OUTLOOK_ZONE = """\
BEGIN:VTIMEZONE
TZID:Heure de la mairie
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


def calendar(*events: str, head: str = "") -> bytes:
    """Of events that are their lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Exemple//FR", *head.splitlines()]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


def leave(*events: str, head: str = "") -> list[str]:
    """What is read, by the clocks of Paris."""
    return [
        f"{one.start.astimezone(PARIS):%m-%d %H:%M} {one.end.astimezone(PARIS):%m-%d %H:%M}"
        for one in read_leave(calendar(*events, head=head), "nadia", PARIS, *YEAR)
    ]


@pytest.mark.parametrize(
    ("event", "span"),
    [
        (JULY, "07-01 00:00 07-02 00:00"),
        (f"{JULY}\nDTEND;VALUE=DATE:20260715", "07-01 00:00 07-15 00:00"),
        (f"{JULY}\nDURATION:P2W", "07-01 00:00 07-15 00:00"),
        # The last day counted in: a frequent mistake, and never nothing.
        (f"{JULY}\nDTEND;VALUE=DATE:20260701", "07-01 00:00 07-02 00:00"),
        # A date that has a zone, as some servers write it.
        ("DTSTART;TZID=Europe/Paris;VALUE=DATE:20260701", "07-01 00:00 07-02 00:00"),
        ("DTSTART:20260701", "07-01 00:00 07-02 00:00"),
        # 23 and 25 hours: the day, not 24 hours.
        ("DTSTART;VALUE=DATE:20260329", "03-29 00:00 03-30 00:00"),
        ("DTSTART;VALUE=DATE:20261025", "10-25 00:00 10-26 00:00"),
        # Floating: the clocks of the site.
        ("DTSTART:20260701T080000\nDTEND:20260701T180000", "07-01 08:00 07-01 18:00"),
        ("DTSTART:20260701T060000Z\nDTEND:20260701T160000Z", "07-01 08:00 07-01 18:00"),
        (
            "DTSTART;TZID=America/New_York:20260701T080000\nDURATION:PT4H",
            "07-01 14:00 07-01 18:00",
        ),
        # Outlook; the name of a vendor before that of the zone.
        (
            "DTSTART;TZID=Romance Standard Time:20260701T080000\nDURATION:PT4H",
            "07-01 08:00 07-01 12:00",
        ),
        (
            "DTSTART;TZID=/mozilla.org/20050126_1/Europe/Paris:20260701T080000\nDURATION:PT4H",
            "07-01 08:00 07-01 12:00",
        ),
        # In the hour that does not exist (RFC 5545, 3.3.5); over it, by the watch and by days.
        ("DTSTART;TZID=Europe/Paris:20260329T023000\nDURATION:PT1H", "03-29 03:30 03-29 04:30"),
        ("DTSTART;TZID=Europe/Paris:20260328T220000\nDURATION:PT8H", "03-28 22:00 03-29 07:00"),
        ("DTSTART;TZID=Europe/Paris:20260328T220000\nDURATION:P1D", "03-28 22:00 03-29 22:00"),
        # "Free" is what many calendars make of whole days unasked.
        (f"{JULY}\nTRANSP:TRANSPARENT", "07-01 00:00 07-02 00:00"),
        (f"{JULY}\nSTATUS:TENTATIVE", "07-01 00:00 07-02 00:00"),
    ],
)
def test_one_event(event: str, span: str) -> None:
    assert leave(event) == [span]


def test_what_does_not_keep_anybody_away_is_not_leave() -> None:
    assert leave(f"{JULY}\nSTATUS:CANCELLED", "UID:b\nDTSTART:20260701T080000Z") == []
    assert leave("DTSTART;VALUE=DATE:20250701", "UID:b\nDTSTART;VALUE=DATE:20270701") == []
    assert leave() == []


def test_for_ever_has_an_end_far_away() -> None:
    (found,) = read_leave(calendar(f"{JULY}\nDTEND;VALUE=DATE:99991231"), "a", PARIS, *YEAR)
    assert found.end == datetime(2200, 1, 1, tzinfo=UTC)


def test_a_zone_described_under_a_name_of_its_own() -> None:
    event = "DTSTART;TZID=Heure de la mairie:20260701T080000\nDURATION:PT4H"
    assert leave(event, head=OUTLOOK_ZONE) == ["07-01 08:00 07-01 12:00"]
    fixed = OUTLOOK_ZONE.replace("+0200", "+0300").replace("+0100", "+0300")
    assert leave(event, head=fixed) == ["07-01 07:00 07-01 11:00"]


def test_a_known_name_is_not_redefined_by_the_file() -> None:
    lying = OUTLOOK_ZONE.replace("Heure de la mairie", "Europe/Paris").replace("+0", "+1")
    event = "DTSTART;TZID=Europe/Paris:20260701T080000\nDURATION:PT4H"
    assert leave(event, head=lying) == ["07-01 08:00 07-01 12:00"]


WEDNESDAYS = (
    "UID:w\nDTSTART;TZID=Europe/Paris:20250101T140000\nDTEND;TZID=Europe/Paris:20250101T180000\n"
    "RRULE:FREQ=WEEKLY;BYDAY=WE"
)


def test_a_repetition_without_an_end_follows_the_clocks() -> None:
    found = leave(WEDNESDAYS)
    assert len(found) == 52
    assert {f"{one[6:11]} {one[18:]}" for one in found} == {"14:00 18:00"}


def test_exceptions_to_a_repetition() -> None:
    found = leave(
        f"{WEDNESDAYS};UNTIL=20260128T130000Z\nEXDATE;TZID=Europe/Paris:20260107T140000",
        "UID:w\nRECURRENCE-ID;TZID=Europe/Paris:20260114T140000\n"
        "DTSTART;TZID=Europe/Paris:20260115T080000\nDTEND;TZID=Europe/Paris:20260115T120000",
        "UID:w\nRECURRENCE-ID;TZID=Europe/Paris:20260121T140000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Europe/Paris:20260121T140000\nDTEND;TZID=Europe/Paris:20260121T180000",
    )
    assert found == ["01-15 08:00 01-15 12:00", "01-28 14:00 01-28 18:00"]


def test_whole_days_that_repeat_over_the_change_of_clocks() -> None:
    assert leave(f"UID:a\n{JULY[:-8]}20260322\nRRULE:FREQ=WEEKLY;COUNT=3") == [
        "03-22 00:00 03-23 00:00",
        "03-29 00:00 03-30 00:00",
        "04-05 00:00 04-06 00:00",
    ]


def test_dates_one_by_one_and_all_that_follow() -> None:
    assert leave(f"UID:a\n{JULY}\nRDATE;VALUE=DATE:20260710,20260720") == [
        "07-01 00:00 07-02 00:00",
        "07-10 00:00 07-11 00:00",
        "07-20 00:00 07-21 00:00",
    ]
    moved = (
        "UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260708T080000Z\n"
        "DTSTART:20260708T100000Z\nDURATION:PT1H"
    )
    weekly = "UID:a\nDTSTART:20260701T080000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3"
    assert [one[:11] for one in leave(weekly, moved)] == [
        "07-01 10:00",
        "07-08 12:00",
        "07-15 12:00",
    ]


def test_a_later_version_in_the_same_file_replaces_the_first() -> None:
    assert leave(f"UID:a\nSEQUENCE:1\n{JULY}", "UID:a\nDTSTART;VALUE=DATE:20260801") == [
        "07-01 00:00 07-02 00:00"
    ]
    # Two events that a program gave one name are two.
    assert len(leave(f"UID:a\n{JULY}", "UID:a\nDTSTART;VALUE=DATE:20260801")) == 2


def test_the_same_calendar_has_the_same_leave() -> None:
    def identifiers(data: bytes) -> list[str]:
        return [one.id for one in read_leave(data, "nadia", PARIS, *YEAR)]

    one, other = calendar(f"UID:a\n{JULY}"), calendar(f"UID:a\nSUMMARY:Mer\n{JULY}")
    assert identifiers(one) == identifiers(other)
    assert identifiers(one) != [found.id for found in read_leave(one, "luc", PARIS, *YEAR)]


def test_why_somebody_is_away_is_not_kept() -> None:
    event = f"UID:a\nSUMMARY:Arrêt maladie\nDESCRIPTION:Dr Faucheux\nLOCATION:CHU\n{JULY}"
    (found,) = read_leave(calendar(event), "nadia", PARIS, *YEAR)
    assert not {"maladie", "Faucheux", "CHU"} & set(repr(found).replace("'", " ").split())
    assert found.note == ""


@pytest.mark.parametrize(
    "broken",
    [
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"SUMMARY:x", "SUMMARY:congé".encode("latin-1")),
        lambda data: data.replace(b"SUMMARY:x", b"SUMMARY:x\r\nla suite, que rien ne replie"),
        lambda data: data.replace(b"VALUE=DATE", b"VALUE=\r\n DATE"),
        lambda data: data.lower().replace(b"value=date", b"VALUE=DATE"),
        lambda data: data.replace(b"SUMMARY:x", b"BEGIN:VALARM\r\nDTSTART:hier\r\nEND:VALARM"),
        lambda data: data + data.replace(b"UID:a", b"UID:b"),
    ],
    ids=["LF", "BOM", "latin-1 title", "unfolded text", "folded", "lower", "alarm", "two in one"],
)
def test_files_that_are_odd_but_clear(broken: Callable[[bytes], bytes]) -> None:
    data = broken(calendar(f"UID:a\nSUMMARY:x\n{JULY}"))
    assert len(read_leave(data, "nadia", PARIS, *YEAR)) == 1
