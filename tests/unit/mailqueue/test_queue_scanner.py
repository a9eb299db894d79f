from __future__ import annotations

from threading import Event

import pytest

from exporters.mailqueue.queue.ages import by_age
from exporters.mailqueue.queue.listing import Listed, gathered
from exporters.mailqueue.queue.pacer import Pacer
from exporters.mailqueue.queue.scanner import Scanner
from exporters.mailqueue.queue.snapshot import ReadFailed
from exporters.mailqueue.queue.surroundings import Surroundings, surroundings
from exporters.mailqueue.queue.trend import Trend

AROUND = Surroundings(1, 2, 3, 4, 5, 6)


def counts(**queues):
    return gathered("walk", [Listed(q, 1.0, 1) for q, n in queues.items() for _ in range(n)])


class Watch:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


class Sleeping(Event):
    """An event nobody sets: who waits for it lets the watch run instead."""

    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def wait(self, timeout=None):
        self.watch.at += timeout
        return self.is_set()


@pytest.fixture
def watch():
    return Watch()


def scanner_of(watch, read, stop=None):
    pacer = Pacer(1000, stop or Event(), watch, lambda: 0.0)
    return Scanner(read, lambda: AROUND, pacer, stop or Event(), interval=5, longest=30, now=watch)


@pytest.mark.parametrize(("work", "pause"), [(0.5, 4.5), (2.0, 8.0), (20.0, 10.0), (60.0, 0.0)])
def test_a_long_round_is_made_less_often_but_within_the_limit(watch, work, pause):
    def read():
        watch.at += work
        yield counts()

    assert scanner_of(watch, read).round() == pytest.approx(pause)


def test_pauses_of_its_own_are_no_work(watch):
    stop = Sleeping(watch)
    pacer = Pacer(1000, stop, watch, lambda: 0.0)

    def read():
        pacer(4000)
        yield counts()

    scanner = Scanner(read, lambda: AROUND, pacer, stop, interval=5, longest=30, now=watch)
    assert scanner.round() == pytest.approx(1)
    assert scanner.state()[0].busy == 0
    assert watch.at == 4


def test_a_failed_round_is_told_at_once_and_the_next_good_one_ends_it(watch):
    faults = [ReadFailed("disque parti"), ValueError("bug"), None]

    def read():
        fault = faults.pop(0)
        if fault:
            raise fault
        yield counts(active=3)

    scanner = scanner_of(watch, read)
    scanner.round()
    assert scanner.state() == (None, "disque parti")
    scanner.round()
    assert scanner.state() == (None, "ValueError: bug")
    scanner.round()
    scan, why = scanner.state()
    assert why == ""
    assert scan.snapshot.queues["active"].messages == 3


def test_the_age_counts_from_the_beginning_of_the_round(watch):
    def read():
        watch.at += 3
        yield counts()

    scanner = scanner_of(watch, read)
    scanner.round()
    assert scanner.state()[0].at == 0


def test_looks_are_bounded_by_rate_and_by_their_share_of_a_core(watch):
    used = [0.0]
    pacer = Pacer(100, Sleeping(watch), watch, lambda: used[0])
    pacer.begin()
    assert pacer(50)
    assert watch.at == pytest.approx(0.5)
    used[0] += 0.5
    watch.at += 0.5
    assert pacer(50)
    assert watch.at == pytest.approx(1.0 + 2.0)  # 0.5 s of CPU, then four times that of rest
    assert pacer.slept == pytest.approx(2.5)


def test_a_pacer_told_to_stop_says_so():
    stop = Event()
    stop.set()
    pacer = Pacer(1, stop)
    pacer.begin()
    assert not pacer(1000)


def test_incoming_growth_and_drain_are_those_of_the_last_minutes():
    trend = Trend()
    assert (trend.incoming_growth(), trend.drain_seconds()) == (None, None)
    trend.add(0, counts(incoming=10, active=20, hold=500))
    trend.add(5, counts(incoming=10, active=20, hold=500))
    assert trend.incoming_growth() is None  # too short to tell
    trend.add(100, counts(incoming=110, active=20))
    assert trend.incoming_growth() == 1
    assert trend.drain_seconds() is None  # it grows
    for at in range(200, 501, 100):
        trend.add(at, counts(incoming=110 - (at - 100) // 5, active=20))
    assert trend.incoming_growth() == pytest.approx(-0.2)
    assert trend.drain_seconds() == pytest.approx((30 + 20) / 0.2)
    trend.add(600, counts(hold=9))
    assert trend.drain_seconds() == 0
    trend.clear()
    assert trend.drain_seconds() is None


def test_the_classes_of_age_are_those_of_qshape():
    now = 1_000_000.0
    ages = [76_801, 76_799, 4800, 301, 300, 299, 0, -5]
    found = dict(by_age([now - seconds for seconds in ages], now))
    assert found == {
        "5m": 4,
        "10m": 1,
        "20m": 0,
        "40m": 0,
        "80m": 1,
        "160m": 0,
        "320m": 0,
        "640m": 0,
        "1280m": 1,
        "+Inf": 1,
    }


def test_the_limits_are_those_of_main_cf_and_the_room_that_of_the_disk(tmp_path):
    main_cf = tmp_path / "main.cf"
    main_cf.write_text("qmgr_message_active_limit = 400\nqueue_minfree = 1000000\n")
    found = surroundings(tmp_path, tmp_path)
    assert (found.active_limit, found.minfree) == (400, 1_000_000)
    assert 0 < found.free_bytes <= found.bytes
