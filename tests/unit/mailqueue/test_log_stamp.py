from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.log.stamp import StampReader

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
        b"\0",
        b"2026-13-01T00:00:00Z x",
        b"2026-05-01T00:00:00",
        b"2026-05-01T00:00:60 x",
        b"2026-05-01T00:00:00+99:00 x",
        b"Abc  1 00:00:00 x",
        b"May 1 0:0:0 x",
    ],
)
def test_anything_else_is_no_stamp(line):
    stamps = reader(datetime(2026, 5, 1, tzinfo=UTC))
    stamps.last = 1
    assert stamps.read(line) is None
    assert stamps.last == 1


def test_the_same_wall_clock_in_two_zones_is_two_instants():
    stamps = reader(datetime(2026, 5, 1, 6, tzinfo=UTC))
    paris = stamps.read(b"2026-10-25T02:30:00.123456+02:00 mx1 x")
    assert stamps.read(b"2026-10-25T02:30:00.234567+01:00 mx1 x") == paris + 3600
    assert stamps.read(b"2026-10-25T02:30:00.345678+01:00 mx1 x") == paris + 3600
    assert stamps.read(b"2026-10-25T02:30:00+01:00 mx1 x") == paris + 3600
    assert stamps.read(b"2026-10-25T02:30:00Z mx1 x") == paris + 7200


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-05-01 07:12:00",  # Exim, Dovecot's log_timestamp
        "2026-05-01 07:12:00.123",
        "2026-05-01 07:12:00 +0200",  # Exim with log_timezone
        "2026-05-01 07:12:00.123 +0200",
        "2026-05-01T07:12:00,123+0200",
        "2026-05-01T05:12:00Z",
        "May  1 07:12:00",
    ],
)
def test_a_stamp_ends_where_the_line_goes_on(stamp):
    stamps = reader(datetime(2026, 5, 1, 6, tzinfo=UTC))
    line = f"{stamp} mx1 x".encode()
    assert stamps.read(line) == datetime(2026, 5, 1, 5, 12, tzinfo=UTC).timestamp()
    assert line[stamps.end :] == b"mx1 x"


@given(
    st.lists(
        st.tuples(
            # Many in one minute, in the hour that comes twice in Paris.
            st.datetimes(datetime(2026, 10, 25, 2), datetime(2026, 10, 25, 2, 2)),
            st.sampled_from(
                [
                    "%Y-%m-%dT%H:%M:%S.%f+00:00",
                    "%Y-%m-%dT%H:%M:%S.%f-02:00",
                    "%Y-%m-%dT%H:%M:%SZ",
                    "%Y-%m-%d %H:%M:%S",
                    "%Y-%m-%d %H:%M:%S -x",
                    "%Y-%m-%d %H:%M:%S +0100",
                    "%Y-%m-%d %H:%M:%S -0100",
                    "%b %d %H:%M:%S",
                ]
            ),
        )
    )
)
def test_a_stamp_means_the_same_after_any_other_stamps(made):
    now = datetime(2026, 10, 26, tzinfo=UTC)
    stamps = reader(now)
    for when, form in made:
        line = when.strftime(f"{form} mx1 x").encode()
        alone = reader(now)
        assert (stamps.read(line), stamps.end) == (alone.read(line), alone.end)
