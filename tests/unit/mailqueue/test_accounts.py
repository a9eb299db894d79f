from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.accounts import INVALID, account_label, client_place, keyed_label


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b"Maire@Brecourt.TEST", "maire@brecourt.test"),
        (b"o'neill+liste@brecourt.test", "o'neill+liste@brecourt.test"),
        (b"jdupont", "jdupont"),
    ],
)
def test_an_address_or_a_login_is_a_label(raw, label):
    assert account_label(raw) == label


@pytest.mark.parametrize(
    "raw", [b"", b'"}', b"a b@c.test", "é@c.test".encode(), b"x" * 400, b"a@b@c", b"\xff"]
)
def test_anything_else_is_invalid(raw):
    assert account_label(raw) == INVALID


@given(st.binary(max_size=400))
def test_no_bytes_make_a_label_with_other_characters(raw):
    assert re.fullmatch(r"[a-z0-9@._%+'=-]{1,320}", account_label(raw))


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"192.0.2.7", "192.0.2.7"),
        (b"2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        (b"2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        (b"::ffff:192.0.2.7", "192.0.2.7"),
        (b"unknown", ""),
        (b"\xff", ""),
    ],
)
def test_an_ipv6_client_is_one_place_for_its_whole_64(raw, place):
    assert client_place(raw) == place


def test_a_keyed_label_is_the_hmac_of_the_account_that_rfc_2104_gives():
    # RFC 4231, test case 2.
    label = keyed_label(b"Jefe")("what do ya want for nothing?")
    assert label == "a:5bdcc146bf60"
    assert keyed_label(b"Jefe")(INVALID) == INVALID
