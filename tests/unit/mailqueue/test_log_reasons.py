"""Real replies of real servers, and the class each belongs to; the page that explains them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.log.reasons import CODES, REASONS, WORDS, reason_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "collectors" / "mail-reasons.md"

# One a line: the code, the reason, what was said.
REPLIES = [
    tuple((row + " ").split(" ", 2))
    for row in Path(__file__).with_name("replies.txt").read_text("utf-8").splitlines()
    if not row.startswith("#")
]


@pytest.mark.parametrize(("code", "reason", "text"), REPLIES)
def test_a_reply_has_the_reason_it_gives(code, reason, text):
    assert reason_of(code.encode().strip(b"-"), text.encode()) == reason


def test_every_reason_is_tested_and_can_be_found():
    assert {reason for _, reason, _ in REPLIES} == set(REASONS)
    assert {*CODES, *WORDS, "other"} == set(REASONS)


@given(st.binary(max_size=12), st.binary(max_size=500))
def test_any_reply_has_a_reason(code, text):
    assert reason_of(code, text) in REASONS


def test_the_page_explains_every_reason_and_its_codes():
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|[^|]+\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == list(REASONS)
    for name, codes in rows:
        expanded = set()
        for code in re.findall(r"`([\dx.]+)`", codes):
            kinds = ("4", "5") if code.startswith("x") else (code[0],)
            expanded |= {(kind + code[1:]).encode() for kind in kinds}
        assert expanded == set(CODES.get(name, ())), name
