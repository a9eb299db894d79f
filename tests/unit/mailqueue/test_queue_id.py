from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.queue_id import ALPHABET, arrival_of_long_id, is_long, is_queue_id


def encode(number: int, width: int) -> str:
    letters = ""
    while number or len(letters) < width:
        number, digit = divmod(number, 52)
        letters = ALPHABET[digit] + letters
    return letters


@given(st.integers(0, 2**33), st.integers(0, 999_999), st.integers(0, 2**40))
def test_a_long_id_gives_back_its_arrival(seconds, micro, inode):
    digits = ""
    while inode or not digits:
        inode, digit = divmod(inode, 51)
        digits = ALPHABET[digit] + digits
    queue_id = encode(seconds, 6) + encode(micro, 4) + "z" + digits
    assert is_queue_id(queue_id)
    assert is_long(queue_id)
    assert arrival_of_long_id(queue_id) == pytest.approx(seconds + micro / 1e6, abs=1e-5)


def test_an_id_recorded_from_postfix_says_when_it_was_given_out():
    # Logged by Postfix 3.7.11 at 13:51:29 UTC on 24 November 2026.
    assert int(arrival_of_long_id("4jYkk96VKhz1SQ6m")) == 1795528289


@pytest.mark.parametrize("name", ["A1B2C3D4E5", "9D3F2100A7C", "4jYkk96VKhz1SQ6m"])
def test_both_forms_are_queue_ids(name):
    assert is_queue_id(name)


@pytest.mark.parametrize(
    "name", ["", ".", "A", "master.pid", "4jYkk96VKhz", "a1b2c3d4e5", "AEIOUz1"]
)
def test_other_file_names_are_not(name):
    assert not is_queue_id(name)


@given(st.text())
def test_any_other_text_is_refused_with_a_value_error(text):
    try:
        arrival_of_long_id(text)
    except ValueError:
        return
    assert "z" in text
