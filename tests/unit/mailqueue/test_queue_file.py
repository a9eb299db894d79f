from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.queue_file import HEAD_BYTES, Envelope, NotAQueueFile, parse_head


def record(kind: str, data: bytes) -> bytes:
    length, varint = len(data), b""
    while True:
        length, low = length >> 7, length & 0x7F
        varint += bytes([low | (0x80 if length else 0)])
        if not length:
            return kind.encode() + varint + data


HEAD = (
    record("C", b"           2177             622               1               0            2177")
    + record("T", b"1795528289 201234")
    + record("A", b"log_ident=4jYkk96VKhz1SQ6m")
    + record("A", b"sasl_method=PLAIN")
    + record("A", b"sasl_username=bob@noirmont.test")
    + record("A", b"log_client_address=127.0.3.4")
    + record("S", b"bob@noirmont.test")
    + record("R", b"x@dest.test")
    + record("M", b"")
    + record("N", b"sasl_username=forged@evil.test")
)


def test_the_head_gives_arrival_sender_account_and_client():
    assert parse_head(HEAD) == Envelope(
        1795528289.201234, "bob@noirmont.test", "bob@noirmont.test", "127.0.3.4", 1
    )


def test_what_the_sender_wrote_into_the_message_is_not_read():
    forged = HEAD + record("A", b"sasl_username=forged@evil.test")
    assert parse_head(forged).account == "bob@noirmont.test"


@given(st.integers(0, len(HEAD)))
def test_a_head_cut_anywhere_gives_what_is_whole_or_says_it_has_no_time(cut):
    try:
        envelope = parse_head(HEAD[:cut])
    except NotAQueueFile:
        assert cut < HEAD.index(b"log_ident")
    else:
        assert envelope.arrival == 1795528289.201234


@given(st.binary(max_size=HEAD_BYTES))
def test_arbitrary_bytes_are_an_envelope_or_not_a_queue_file(data):
    with contextlib.suppress(NotAQueueFile):
        parse_head(data)


@pytest.mark.parametrize("time", [b"", b"soon", b"12 x"])
def test_a_time_that_is_no_number_is_not_a_queue_file(time):
    with pytest.raises(NotAQueueFile, match="not a number"):
        parse_head(record("T", time))
