"""Contenders that read the same guests in turns, and the table of what each of them took."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import libvirt
import psutil
import pytest

from deploy.estate.exporters import (
    ExporterProcess,
    cpu_seconds,
    start_debian_exporter,
    start_vigie_exporter,
)
from deploy.estate.qemu import QemuGuest, QemuHypervisor

GROUPS = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_BLOCK
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
)
NOWAIT = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
GUEST_BYTES = 45 * 10**6
CONNECTIONS = min(2, os.cpu_count() or 1)
"""As many as our exporter splits the guests over."""


@dataclass
class Contender:
    """`read` does the work once; `cpu` tells the seconds its process took so far."""

    name: str
    read: Callable[[], object]
    cpu: Callable[[], float]
    rss: Callable[[], int] | None = None
    series: Callable[[], int] | None = None


@dataclass
class Row:
    """Milliseconds of every round."""

    scene: str
    name: str
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    daemon: list[float] = field(default_factory=list)
    series: str = ""
    rss: str = ""
    remark: str = ""

    def text(self) -> str:
        wall = "/".join(f"{f(self.walls):.0f}" for f in (min, statistics.median, max))
        cpu, daemon = (
            f"{statistics.fmean(found):.1f}" if found else "" for found in (self.cpus, self.daemon)
        )
        return (
            f"{self.scene:<26}{self.name:<26}{wall if self.walls else '':>16}{cpu:>9}{daemon:>10}"
            f"{self.series:>9}{self.rss:>7}  {self.remark}".rstrip()
        )


@dataclass
class Table:
    """What is printed, in the order in which it was measured."""

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, row: Row) -> Row:
        self.rows.append(row)
        return row

    def text(self) -> str:
        head = (
            f"{'':<52}{'wall ms':>16}{'CPU ms':>9}{'libvirtd':>10}{'series/':>9}{'RSS':>7}\n"
            f"{'guests':<26}{'who':<26}{'min/median/max':>16}{'a scrape':>9}{'CPU ms':>10}"
            f"{'guest':>9}{'MB':>7}"
        )
        return "\n".join([head, *(row.text() for row in self.rows), *self.remarks])

    def in_turns(
        self,
        scene: str,
        contenders: Sequence[Contender],
        hypervisor: QemuHypervisor,
        rounds: int,
        guests: int,
    ) -> Mapping[str, Row]:
        """One row for each; all read once a round, so that a busy machine is so for all."""
        rows = {who.name: self.add(Row(scene, who.name)) for who in contenders}
        for who in contenders:
            who.read()
        for _ in range(rounds):
            for who in contenders:
                daemon = cpu_seconds(hypervisor.libvirtd.child.pid)
                cpu, start = who.cpu(), time.perf_counter()
                who.read()
                row = rows[who.name]
                row.walls.append((time.perf_counter() - start) * 1e3)
                row.cpus.append((who.cpu() - cpu) * 1e3)
                row.daemon.append((cpu_seconds(hypervisor.libvirtd.child.pid) - daemon) * 1e3)
        for who in contenders:
            if who.rss is not None:
                rows[who.name].rss = f"{who.rss() / 1e6:.1f}"
            if who.series is not None:
                rows[who.name].series = f"{who.series() / guests:.1f}"
        return rows


class Bare:
    """libvirt's own calls for the groups that our exporter asks: nobody can be faster."""

    def __init__(self, uri: str, connections: int) -> None:
        self._open = [libvirt.openReadOnly(uri) for _ in range(connections)]
        self._pool = ThreadPoolExecutor(connections)
        self._shares = [
            connection.listAllDomains(0)[number::connections]
            for number, connection in enumerate(self._open)
        ]

    def single(self) -> None:
        """One bulk call."""
        self._open[0].getAllDomainStats(GROUPS, NOWAIT)

    def split(self) -> None:
        """A part of the guests over each connection, side by side."""
        calls = zip(self._open, self._shares, strict=True)
        list(
            self._pool.map(lambda call: call[0].domainListGetStats(call[1], GROUPS, NOWAIT), calls)
        )

    def close(self) -> None:
        self._pool.shutdown()
        self._shares.clear()
        for connection in self._open:
            connection.close()


def contender(name: str, exporter: ExporterProcess, **headers: str) -> Contender:
    """An exporter, scraped over HTTP."""
    pages: list[str] = [""]

    def read() -> None:
        pages[0] = exporter.scrape(headers=headers).page

    def series() -> int:
        lines = pages[0].splitlines()
        return sum('domain="' in line and "_inventory_" not in line for line in lines)

    return Contender(name, read, exporter.cpu, exporter.resident, series)


class Workshop:
    """Makes what a bench needs and lets it go at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack, self._made = folder, ExitStack(), 0
        self.table = Table()

    def hypervisor(self, guests: Sequence[QemuGuest]) -> QemuHypervisor:
        """A started one."""
        hypervisor = QemuHypervisor(self._next(), guests)
        hypervisor.start()
        self._stack.callback(hypervisor.stop)
        return hypervisor

    def ours(self, hypervisor: QemuHypervisor, **settings: object) -> ExporterProcess:
        """``vigie-exporter``."""
        return self._kept(start_vigie_exporter(self._next(), {"hv1": hypervisor.uri}, settings))

    def debians(self, hypervisor: QemuHypervisor) -> ExporterProcess:
        """``prometheus-libvirt-exporter``."""
        return self._kept(start_debian_exporter(self._next(), hypervisor.uri))

    def contenders(
        self, hypervisor: QemuHypervisor, ours: ExporterProcess, debians: ExporterProcess
    ) -> list[Contender]:
        """Libvirt's bare calls, ours and Debian's."""
        bare = Bare(hypervisor.uri, CONNECTIONS)
        self._stack.callback(bare.close)
        return [
            Contender("bare, one call", bare.single, time.process_time),
            Contender(f"bare, {CONNECTIONS} connections", bare.split, time.process_time),
            contender("vigie", ours),
            contender("vigie, not compressed", ours, **{"Accept-Encoding": "identity"}),
            contender("Debian's", debians),
        ]

    def close(self) -> None:
        self._stack.close()

    def _kept(self, exporter: ExporterProcess) -> ExporterProcess:
        self._stack.callback(exporter.stop)
        return exporter

    def _next(self) -> Path:
        self._made += 1
        return self._folder / str(self._made)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop(tmp_path)
    yield made
    made.close()


@pytest.fixture
def active(workshop: Workshop, long: bool) -> tuple[QemuHypervisor, int]:
    """Guests that run, paused: 200 of them with --long and the memory for it, else 40."""
    room = int(psutil.virtual_memory().available / 2 / GUEST_BYTES)
    count = min(200 if long else 40, room)
    guests = [QemuGuest(f"g{n:03}", "paused", f"vg{n}b") for n in range(count)]
    return workshop.hypervisor(guests), count


@pytest.fixture
def shut_off(workshop: Workshop) -> tuple[QemuHypervisor, int]:
    """A thousand guests, none of which runs."""
    guests = [QemuGuest(f"off{n:04}", "off", shares_images=True) for n in range(1000)]
    return workshop.hypervisor(guests), len(guests)
