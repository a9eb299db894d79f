"""A scrape a second while guests hang, restart, come and go, and libvirtd dies: nothing grows."""

from __future__ import annotations

import os
import signal
import statistics
import time

import libvirt
import pytest

from deploy.estate.exporters import start_vigie_exporter
from deploy.estate.qemu import QemuGuest, QemuHypervisor

GUESTS = tuple(QemuGuest(f"g{number:02}") for number in range(20))
HOUR, SAMPLE = 3600, 80
KILLED_EVERY = 600
HELD = ("g01", "g18")
"""One is held, then both, by turns. Statistics are read in two batches, one of each: with both
held all callers there may be are hired, and connected, from the first time on."""

GROWTH = {"RSS": 1.02, "page": 1.1, "series": 1.1}
MORE = {"fds": 1, "threads": 0}
"""What the last tenth may have over the second: so many times as much, and that many more.

Guests that vanished stay on the page for a quarter of an hour, 90 of them by then; RSS also
holds what is remembered of 360, 0.2 MB."""

KEYS = ("RSS", "fds", "threads", "page", "series")


@pytest.fixture
def hypervisor(tmp_path):
    hypervisor = QemuHypervisor(tmp_path / "hypervisor", GUESTS)
    hypervisor.start()
    yield hypervisor
    hypervisor.stop()


@pytest.fixture
def exporter(tmp_path, hypervisor):
    exporter = start_vigie_exporter(tmp_path / "exporter", {"hv1": hypervisor.uri})
    yield exporter
    exporter.stop()


class _Trouble:
    """What happens to the hypervisor, by the second."""

    def __init__(self, hypervisor, kills):
        self._hypervisor, self._kills, self._made = hypervisor, kills, 0
        self._held = []

    def happen(self, second):
        if second in self._kills:
            self.release()
            daemon = self._hypervisor.libvirtd.child
            os.kill(daemon.pid, signal.SIGKILL)
            daemon.process.wait(10)
        elif second - 2 in self._kills:
            self._hypervisor.restarted()
        elif second - 1 in self._kills:
            return
        elif second % 10 == 3:
            for name in HELD if second % 20 < 10 else HELD[:1]:
                self._held.append(self._hypervisor.process(name))
                self._held[-1].suspend()
        elif second % 10 == 7:
            self.release()
        elif second % 10 == 9:
            machine = self._hypervisor.machine("g02")
            machine.destroy()
            machine.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        elif second % 10 == 1:
            # A new name each time: what is kept of a guest that is gone must go.
            self._made += 1
            self._hypervisor.add(QemuGuest(f"new{self._made}", "off", shares_images=True))
        elif second % 10 == 2 and self._made:
            self._hypervisor.machine(f"new{self._made}").undefine()

    def release(self):
        while self._held:
            self._held.pop().resume()


def _sizes(exporter, page):
    """RSS in MB, descriptors, threads, the page in kB, its series."""
    series = sum(not line.startswith("#") for line in page.splitlines())
    process = exporter.resident() / 1e6, exporter.descriptors(), exporter.threads()
    return *process, len(page) / 1e3, series


@pytest.mark.series
@pytest.mark.timeout(HOUR + 900)
def test_an_hour_of_scrapes_grows_neither_memory_nor_descriptors_nor_threads(
    hypervisor, exporter, long, record_property
):
    seconds = HOUR if long else SAMPLE
    kills = set(range(300, seconds, KILLED_EVERY)) if long else {25, 55}
    trouble = _Trouble(hypervisor, kills)
    readings, up = [], 0
    start, cpu = time.monotonic(), exporter.cpu()
    slowest = 0.0
    try:
        for second in range(seconds):
            time.sleep(max(0.0, start + second - time.monotonic()))
            trouble.happen(second)
            scrape = exporter.scrape(10)
            slowest = max(slowest, scrape.seconds)
            up += 'hypervisor_up{hypervisor="hv1"} 1' in scrape.page
            readings.append(_sizes(exporter, scrape.page))
    finally:
        trouble.release()
    cpu = (exporter.cpu() - cpu) / seconds
    tenths = [readings[n * seconds // 10 : (n + 1) * seconds // 10] for n in range(10)]
    table = [
        dict(zip(KEYS, map(statistics.median, zip(*tenth, strict=True)), strict=True))
        for tenth in tenths
    ]
    head = (
        f"soak: {seconds} scrapes of {len(GUESTS)} guests, {up} with up 1, slowest {slowest:.1f} s,"
    )
    lines = [f"{head} {cpu * 1e3:.1f} ms CPU each; median of each tenth:"]
    lines += [f"{what:>8}: " + " ".join(f"{tenth[what]:6.1f}" for tenth in table) for what in KEYS]
    record_property("series", "\n".join(lines))
    print("\n".join(lines))
    # Down while libvirtd is, and at most two scrapes more each time.
    assert up >= seconds - 4 * len(kills)
    assert slowest < 5
    second, last = table[1], table[-1]
    for what, times in GROWTH.items():
        assert last[what] <= second[what] * times, what
    for what, more in MORE.items():
        assert last[what] <= second[what] + more, what
