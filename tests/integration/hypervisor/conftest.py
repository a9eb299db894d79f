"""Private libvirtds, two hosts to move a guest between, and collectors that are closed again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import libvirt
import pytest

from deploy.estate.hypervisor import TestHypervisor
from deploy.estate.ports import free_base
from deploy.estate.qemu import QemuGuest, QemuHypervisor
from exporters.hypervisor.collector import PLUGIN
from exporters.hypervisor.settings import Settings
from exporters.toolkit.collector import Collector, Context, Deadline
from inventory import Inventory
from inventory.process import system_clock

Samples = dict[str, dict[tuple[str, ...], float]]
"""Series name -> label values in alphabetical order of their names -> value."""


@pytest.fixture
def estate(tmp_path: Path, example_inventory: Inventory) -> Iterator[TestHypervisor]:
    hypervisor = TestHypervisor(tmp_path, example_inventory)
    hypervisor.start()
    yield hypervisor
    hypervisor.stop()


@pytest.fixture(scope="module")
def guests(request: pytest.FixtureRequest) -> Sequence[QemuGuest]:
    """The guests of `qemu`: the module's GUESTS."""
    found: Sequence[QemuGuest] = request.module.GUESTS
    return found


@pytest.fixture(scope="module")
def drivers(request: pytest.FixtureRequest) -> Sequence[str]:
    """libvirt's drivers beside QEMU's: the module's DRIVERS, none without."""
    found: Sequence[str] = getattr(request.module, "DRIVERS", ())
    return found


@pytest.fixture(scope="module")
def qemu(
    tmp_path_factory: pytest.TempPathFactory, guests: Sequence[QemuGuest], drivers: Sequence[str]
) -> Iterator[QemuHypervisor]:
    hypervisor = QemuHypervisor(tmp_path_factory.mktemp("qemu"), guests, drivers)
    hypervisor.start()
    yield hypervisor
    hypervisor.stop()


@pytest.fixture(scope="module")
def connection(qemu: QemuHypervisor) -> Iterator[Any]:
    """One to `qemu` that may do everything."""
    opened = libvirt.open(qemu.uri)
    yield opened
    opened.close()


@pytest.fixture
def two_hosts(tmp_path: Path) -> Iterator[list[QemuHypervisor]]:
    """Two hypervisors on this machine that take themselves for two; ``mx1`` runs on the first."""
    started = []
    for name, guests in (("from", [QemuGuest("mx1", "running")]), ("to", [])):
        folder = tmp_path / name
        folder.mkdir()
        hypervisor = QemuHypervisor(folder, guests)
        started.append(hypervisor)
        prepare = hypervisor.libvirtd.prepare

        def distinct(libvirtd=hypervisor.libvirtd, prepare=prepare):
            prepare()
            with (libvirtd.run / "libvirtd.conf").open("a", encoding="utf-8") as file:
                file.write(f'host_uuid = "{uuid.uuid4()}"\n')

        hypervisor.libvirtd.prepare = distinct
        hypervisor.start()
    yield started
    for hypervisor in started:
        hypervisor.stop()


@pytest.fixture
def move() -> Callable[[QemuHypervisor, QemuHypervisor], None]:
    """Migrate ``mx1`` live, at 1 MiB/s so that it can be watched. Raise libvirtError."""

    def slowly(source: QemuHypervisor, target: QemuHypervisor) -> None:
        here, there = libvirt.open(source.uri), libvirt.open(target.uri)
        parameters = {
            libvirt.VIR_MIGRATE_PARAM_URI: f"tcp://127.0.0.1:{free_base()}",
            libvirt.VIR_MIGRATE_PARAM_BANDWIDTH: 1,
        }
        flags = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_UNSAFE
        flags |= libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
        try:
            here.lookupByName("mx1").migrate3(there, parameters, flags)
        finally:
            there.close()
            here.close()

    return slowly


@pytest.fixture
def build(example_inventory: Inventory) -> Iterator[Callable[..., Collector]]:
    built: list[Collector] = []

    def make(**uris: str) -> Collector:
        entries = [{"name": name, "uri": uri} for name, uri in uris.items()]
        settings = Settings.model_validate({"hypervisors": entries})
        built.append(PLUGIN.build(settings, Context(example_inventory, system_clock)))
        return built[-1]

    yield make
    for collector in built:
        collector.close()


@pytest.fixture
def scrape() -> Callable[..., Samples]:
    def once(collector: Any, seconds: float = 5) -> Samples:
        found: Samples = {}
        for family in collector.collect(Deadline.after(seconds)):
            for sample in family.samples:
                labels = tuple(value for _, value in sorted(sample.labels.items()))
                series = found.setdefault(sample.name, {})
                assert labels not in series, f"twice: {sample}"
                series[labels] = sample.value
        return found

    return once
