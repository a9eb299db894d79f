"""Batches and callers against a hypervisor of wax: some guests hold every call that asks them."""

from __future__ import annotations

from threading import Event
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.hypervisor.libvirtd.caller import Caller
from exporters.hypervisor.libvirtd.crew import BATCH_WEIGHT, LIMIT, WIDTH, Crew, batches
from exporters.hypervisor.libvirtd.site import StuckGuests
from exporters.hypervisor.libvirtd.statistics import Statistics
from exporters.hypervisor.libvirtd.stuck import Watch

PATIENCE = 0.15


class Wax(Statistics):
    """As libvirt with NOWAIT: the first call to a stuck guest hangs, others skip that guest."""

    def __init__(self):
        super().__init__(("balloon", "cpu"))
        self.stuck, self.held, self.gone = set(), set(), set()
        self.freed = Event()
        self.calls = []
        self.now, self.most, self.seconds = 0, 0, 0.0

    def whole(self, link, uuids, active):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            sleep(self.seconds)
            return self._told(uuids)
        finally:
            self.now -= 1

    def _told(self, uuids):
        self.calls.append(tuple(uuids))
        told = []
        for uuid in uuids:
            if uuid in self.gone:
                continue
            skipped = uuid in self.held
            if uuid in self.stuck and not skipped:
                self.held.add(uuid)
                self.freed.wait(20)
                self.held.discard(uuid)
            raw = {"state.state": 1, "cpu.user": 1, **({} if skipped else {"balloon.rss": 1})}
            told.append((uuid, uuid, 1, raw))
        return told


class _Connection:
    def registerCloseCallback(self, *_):  # noqa: N802 - libvirt's name
        pass

    def unregisterCloseCallback(self):  # noqa: N802 - libvirt's name
        pass

    def close(self):
        pass


class _Door:
    def open(self):
        return _Connection()


@pytest.fixture
def wax():
    made = Wax()
    yield made
    made.freed.set()


@pytest.fixture
def crew(wax):
    made = Crew(lambda changed: Caller("wax", _Door(), changed), wax)
    yield made
    made.close()


def _read(crew, guests, seconds=2.0):
    return crew.read(batches(dict.fromkeys(guests, True)), PATIENCE, monotonic() + seconds)


def _complete(crew, outcome):
    return {uuid for uuid, record in outcome.records.items() if crew.complete(record)}


GUESTS = [f"g{number:03}" for number in range(100)]


def test_each_guest_is_asked_once_when_all_answer(crew, wax):
    outcome = _read(crew, GUESTS)
    assert _complete(crew, outcome) == set(GUESTS)
    assert sorted(uuid for call in wax.calls for uuid in call) == GUESTS
    assert crew.outstanding == 0


def test_one_stuck_guest_slows_no_later_round_down(crew, wax):
    wax.stuck = {"g007"}
    _read(crew, GUESTS)
    wax.calls, wax.most, wax.seconds = [], 0, 0.05
    outcome = _read(crew, GUESTS)
    assert _complete(crew, outcome) == set(GUESTS) - wax.stuck
    assert sorted(uuid for call in wax.calls for uuid in call) == GUESTS
    assert wax.most == LIMIT == WIDTH + 1


@pytest.mark.parametrize("stuck", [{"g007"}, {"g007", "g008"}, {"g007", "g093"}])
def test_up_to_two_stuck_guests_leave_all_others_complete_scrape_after_scrape(crew, wax, stuck):
    wax.stuck = stuck
    for number in range(4):
        start = monotonic()
        outcome = _read(crew, GUESTS)
        assert _complete(crew, outcome) == set(GUESTS) - stuck
        assert outcome.unread == set()
        assert crew.outstanding == len(stuck)
        if number:
            assert monotonic() - start < PATIENCE


def test_no_more_calls_are_made_than_the_limit_however_many_are_stuck(crew, wax):
    wax.stuck = set(GUESTS)
    for _ in range(3):
        outcome = _read(crew, GUESTS)
        assert wax.most == LIMIT
        assert outcome.caught
        assert crew.outstanding == LIMIT
    assert outcome.unread == set(GUESTS)
    wax.stuck = set()
    wax.freed.set()
    end = monotonic() + 5
    while crew.outstanding:
        assert monotonic() < end
    assert _complete(crew, _read(crew, GUESTS)) == set(GUESTS)


def test_a_round_ends_in_time_even_if_nothing_returns(crew, wax):
    wax.stuck = set(GUESTS)
    start = monotonic()
    _read(crew, GUESTS, seconds=0.1)
    assert monotonic() - start < 2


def test_a_guest_no_call_told_of_is_called_vanished_not_unread(crew, wax):
    wax.gone = {"g001"}
    outcome = _read(crew, GUESTS)
    assert outcome.vanished == {"g001"}
    assert outcome.unread == set()


@given(st.dictionaries(st.integers().map(str), st.booleans()))
def test_batches_hold_every_guest_once_and_are_even(guests):
    made = batches(guests)
    assert sorted(uuid for batch in made for uuid in batch.uuids) == sorted(guests)
    assert all(batch.uuids for batch in made)
    for active in (True, False):
        sizes = [len(batch.uuids) for batch in made if batch.active is active]
        assert sizes == [] or max(sizes) - min(sizes) <= max(sizes) - 1
        assert len(sizes) <= WIDTH * (1 + len(guests) * 8 // (WIDTH * BATCH_WEIGHT))


def test_how_long_a_guest_is_stuck_is_libvirt_s_word_else_our_own_clock():
    shared, now = StuckGuests(), [100.0]
    watch = Watch(shared, lambda: now[0])
    assert watch.update({"a": 3.5, "b": None}, {"a", "b"}, {"a", "b"}, looked=True) == {
        "a": 3.5,
        "b": 0,
    }
    assert "a" in shared
    now[0] = 107.0
    # Nobody could say who is held: whoever was stuck and is still silent stays so.
    assert watch.update({}, {"b"}, {"a", "b"}, looked=False) == {"b": 7}
    assert shared.uuids == {"b"}
    assert watch.update({}, set(), {"a", "b"}, looked=True) == {}
    assert "b" not in shared
