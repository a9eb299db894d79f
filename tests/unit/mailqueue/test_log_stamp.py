from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.log_stamp import StampReader

PARIS = ZoneInfo("Europe/Paris")


def reader(now, zone=PARIS):
    return StampReader(lambda: now, zone)


def test_a_bsd_stamp_is_local_time_of_the_zone():
    stamps = reader(datetime(2026, 5, 1, 6, tzinfo=UTC))
    assert (
        stamps.read(b"May  1 07:12:00 mx1 x") == datetime(2026, 5, 1, 5, 12, tzinfo=UTC).timestamp()
    )


def test_december_read_in_january_is_last_year():
    stamps = reader(datetime(2027, 1, 1, 0, 5, tzinfo=UTC), UTC)
    assert (
        stamps.read(b"Dec 31 23:59:59 mx1 x")
        == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    )
    # A clock slightly ahead on the last evening of the year is next year, not eleven months ago.
    stamps = reader(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), UTC)
    assert (
        stamps.read(b"Jan  1 00:00:10 mx1 x")
        == datetime(2027, 1, 1, 0, 0, 10, tzinfo=UTC).timestamp()
    )


def test_29_february_finds_a_leap_year():
    stamps = reader(datetime(2028, 3, 1, tzinfo=UTC), UTC)
    assert (
        stamps.read(b"Feb 29 10:00:00 mx1 x") == datetime(2028, 2, 29, 10, tzinfo=UTC).timestamp()
    )


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.sampled_from([UTC, PARIS]))
def test_an_rfc3339_stamp_is_exact_to_the_second(when, zone):
    aware = when.replace(tzinfo=zone)
    stamps = reader(datetime(2026, 1, 1, tzinfo=UTC))
    assert stamps.read(f"{aware.isoformat()} mx1 x".encode()) == int(aware.timestamp())
    assert stamps.last == int(aware.timestamp())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"2026-13-01T00:00:00Z x",
        b"2026-05-01T00:00:00 x",
        b"Abc  1 00:00:00 x",
        b"May 1 0:0:0 x",
    ],
)
def test_anything_else_is_no_stamp(line):
    stamps = reader(datetime(2026, 5, 1, tzinfo=UTC))
    assert stamps.read(line) is None
    assert stamps.last is None


def test_the_same_wall_clock_in_two_zones_is_two_instants():
    stamps = reader(datetime(2026, 5, 1, 6, tzinfo=UTC))
    paris = stamps.read(b"2026-10-25T02:30:00.123456+02:00 mx1 x")
    assert stamps.read(b"2026-10-25T02:30:00.234567+01:00 mx1 x") == paris + 3600
    assert stamps.read(b"2026-10-25T02:30:00.345678+01:00 mx1 x") == paris + 3600
    assert stamps.read(b"2026-10-25T02:30:00+01:00 mx1 x") == paris + 3600
    assert stamps.read(b"2026-10-25T02:30:00Z mx1 x") == paris + 7200
