from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.blocklist.board import Board, Known
from exporters.mailqueue.blocklist.check import Findings, check
from exporters.mailqueue.blocklist.names import query_name
from exporters.mailqueue.blocklist.settings import ListEntry
from exporters.mailqueue.blocklist.verdict import CLEAN, Verdict, verdict

LISTED, ERROR = Verdict("listed", "127.0.0.2"), Verdict("error", "pas de réponse")
OURS = ipaddress.ip_address("192.0.2.25")
OURS_V6 = ipaddress.ip_address("2001:db8::25")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.25", "25.2.0.192.bl.test."),
        (
            "2001:db8:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.test.",
        ),
        ("::ffff:7f00:2", "2.0.0.0.0.0.f.7.f.f.f.f." + "0." * 20 + "bl.test."),
    ],
)
def test_the_name_asked_is_that_of_rfc_5782(address, name):
    assert query_name(ipaddress.ip_address(address), "bl.test") == name


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([], "clean"),
        (["127.0.0.2"], "listed"),
        (["127.0.0.11", "127.0.0.4"], "listed"),
        (["127.255.254.254"], "listed"),
        (["127.255.255.252"], "error"),
        (["127.255.255.254"], "error"),
        (["127.0.0.2", "127.255.255.255"], "error"),
        (["10.1.2.3"], "error"),
        (["127.0.0.2", "192.0.2.80"], "error"),
        (["127.0.0.1"], "error"),
    ],
)
def test_an_error_answer_is_not_a_listing(answers, state):
    own = (ipaddress.IPv4Network("127.0.0.1/32"),)
    assert verdict(answers, own).state == state


@given(st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=4))
def test_only_answers_that_are_all_good_are_a_listing(answers):
    good = [a.startswith("127.") and not a.startswith("127.255.255.") for a in answers]
    assert verdict(answers).state == ("listed" if all(good) else "error")


@dataclass
class Oracle:
    """Answers as it is told; remembers what it was asked."""

    says: dict[str, Verdict]
    otherwise: Verdict = CLEAN
    asked: list[str] = field(default_factory=list)

    def about(self, address, block_list):
        self.asked.append(str(address))
        return self.says.get(str(address), self.otherwise)


WORKS = {"127.0.0.2": LISTED, "::ffff:7f00:2": LISTED}
BOTH = ListEntry(name="bl", zone="bl.test", ipv6=True)


def test_a_list_that_works_is_asked_about_ours():
    found = check(Oracle({**WORKS, "192.0.2.25": LISTED}), BOTH, [OURS, OURS_V6], 60)
    assert found == Findings("", {OURS: LISTED, OURS_V6: CLEAN})


@pytest.mark.parametrize(
    ("says", "otherwise", "words"),
    [
        ({}, CLEAN, "127.0.0.2 n'y est pas"),
        ({}, LISTED, "répond oui à tout"),
        ({}, ERROR, "pas de réponse"),
        ({**WORKS, "127.0.0.1": ERROR}, CLEAN, "pas de réponse"),
        ({"127.0.0.2": LISTED}, CLEAN, "::ffff:7f00:2 n'y est pas"),
    ],
    ids=["answers-nothing", "answers-everything", "mute", "half-mute", "no-ipv6"],
)
def test_a_list_that_does_not_work_is_broken_and_not_asked_about_us(says, otherwise, words):
    oracle = Oracle(says, otherwise)
    found = check(oracle, BOTH, [OURS, OURS_V6], 60)
    assert words in found.broken
    assert {one.state for one in found.verdicts.values()} == {"error"}
    assert not {str(OURS), str(OURS_V6)} & set(oracle.asked)


def test_only_families_the_list_takes_are_tested_and_asked():
    oracle = Oracle(WORKS)
    v4 = ListEntry(name="bl", zone="bl.test")
    assert list(check(oracle, v4, [OURS, OURS_V6], 60).verdicts) == [OURS]
    assert oracle.asked == ["127.0.0.2", "127.0.0.1", "192.0.2.25"]


def test_a_slow_list_is_left_when_its_time_is_up():
    found = check(Oracle(WORKS), BOTH, [OURS, OURS_V6], -1)
    assert {one.state for one in found.verdicts.values()} == {"error"}
    assert not found.broken


def take(board, at, found):
    return [change.kind for change in board.take("bl", Findings("", {OURS: found}), at)]


def test_the_board_tells_what_changed_and_only_that():
    board = Board(kept=3600)
    assert take(board, 0, CLEAN) == []
    assert take(board, 10, LISTED) == ["listed"]
    assert take(board, 20, LISTED) == []
    assert take(board, 30, ERROR) == ["failing"]
    assert take(board, 40, ERROR) == []
    assert take(board, 50, LISTED) == ["answering"], "it was listed all along"
    assert take(board, 60, CLEAN) == ["delisted"]


def test_an_error_keeps_what_was_known_for_a_while():
    board = Board(kept=3600)
    take(board, 0, LISTED)
    take(board, 3600, ERROR)
    assert board.known[OURS, "bl"].listed is True
    assert board.known[OURS, "bl"].why
    take(board, 3601, ERROR)
    assert board.known[OURS, "bl"].listed is None
    assert take(board, 3602, LISTED) == ["answering", "listed"]


def test_an_error_from_the_start_is_neither():
    board = Board(kept=3600)
    assert take(board, 1_800_000_000, ERROR) == ["failing"]
    assert board.known[OURS, "bl"] == Known(None, 0.0, "pas de réponse")
