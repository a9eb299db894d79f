"""A private libvirtd with the example's machines, and collectors that are closed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.estate.hypervisor import TestHypervisor
from exporters.hypervisor.collector import PLUGIN, Settings
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
