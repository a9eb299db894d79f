"""kill -9 at any instant while the log is written at speed and rotated: every counter is exact.

What no reader can know is left out: lines written between the copy and the truncation of
``copytruncate``, or cut in two by it, and lines of files deleted before they were read.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import random
import signal
import sqlite3
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from deploy.estate.child import wait_until
from deploy.estate.exporters import start_exporter_of
from exporters.mailqueue.log import reading
from exporters.mailqueue.log_collector import LogCollector, LogSettings
from exporters.toolkit.collector import CollectorError, Context, Deadline
from inventory.process import system_clock

_spec = importlib.util.spec_from_file_location(
    "busy_mail_log", Path(__file__).with_name("busy_mail_log.py")
)
busy = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(busy)

processes = multiprocessing.get_context("fork")
SEED = 20260501
SAVE_SECONDS = 0.03
PATIENCE = 120
"""Seconds after which a process that says nothing hangs, however busy the machine is."""
# A batch of some 200 lines, then a pause: about 10,000 lines a second on a quiet machine.
PAUSE_SECONDS = 0.015
BATCHES = 25
"""Written from one crash to the next, at most: what a reader on a busy machine reads by then."""
COUNTED = (
    "mailqueue_log_lines_total",
    "mailqueue_submitted_messages_total",
    "mailqueue_submitted_recipients_total",
    "mailqueue_authentication_failures_total",
    "mailqueue_delivery_attempts_total",
    "mailqueue_delivery_failures_total",
    "mailqueue_delivery_failure_codes_total",
    "mailqueue_delivery_stage_seconds_count",
    "mailqueue_removed_messages_total",
    "mailqueue_log_unparsed_lines_total",
    "mailqueue_received_messages_total",
    "mailqueue_rejected_recipients_total",
    "mailqueue_expired_messages_total",
    "mailqueue_notifications_total",
)


def counted(samples):
    """What is not zero, as the traffic's truth has it."""
    return {
        (name, *(value for _, value in sorted(labels.items()))): value
        for name, labels, value in samples
        if name in COUNTED and value
    }


class Writer:
    """The mail server, as a process that writes when told to, until it is told to stop."""

    def __init__(self, log, seed, stamp, keep):
        self._ours, theirs = processes.Pipe()
        self._batches = processes.Value("i", 0)
        arguments = (log, seed, stamp, keep, self._batches, theirs)
        self._process = processes.Process(target=_write, args=arguments)
        self._process.start()

    def go_on(self):
        """Write some more."""
        self._batches.value = BATCHES

    def stop(self):
        """(truth, rotations)"""
        self._ours.send("stop")
        assert self._ours.poll(PATIENCE)
        answer = self._ours.recv()
        self._process.join(PATIENCE)
        return answer

    def end(self):
        self._process.kill()
        self._process.join(PATIENCE)


def _write(log, seed, stamp, keep, batches, pipe):
    def orders():
        while not pipe.poll(PAUSE_SECONDS):
            with batches:
                left = batches.value
                batches.value = max(0, left - 1)
            if left:
                yield True

    pipe.send(busy.write_until_told(log, seed, stamp, keep, orders()))


def _read_for_ever(build, draw, pipe):
    """The collector as the exporter runs it, until the process is killed, or asked to end."""
    collector = build()
    pipe.send("started")
    while not pipe.poll(0):
        # Now and then the scrape has time for one block only.
        with suppress(CollectorError):  # rotated all the time: the next scrape
            list(collector.collect(Deadline.after(draw.choice((0.1, 5, 5)))))
            pipe.send("read")
    collector.close()


class Reader:
    """The collector, in a process of its own that can be killed at any instruction."""

    def __init__(self, build, draw):
        self._ours, theirs = processes.Pipe()
        self._process = processes.Process(target=_read_for_ever, args=(build, draw, theirs))
        self._process.start()
        assert self._ours.poll(PATIENCE)
        assert self._ours.recv() == "started"

    def kill_after(self, scrapes, seconds):
        """Some scrapes, so that it gets on, and somewhere in the next ones."""
        self._wait(scrapes)
        self._process.join(seconds)
        self._process.kill()
        self._process.join(PATIENCE)
        assert self._process.exitcode == -signal.SIGKILL, "it ended by itself"

    def stop_after(self, scrapes):
        self._wait(scrapes)
        self._ours.send("stop")
        self._process.join(PATIENCE)
        assert self._process.exitcode == 0

    def _wait(self, scrapes):
        for _ in range(scrapes):
            assert self._ours.poll(PATIENCE)
            assert self._ours.recv() == "read"


