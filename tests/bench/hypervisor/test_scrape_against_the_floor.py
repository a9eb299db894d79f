"""What the collector adds to libvirt's own call, for 2000 guests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import libvirt
import pytest
from prometheus_client.core import Metric

from exporters.hypervisor.collector import PLUGIN
from exporters.hypervisor.settings import Settings
from exporters.toolkit.collector import Context, Deadline
from inventory import Inventory
from inventory.process import system_clock

GUESTS = 2000
_GUEST = (
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>g{0}</name>"
    "<uuid>{2}</uuid><memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
    "<test:runstate>{1}</test:runstate></domain>"
)


def _uri(folder: Path, state: int) -> str:
    path = folder / f"{state}.xml"
    guests = "".join(_GUEST.format(number, state, UUID(int=number + 1)) for number in range(GUESTS))
    path.write_text(f"<node>{guests}</node>", encoding="utf-8")
    return f"test://{path}"


def _best(work: Callable[[], None], rounds: int = 7) -> float:
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)


@pytest.mark.parametrize(
    ("state", "per_guest", "bar"),
    # Shut off: state only, the shape of a bulk answer. Running: the test driver must be
    # asked about each guest besides, which no production driver needs.
    [(5, 3, 10), (1, 7, 25)],
    ids=["shut-off", "running"],
)
def test_a_scrape_of_2000_guests_stays_within_a_few_times_the_bare_call(
    tmp_path: Path,
    example_inventory: Inventory,
    record_property,
    state: int,
    per_guest: int,
    bar: float,
):
    uri = _uri(tmp_path, state)
    connection = libvirt.openReadOnly(uri)

    def floor() -> None:
        connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, 0)

    settings = Settings.model_validate({"hypervisors": [{"name": "big", "uri": uri}]})
    collector = PLUGIN.build(settings, Context(example_inventory, system_clock))
    families: list[Metric] = []

    def scrape() -> None:
        families[:] = collector.collect(Deadline.after(30))

    scrape()
    try:
        bare, whole = _best(floor), _best(scrape)
    finally:
        collector.close()
    series = sum(len(family.samples) for family in families)
    assert series >= GUESTS * per_guest
    ratio = whole / bare
    record_property("ratio", round(ratio, 1))
    print(
        f"{GUESTS} guests ({state}): bare call {bare * 1e3:.1f} ms,"
        f" scrape {whole * 1e3:.1f} ms for {series} series, {ratio:.1f} times"
    )
    assert ratio < bar
