"""The background watch of one repository, with a clock of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exporters.backup.contents import Contents, Glance, RecoveryPoint
from exporters.backup.errors import Damaged, Unreadable
from exporters.backup.settings import BackupSettings
from exporters.backup.watch import Watch

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
POINT = RecoveryPoint(START, name="a")


class Repository:
    def __init__(self) -> None:
        self.names: frozenset[str] | None = frozenset({"a"})
        self.reads = 0
        self.error: Exception | None = None
        self.hidden = False

    def glance(self):
        if self.hidden:
            raise Unreadable("missing")
        return Glance(self.names)

    def read(self):
        self.reads += 1
        if self.error is not None:
            raise self.error
        names = sorted(self.names or {"remote"})
        return Contents(tuple(RecoveryPoint(START, name=name) for name in names))


class Bench:
    """A watch polled by hand, and time that passes when told."""

    def __init__(self, **settings) -> None:
        self.seconds = 0.0
        self.repository = Repository()
        model = BackupSettings.model_validate(
            {"poll_interval": "60s", "recheck_interval": "30m", **settings}
        )
        self.watch = Watch("r", self.repository, model, self.clock, lambda: self.seconds)

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def poll(self, after: float = 60):
        self.seconds += after
        self.watch.poll()
        return self.watch.reading


def test_an_unchanged_list_is_not_read_again_and_still_counts_as_seen():
    bench = Bench()
    bench.poll()
    reading = bench.poll()
    assert bench.repository.reads == 1
    assert reading.read_at == bench.clock()


def test_a_new_name_is_read_at_once():
    bench = Bench()
    bench.poll()
    bench.repository.names = frozenset({"a", "b"})
    assert [p.name for p in bench.poll().contents.points] == ["a", "b"]


def test_an_unchanged_list_is_read_by_the_tool_now_and_then_to_prove_that_it_can_be():
    bench = Bench()
    bench.poll()
    bench.poll(after=30 * 60)
    assert bench.repository.reads == 2


def test_a_remote_repository_is_read_at_the_recheck_interval_only():
    bench = Bench()
    bench.repository.names = None
    first = bench.poll()
    assert bench.poll() == first
    assert bench.repository.reads == 1
    bench.poll(after=30 * 60)
    assert bench.repository.reads == 2


def test_a_failure_keeps_the_points_and_the_time_they_were_read():
    bench = Bench()
    before = bench.poll()
    bench.repository.names = frozenset({"b"})
    bench.repository.error = Unreadable("auth", "wrong password")
    after = bench.poll()
    assert after.reason == "auth"
    assert (after.contents, after.read_at) == (before.contents, before.read_at)
    assert bench.poll().read_at == before.read_at


def test_a_repository_that_keeps_failing_is_tried_less_and_less_often():
    bench = Bench()
    bench.repository.error = Unreadable("timeout")
    for _ in range(60):
        bench.poll()
    assert 5 <= bench.repository.reads <= 8


def test_a_repository_that_recovers_is_read_again():
    bench = Bench()
    bench.repository.error = Unreadable("locked")
    bench.poll()
    bench.repository.error = None
    assert bench.poll().reason == "none"


def test_a_folder_that_vanishes_and_comes_back_unchanged_is_well_again():
    bench = Bench()
    bench.poll()
    bench.repository.hidden = True
    assert bench.poll().reason == "missing"
    bench.repository.hidden = False
    assert bench.poll().reason == "none"


def test_lost_points_are_told_and_the_others_kept():
    bench = Bench()
    bench.repository.error = Damaged(Contents((POINT,)), "one snapshot cannot be read")
    reading = bench.poll()
    assert (reading.reason, reading.read_at) == ("corrupt", bench.clock())
    assert reading.contents == Contents((POINT,))


@pytest.mark.parametrize("error", [ValueError("?"), RecursionError(), OSError("?")])
def test_an_error_nobody_foresaw_does_not_end_the_watch(error):
    bench = Bench()
    bench.repository.error = error
    assert bench.poll().reason == "parse"
    bench.repository.error = None
    assert bench.poll().reason == "none"


def test_a_first_try_that_never_ends_becomes_a_repository_that_does_not_answer():
    bench = Bench(timeout="30s")
    assert bench.watch.wait_first(0) is None
    bench.seconds = 301
    reading = bench.watch.wait_first(0)
    assert reading is not None
    assert (reading.reason, reading.read_at) == ("timeout", None)
    assert not reading.is_up(bench.clock(), timedelta(hours=2))
    assert bench.poll(1).reason == "none"
    assert bench.watch.wait_first(0).reason == "none"