def pytest_generate_tests(metafunc):
    """Some fifteen crashes, or with --long three hundred and more, in series of some minutes."""
    if "crashes" in metafunc.fixturenames:
        series, crashes = (5, 21) if metafunc.config.getoption("--long") else (1, 5)
        drawn = [(form, SEED + n) for n in range(series) for form in ("rfc3339", "bsd", "both")]
        names = [f"{form}-{seed}" for form, seed in drawn]
        cases = [(form, seed, crashes) for form, seed in drawn]
        metafunc.parametrize(("stamp", "seed", "crashes"), cases, ids=names)


@pytest.mark.series
@pytest.mark.timeout(1800)
def test_counters_are_exact_through_crashes_and_rotations(
    stamp, seed, crashes, tmp_path, example_inventory, monkeypatch, record_property
):
    monkeypatch.setattr(reading, "SAVE_SECONDS", SAVE_SECONDS)
    log, state = tmp_path / "log" / "mail.log", tmp_path / "state"
    log.parent.mkdir()
    state.mkdir()
    log.write_text(f"{time.strftime('%b %e %H:%M:%S')} mx1 postfix/master[1]: reload\n")
    settings = LogSettings(path=log, timezone="UTC")

    def build():
        return LogCollector(settings, Context(example_inventory, system_clock, state))

    first = build()  # what is there now is the past
    list(first.collect(Deadline.after(5)))
    first.close()
    draw = random.Random(seed)
    writer = Writer(log, seed, stamp, keep=400)
    try:
        for crash in range(crashes):
            writer.go_on()
            reader = Reader(build, random.Random(crash))
            reader.kill_after(draw.randrange(4), draw.uniform(0, 0.1))
            if crash % 5 == 4:
                Reader(build, random.Random(crash)).stop_after(draw.randrange(3))
        truth, rotations = writer.stop()
    finally:
        writer.end()
    last = build()
    found = {}

    def read_all():
        before = dict(found)
        samples = [s for family in last.collect(Deadline.after(5)) for s in family.samples]
        found.update(counted((s.name, s.labels, s.value) for s in samples))
        return found == before  # nothing more comes

    wait_until(read_all, "all lines", PATIENCE)
    last.close()
    assert found == truth
    made = ", ".join(f"{count} × {how}" for how, count in sorted(rotations.items()))
    record_property(
        "series",
        f"crashes of the log reader ({stamp}, seed {seed}): {crashes} kill -9,"
        f" {truth['mailqueue_log_lines_total',]} lines, {made}: every counter exact",
    )


def saved_once(folder):
    """Whether a position is in the state: before that, what was there is the past once more."""
    for path in folder.rglob("maillog.sqlite"):
        with closing(sqlite3.connect(path)) as state, suppress(sqlite3.OperationalError):
            return state.execute("SELECT count(*) FROM core").fetchone()[0] > 0
    return False


def test_the_exporter_itself_killed_goes_on_exactly(tmp_path, long):
    """The real process, with the real 15 s between two saves."""
    log = tmp_path / "log" / "mail.log"
    log.parent.mkdir()
    log.write_text(f"{time.strftime('%b %e %H:%M:%S')} mx1 postfix/master[1]: reload\n")
    collectors = {"maillog": {"path": str(log), "timezone": "UTC"}}
    found = {}

    def read_all(exporter):
        found.clear()
        found.update(counted(parsed(exporter.scrape().page)))
        return found.get(("mailqueue_log_lines_total",), 0)

    def goes_on(exporter):
        before = found.get(("mailqueue_log_lines_total",), 0)
        return read_all(exporter) > before

    exporter = start_exporter_of(tmp_path / "exporter", collectors)
    writer = None
    try:
        read_all(exporter)  # the past, and its end saved
        wait_until(lambda: saved_once(tmp_path / "exporter"), "the state", PATIENCE)
        writer = Writer(log, SEED, "both", keep=10_000)
        for _ in range(10 if long else 1):
            writer.go_on()
            wait_until(partial(goes_on, exporter), "new lines", PATIENCE)
            exporter.child.process.kill()
            exporter.stop()
            exporter = start_exporter_of(tmp_path / "exporter", collectors)
        truth, _ = writer.stop()
        wait_until(
            lambda: read_all(exporter) >= truth["mailqueue_log_lines_total",], "all", PATIENCE
        )
        read_all(exporter)
    finally:
        exporter.stop()
        if writer is not None:
            writer.end()
    assert found == truth


def parsed(page):
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value
