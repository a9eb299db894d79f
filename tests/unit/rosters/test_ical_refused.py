"""Calendars that are not read: each for a reason one can act upon, and none at length."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.timezone import tzp

from alertmanager.rosters.changes import Leave
from alertmanager.rosters.ical import LeaveRefused, read_leave
from tests.unit.rosters.test_ical_leave import JULY, OUTLOOK_ZONE, WEDNESDAYS, calendar

PARIS = ZoneInfo("Europe/Paris")
WINDOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)


def read(data: bytes) -> list[Leave]:
    return read_leave(data, "nadia", PARIS, *WINDOW)


def days(first: date, number: int) -> str:
    return ",".join(f"{first + timedelta(days=day):%Y%m%d}" for day in range(number))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("UID:a", "ligne 4 : évènement illisible : DTSTART"),
        ("DTSTART:hier", "ligne 4 : évènement illisible : DTSTART"),
        (f"{JULY}\nDTEND:demain", "évènement illisible : DTEND"),
        (f"{JULY}\nDTSTART;VALUE=DATE:20260702", "ligne 6 : DTSTART en double"),
        (f"{JULY}\nDTEND;VALUE=DATE:20260601", "finit avant de commencer"),
        (f"{JULY}\nDTEND:20260702T080000Z", "mêle une date et une heure"),
        (f"{JULY}\nDURATION:PT4H", "évènement illisible : DURATION"),
        ("DTSTART:20260701T080000Z\nDURATION:-PT1H", "évènement illisible : DURATION"),
        (
            "DTSTART;TZID=Europe/Pariss:20260701T080000",
            "ligne 5 : fuseau horaire « Europe/Pariss »",
        ),
        ("DTSTART;TZID=../../etc/passwd:20260701T080000", "fuseau horaire « ../../etc/passwd »"),
        (f"{JULY}\nRRULE:FREQ=SECONDLY", "ligne 6 : répétition « FREQ=SECONDLY » non lue"),
        (f"{JULY}\nRRULE:FREQ=DAILY;INTERVAL=0", "« INTERVAL=0 » non lue"),
        (f"{JULY}\nRRULE:FREQ=DAILY;BYSECOND=1,2,3", "« BYSECOND=1,2,3 » non lue"),
        (f"{JULY}\nRRULE:FREQ=DAILY;BYMONTH=2", "« BYMONTH=2 » non lue"),
        (f"{JULY}\nRRULE:COUNT=3", "sans FREQ"),
        (f"{JULY}\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20260801", "avec COUNT et UNTIL"),
        (f"{JULY}\nRRULE:FREQ=DAILY;FREQ=DAILY", "FREQ en double"),
        (f"{JULY}\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "RRULE en double"),
        (f"{JULY}\nEXRULE:FREQ=DAILY", "EXDATE, date par date"),
        (f"{JULY}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "ne tombe jamais"),
        (f"{JULY}\nRRULE:FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=8", "ne tombe jamais"),
        # From April and every twelve months, there is no 31st.
        ("DTSTART;VALUE=DATE:20260430\nRRULE:FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "jamais"),
        ("DTSTART;VALUE=DATE:16010101\nRRULE:FREQ=DAILY", "commencée le 01/01/1601"),
        (f"{JULY}\nDTEND;VALUE=DATE:99991231\nRRULE:FREQ=YEARLY", "dates qui ne vont pas ensemble"),
        (f"{JULY}\nSEQUENCE:deux", "évènement illisible : SEQUENCE"),
        (f"{JULY}\nRDATE;VALUE=DATE:{days(date(2020, 1, 1), 2001)}", "plus de 2000 dates"),
        (f"{JULY}\nRDATE;VALUE=DATE:{days(date(2020, 1, 1), 9000)}", "RDATE de 79 Kio"),
    ],
)
def test_an_event_that_cannot_be_read(event: str, words: str) -> None:
    with pytest.raises(LeaveRefused) as refused:
        read(calendar(event))
    assert words in str(refused.value)
    assert " ; attendu : " in str(refused.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ce n'est pas un calendrier"),
        (b"<!DOCTYPE html><html>", "est-ce une page de connexion ?"),
        (calendar(JULY).decode().encode("utf-16"), "ce n'est pas un calendrier"),
        (calendar(JULY)[:-17], "fichier coupé : VCALENDAR, ouvert ligne 1"),
        (calendar(JULY)[:-33], "fichier coupé : VEVENT, ouvert ligne 4"),
        (calendar(JULY).replace(b"END:VEVENT", b"END:VTODO"), "END:VTODO ne ferme rien d'ouvert"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "ligne 1 : BEGIN:VEVENT ; attendu : BEGIN:VCALENDAR"),
        (calendar(JULY, head="METHOD:CANCEL"), "ligne 4 : METHOD:CANCEL"),
        (calendar(JULY, head="CALSCALE:HEBREW"), "un calendrier grégorien"),
        (calendar(JULY).replace(b"DATE:2", b"DATE:\xe9"), "DTSTART illisible"),
        (b"A" * (1024 * 1024 + 1), "fichier de 1024 Kio"),
        (calendar(*[JULY] * 2001), "plus de 2000 évènements"),
        (calendar(*[f"UID:{n}\n{WEDNESDAYS[6:]}" for n in range(31)]), "31 évènements qui se"),
        (
            calendar(*[f"UID:{n}\n{JULY}\nRRULE:FREQ=DAILY" for n in range(10)]),
            "plus de 2000 absences",
        ),
    ],
)
def test_a_file_that_is_no_calendar_of_leave(data: bytes, words: str) -> None:
    with pytest.raises(LeaveRefused) as refused:
        read(data)
    assert words in str(refused.value)


def test_a_zone_that_only_resembles_ours_is_not_ours() -> None:
    event = "DTSTART;TZID=Heure de la mairie:20260701T080000"
    for old, new in (("BYMONTH=10", "BYMONTH=9"), ("+0200", "+0230"), ("TZOFFSETTO", "X-NONE")):
        with pytest.raises(LeaveRefused, match="Heure de la mairie"):
            read(calendar(event, head=OUTLOOK_ZONE.replace(old, new)))


def test_no_file_leaves_a_zone_behind() -> None:
    """The library would keep it, and read the calendars of others by it."""
    event = "DTSTART;TZID=Heure de la mairie:20260701T080000\nDURATION:PT1H"
    assert len(read(calendar(event, head=OUTLOOK_ZONE))) == 1
    assert tzp.timezone("Heure de la mairie") is None
    with pytest.raises(LeaveRefused, match="inconnu"):
        read(calendar(event))


HONEST = calendar(
    *[
        f"UID:{n}\nDTSTART;VALUE=DATE:{date(2026, 1, 1) + timedelta(days=n):%Y%m%d}"
        for n in range(200)
    ],
    *[f"UID:w{n}\n{WEDNESDAYS[6:]}" for n in range(4)],
)
RARE = "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=29;BYDAY=SU;BYMONTH=2"


@pytest.mark.parametrize(
    "hostile",
    [
        calendar(*[f"UID:{n}\n{RARE}" for n in range(30)]),
        calendar(*[f"UID:{n}\n{RARE}".replace("MONTHLY", "YEARLY") for n in range(30)]),
        calendar(
            *[f"UID:{n}\nDTSTART;VALUE=DATE:20220101\nRRULE:FREQ=DAILY" for n in range(30)],
        ),
        calendar(
            f"UID:a\n{JULY}\nRRULE:FREQ=DAILY",
            *[
                f"UID:a\nRECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:{day}\n{JULY}"
                for day in days(date(2023, 1, 1), 1900).split(",")
            ],
        ),
        b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 120_000,
        b"\n" * 1_000_000,
        calendar("DTSTART" + ';X="a' * 6000 + ":20260701"),
        calendar(JULY, head=OUTLOOK_ZONE.replace("FREQ=YEARLY", "FREQ=SECONDLY")),
    ],
    ids=["rare", "rare years", "daily", "all that follow", "deep", "empty", "quotes", "zone"],
)
def test_no_file_costs_much_more_than_an_honest_one(hostile: bytes) -> None:
    began = time.process_time()
    read(HONEST)
    honest = time.process_time() - began
    began = time.process_time()
    with suppress(LeaveRefused):
        read(hostile)
    assert time.process_time() - began < 60 * honest


WHOLE = calendar(
    WEDNESDAYS + "\nEXDATE;TZID=Europe/Paris:20260107T140000",
    "UID:w\nRECURRENCE-ID;TZID=Europe/Paris:20260114T140000\n"
    "DTSTART;TZID=Europe/Paris:20260115T080000\nDTEND;TZID=Europe/Paris:20260115T120000",
    f"UID:b\nSEQUENCE:2\nSTATUS:CONFIRMED\n{JULY}\nDURATION:P2D\nRDATE;VALUE=DATE:20260801",
    "UID:c\nDTSTART;TZID=Heure de la mairie:20260701T080000\nDURATION:PT1H",
    head=OUTLOOK_ZONE,
).splitlines(keepends=True)
LINES = st.sampled_from(WHOLE)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_becomes_of_a_calendar_it_is_read_or_refused(data: st.DataObject) -> None:
    lines = list(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        what = data.draw(st.sampled_from(["drop", "double", "other", "cut", "bytes"]))
        line = lines[place]
        if what == "drop":
            lines[place] = b""
        elif what == "double":
            lines[place] = line + line
        elif what == "other":
            lines[place] = data.draw(LINES)
        elif what == "cut":
            lines[place] = line[: data.draw(st.integers(0, len(line)))]
        else:
            here = data.draw(st.integers(0, len(line)))
            lines[place] = line[:here] + data.draw(st.binary(max_size=4)) + line[here:]
    with suppress(LeaveRefused):
        assert all(one.start < one.end for one in read(b"".join(lines)))


_VALUES = {
    "INTERVAL": ["2"],
    "COUNT": ["5"],
    "UNTIL": ["20260901", "20260901T000000Z", "20260901T000000"],
    "WKST": ["SU"],
    "BYDAY": ["MO", "-1FR", "5MO", "MO,TU,WE,TH,FR"],
    "BYMONTH": ["2", "13"],
    "BYMONTHDAY": ["31", "-1", "0"],
    "BYSETPOS": ["-1", "5", "0"],
    "BYYEARDAY": ["1"],
    "BYWEEKNO": ["53"],
    "BYHOUR": ["8"],
    "X": ["1"],
}
_RULE_PARTS = st.sampled_from(sorted(_VALUES)).flatmap(
    lambda name: st.sampled_from([f"{name}={value}" for value in _VALUES[name]])
)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "", "X"]),
    st.lists(_RULE_PARTS, max_size=4),
    st.sampled_from(["VALUE=DATE:20240229", "TZID=Europe/Paris:20240131T080000"]),
)
def test_whatever_the_rule_it_is_read_or_refused(
    frequency: str, parts: list[str], start: str
) -> None:
    rule = ";".join([f"FREQ={frequency}", *parts])
    try:
        found = read(calendar(f"UID:a\nDTSTART;{start}\nRRULE:{rule}"))
    except LeaveRefused:
        return
    assert len(found) <= 2000
