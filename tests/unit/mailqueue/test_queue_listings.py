"""showq's answer and postqueue's, as Postfix 3.7 and newer give them."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.queue.ladder import Ladder
from exporters.mailqueue.queue.listing import Listed, gathered
from exporters.mailqueue.queue.postqueue import Postqueue
from exporters.mailqueue.queue.postqueue import messages as of_postqueue
from exporters.mailqueue.queue.showq import Showq
from exporters.mailqueue.queue.showq import messages as of_showq
from exporters.mailqueue.queue.snapshot import NotPermitted, ReadFailed


def answer(*entries, protocol="mail_queue_list_protocol"):
    lists = [{"protocol": protocol}, *entries] if protocol else list(entries)
    text = ""
    for pairs in lists:
        for name, value in pairs.items() if isinstance(pairs, dict) else pairs:
            text += f"{name}\0{value}\0"
        text += "\0"
    return text.encode() + b"\0"


ACTIVE = [
    ("queue_name", "active"),
    ("queue_id", "4jYkk96VKhz1SQ6m"),
    ("time", "1795528289"),
    ("size", "2177"),
    ("forced_expire", "0"),
    ("sender", ""),
    ("recipient", "x@dest.test"),
    ("reason", ""),
    ("recipient", "y@dest.test"),
    ("reason", ""),
]
HELD = [("queue_name", "hold"), ("time", "5"), ("size", "7"), ("log_class", "new in 3.11")]
BOTH = [Listed("active", 1795528289.0, 2177), Listed("hold", 5.0, 7)]


def test_an_empty_reason_ends_nothing():
    assert [*of_showq([answer(ACTIVE, HELD)])] == BOTH


def test_an_answer_from_before_postfix_3_6_has_no_protocol():
    assert [*of_showq([answer(ACTIVE, HELD, protocol="")])] == BOTH


@given(st.lists(st.integers(0, 400), max_size=6))
def test_however_it_is_cut_into_pieces_it_reads_the_same(cuts):
    whole = answer(ACTIVE, HELD)
    ends = [0, *sorted(cuts), len(whole)]
    assert [*of_showq([whole[a:b] for a, b in pairwise(ends)])] == BOTH


@pytest.mark.parametrize("end", range(1, len(answer(ACTIVE))))
def test_an_answer_cut_short_is_an_error_wherever_it_ends(end):
    with pytest.raises(ReadFailed):
        [*of_showq([answer(ACTIVE)[:-end]])]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"queue_name": "active", "time": "soon", "size": "1"}, "sans nom de file, date"),
        ({"queue_name": "active", "size": "1"}, "sans nom de file, date"),
        ({"queue_name": "nouvelle", "time": "1", "size": "1"}, "file 'nouvelle'"),
    ],
)
def test_what_is_not_understood_is_an_error_never_left_out(entry, problem):
    with pytest.raises(ReadFailed, match=problem):
        [*of_showq([answer(entry)])]


def test_another_protocol_is_an_error():
    with pytest.raises(ReadFailed, match="protocole inconnu"):
        [*of_showq([answer(protocol="mail_queue_list_2")])]


def test_an_empty_queue_is_an_empty_answer():
    assert [*of_showq([answer()])] == []
    state = gathered("showq", []).queues["deferred"]
    assert (state.messages, state.bytes, [*state.arrivals]) == (0, 0, [])


def test_postqueue_gives_the_same_and_a_broken_line_is_an_error():
    entry = {"queue_name": "active", "arrival_time": 1795528289, "message_size": 2177}
    assert [*of_postqueue([json.dumps(entry).encode()])] == BOTH[:1]
    for line in (b"postqueue: warning", b"[]", b"{}"):
        with pytest.raises(ReadFailed, match="ligne illisible"):
            [*of_postqueue([line])]


@pytest.fixture
def socket_that_says(open_folder):
    threads = []

    def serve(said):
        (open_folder / "public").mkdir()
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(open_folder / "public" / "showq"))
        server.listen()

        def once():
            with closing(server), closing(server.accept()[0]) as link:
                link.sendall(said)

        threads.append(Thread(target=once))
        threads[-1].start()
        return open_folder

    yield serve
    for thread in threads:
        thread.join(5)


def test_the_socket_is_read_to_its_end(socket_that_says):
    [found] = Showq(socket_that_says(answer(ACTIVE, HELD))).read()
    assert found.method == "showq"
    assert {name: s.messages for name, s in found.queues.items() if s.messages} == {
        "active": 1,
        "hold": 1,
    }
    assert "corrupt" not in found.queues
    assert found.attributed is None


def test_no_socket_is_an_error_that_says_what_it_needs(open_folder):
    with pytest.raises(ReadFailed, match="attendu : un Postfix en marche"):
        [*Showq(open_folder).read()]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo 'Mail system is down' >&2; exit 69", r"code 69\) : Mail system is down"),
        ("echo oops; exit 0", "ligne illisible"),
        ("exec sleep 30", "a échoué"),
    ],
)
def test_a_postqueue_that_fails_is_an_error_with_what_it_said(tmp_path, script, problem):
    command = tmp_path / "postqueue"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    reader = Postqueue(tmp_path, timeout=1.0, command=str(command))
    with pytest.raises(ReadFailed, match=problem):
        [*reader.read()]


def test_the_usual_folder_is_not_named_for_postfix_refuses_it_without_root():
    assert Postqueue(Path("/etc/postfix"))._command == ["postqueue", "-j"]
    assert Postqueue(Path("/srv/pf"))._command == ["postqueue", "-c", "/srv/pf", "-j"]


class Step:
    def __init__(self, method, fault=None):
        self.method, self.fault = method, fault

    def read(self):
        if self.fault:
            raise self.fault
        yield gathered(self.method, [])


def test_the_ladder_steps_down_for_a_missing_right_only():
    refused = Step("walk", NotPermitted("pas le droit"))
    [found] = Ladder([refused, Step("showq")]).read()
    assert found.method == "showq"
    with pytest.raises(ReadFailed, match=r"^cassé$"):
        [*Ladder([Step("walk", ReadFailed("cassé")), Step("showq")]).read()]
    with pytest.raises(ReadFailed, match=r"^pas le droit ; en panne$"):
        [*Ladder([refused, Step("showq", ReadFailed("en panne"))]).read()]
    refused.fault = None
    [found] = Ladder([refused, Step("showq")]).read()
    assert found.method == "walk"
