"""Turns: one after the other, and whoever hangs is waited for once."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Event, Lock, Thread
from time import monotonic, sleep
from types import SimpleNamespace

import pytest

from exporters.hypervisor.lane import Lane
from exporters.hypervisor.libvirtd.turns import Turns

LONGEST = 0.3


class _Hung:
    """A thread that keeps its turn until told otherwise."""

    def __init__(self, turns):
        self.begun, self.freed = Event(), Event()
        self._turns = turns
        self._thread = Thread(target=self._run)
        self._thread.start()
        assert self.begun.wait(10)

    def _run(self):
        with self._turns.take():
            self.begun.set()
            self.freed.wait(20)

    def end(self):
        self.freed.set()
        self._thread.join(10)


def _waited(turns):
    start = monotonic()
    with turns.take():
        return monotonic() - start


def test_those_who_come_together_go_one_after_the_other():
    turns, lock, seen, inside = Turns(20), Lock(), [], []

    def work():
        with turns.take():
            with lock:
                inside.append(1)
                seen.append(len(inside))
            sleep(0.01)
            with lock:
                inside.pop()

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [1] * 6


def test_nobody_waits_when_it_is_nobody_s_turn():
    turns = Turns(20)
    assert max(_waited(turns) for _ in range(20)) < 10


def test_a_turn_that_failed_is_over():
    turns = Turns(20)
    with pytest.raises(OSError, match="down"), turns.take():
        raise OSError("down")
    assert _waited(turns) < 10


def test_one_that_hangs_delays_those_who_come_meanwhile_and_nobody_afterwards():
    now = SimpleNamespace(here=50.0)
    turns = Turns(20, lambda: now.here)
    with turns.take():
        now.here += 20
        assert max(_waited(turns) for _ in range(20)) < 10


def test_one_that_hung_and_returns_takes_nobody_s_turn_away():
    now = SimpleNamespace(here=50.0)
    turns = Turns(20, lambda: now.here)
    hung, following = ExitStack(), ExitStack()
    hung.enter_context(turns.take())
    now.here += 20
    following.enter_context(turns.take())
    hung.close()
    third = Thread(target=_waited, args=(turns,))
    third.start()
    third.join(0.2)
    assert third.is_alive()
    following.close()
    third.join(10)
    assert not third.is_alive()


def test_many_who_wait_for_one_that_hangs_wait_no_longer_than_one():
    turns, waits = Turns(LONGEST), []
    hung = _Hung(turns)
    threads = [Thread(target=lambda: waits.append(_waited(turns))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    hung.end()
    assert len(waits) == 5
    assert max(waits) < LONGEST + 5


def test_a_lane_that_waits_for_its_turn_is_not_busy():
    turns, ran = Turns(20), Event()
    hung = _Hung(turns)
    lane = Lane("hv1", "jobs", ran.set, 60, lambda: 0.0, turn=turns.take)
    lane.start()
    sleep(0.5)
    assert not ran.is_set()
    status = lane.status()
    assert (status.busy_seconds, status.duration, status.failures) == (0, None, 0)
    hung.end()
    assert ran.wait(10)
    lane.stop()
    assert lane.status().duration < 0.5


def test_a_lane_told_to_stop_while_it_waits_begins_no_round():
    turns, ran, ended = Turns(20), Event(), Event()
    hung = _Hung(turns)
    lane = Lane("hv1", "jobs", ran.set, 60, lambda: 0.0, turn=turns.take, at_end=ended.set)
    lane.start()
    lane.stop()
    hung.end()
    assert ended.wait(10)
    assert not ran.is_set()
