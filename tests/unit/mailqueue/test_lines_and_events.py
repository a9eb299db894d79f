"""Every event gives back itself by the line its server writes; any bytes are survived."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from mail_syndicate.lines import REPLIES, line

from exporters.mailqueue.log.delivery import AGENTS
from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    Expired,
    LoggedIn,
    Notified,
    RecipientRejected,
    Removed,
    Submitted,
    Unparsed,
)
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.reasons import CODES, REASONS
from exporters.mailqueue.log.stamp import StampReader

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)

times = st.integers(1_700_000_000, 1_790_000_000)
queue_ids = st.integers(2**24, 2**60).map(lambda number: b"%X" % number) | st.sampled_from(
    [b"4jYkk96VKhz1SQ6m", b"4jYkkBCdfgz1SQ6m"]
)
clients = st.integers(0, 2**32 - 1).map(lambda n: str(IPv4Address(n)).encode()) | st.integers(
    0, 2**128 - 1
).map(lambda n: str(IPv6Address(n)).encode())
accounts = st.text("abcxyz019._+-", min_size=1, max_size=20).map(
    lambda name: f"{name}@ville-valmont.test".encode()
)
processes = st.integers(1, 4_000_000).map(lambda number: str(number).encode())
seconds = st.sampled_from([0.0, 0.01, 0.5, 9.9, 62.0, 86400.0])
# Each reason with a code that says so, or with one that leaves it to the words.
reasons = st.one_of(
    st.sampled_from([(reason, code) for reason, codes in CODES.items() for code in codes]),
    st.sampled_from([(reason, code) for reason in REASONS for code in (b"5.7.1", b"4.0.0")]),
)


def made_of(kind, *fields):
    """Events with these fields; the others are what an event has by default."""
    return st.tuples(*fields).map(lambda values: kind(*values))


EVENTS = st.one_of(
    made_of(Submitted, times, queue_ids, accounts, clients, processes),
    made_of(Accepted, times, queue_ids, clients),
    made_of(Activated, times, queue_ids, st.integers(1, 10**8)),
    made_of(Removed, times, queue_ids),
    made_of(Expired, times, queue_ids),
    made_of(
        Notified, times, queue_ids, st.sampled_from([b"non-delivery", b"delay", b"delivery status"])
    ),
    st.builds(
        lambda time, queue_id, recipient, delays, agent: Delivered(
            time, queue_id, recipient, b"sent", b"2.0.0", "", delays, agent
        ),
        times, queue_ids, accounts, st.tuples(*[seconds] * 4), st.sampled_from(AGENTS),
    ),
    st.builds(
        lambda time, queue_id, recipient, status, why, delays: Delivered(
            time, queue_id, recipient, status, why[1], why[0], delays
        ),
        times, queue_ids, accounts, st.sampled_from([b"deferred", b"bounced", b"expired"]), reasons,
        st.tuples(*[seconds] * 4),
    ),
    st.builds(
        lambda time, queue_id, why, *who: RecipientRejected(time, queue_id, *why, *who),
        times, queue_ids | st.just(b""), reasons, accounts, clients, processes,
        accounts | st.just(b""),
    ),
    st.builds(
        lambda time, account, client: LoggedIn(time, account, client, success=False),
        times, accounts | st.just(b""), clients,
    ),
    st.builds(
        lambda time, account, client, service, attempts: LoggedIn(
            time, account, client, attempts == 0, service, attempts or 1
        ),
        times, accounts, clients,
        st.sampled_from(["imap", "pop3", "managesieve", "submission"]), st.integers(0, 20),
    ),
)  # fmt: skip


def read(block: bytes):
    return list(mail_events(block, StampReader(lambda: NOW, UTC)))


@given(st.lists(EVENTS, min_size=1))
def test_lines_give_back_the_events_they_were_made_from(made):
    assert read("".join(line(event) for event in made).encode()) == made


def test_every_reason_has_a_reply():
    assert set(REPLIES) == set(REASONS)


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data):
    for event in read(data):
        assert isinstance(event, Unparsed)
    read(b"Nov 24 13:51:29 mx1 " + data)


@given(st.lists(EVENTS, min_size=1), st.integers(0, 400), st.binary(max_size=30))
def test_a_damaged_line_never_raises(made, place, noise):
    whole = "".join(line(event) for event in made).encode()
    read(whole[:place] + noise + whole[place:])


@given(EVENTS, st.integers(0, 400))
def test_half_a_line_is_never_an_event_of_somebody_else(event, place):
    text = line(event).encode()
    for found in read(text[:place]):
        assert (
            isinstance(found, Unparsed)
            or type(found) is type(event)
            or (
                # A client whose user name was cut away.
                isinstance(event, Submitted) and isinstance(found, Accepted)
            )
        )
