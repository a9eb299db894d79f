from __future__ import annotations

import stat
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.canary.key import signing_key
from exporters.mailqueue.canary.letter import letter, token_in
from exporters.mailqueue.canary.token import HEADER, Mint

ADDRESS = "canari@ville-valmont.test"
NONCE = bytes(range(8))


@pytest.fixture
def mint():
    return Mint(b"k" * 32, ADDRESS)


def test_a_token_is_known_to_its_canary_alone(mint):
    token = mint.token(1_795_528_289, NONCE)
    assert mint.knows(token)
    assert Mint(b"k" * 32, ADDRESS.upper()).knows(token)
    assert not Mint(b"k" * 32, "canari@brecourt.test").knows(token)
    assert not Mint(b"x" * 32, ADDRESS).knows(token)
    assert token.startswith(mint.site)


@given(st.integers(0, 58), st.sampled_from("0123456789abcdef."))
def test_a_token_with_one_sign_changed_is_not_ours(place, sign):
    mint = Mint(b"k" * 32, ADDRESS)
    token = mint.token(1_795_528_289, NONCE)
    changed = token[:place] + sign + token[place + 1 :]
    assert mint.knows(changed) == (changed == token)


@given(st.text(max_size=80))
def test_any_text_may_be_asked_about(text):
    assert not Mint(b"k" * 32, ADDRESS).knows(text)


def test_the_letter_says_that_a_machine_wrote_it_and_holds_its_token(mint):
    token = mint.token(1_795_528_289, NONCE)
    date = datetime(2026, 11, 24, 14, tzinfo=UTC)
    raw = letter("canari@deux-rives.test", ADDRESS, token, date)
    message = message_from_bytes(raw, policy=default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == date
    assert message["To"] == ADDRESS
    assert message["Message-ID"] == f"<{token}@deux-rives.test>"
    assert "Il n'appelle aucune réponse." in message.get_content()
    head = raw.partition(b"\r\n\r\n")[0]
    assert f"{HEADER}: {token}".encode() in head.split(b"\r\n"), "on one line, so never folded"
    assert token_in(head) == token
    assert len(raw) < 1500
    assert raw.isascii()
    assert all(line.endswith(b"\r") for line in raw.split(b"\n")[:-1])


@pytest.mark.parametrize("headers", [b"", b"Subject: x\r\n", b"\xff\0: \xff", b"X-Vigie-Canary"])
def test_other_headers_hold_no_token(headers):
    assert token_in(headers) == ""


def test_the_key_is_made_once_and_nobody_else_reads_it(tmp_path):
    key = signing_key(tmp_path)
    assert signing_key(tmp_path) == key
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "canary.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["canary.key"]


def test_a_key_cut_short_is_replaced_and_without_a_folder_it_is_new(tmp_path):
    (tmp_path / "canary.key").write_bytes(b"half")
    assert len(signing_key(tmp_path)) == 32
    assert signing_key(None) != signing_key(None)
