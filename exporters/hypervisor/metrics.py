"""Guests -> metric families. Pure: no libvirt here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.hypervisor.measures import BLOCK, GUEST, NET, VCPU, Measure
from exporters.hypervisor.states import reason_word, state_word
from exporters.hypervisor.stats import Guest, Values
from inventory import Inventory

Readings = Mapping[str, tuple[Guest, ...] | None]
"""The guests by hypervisor name; None where it could not be read."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the inventory says of one machine; for one it does not know, nobody's."""

    member: str = ""
    service: str = ""
    should_run: bool | None = None


def declared_machines(inventory: Inventory) -> dict[str, Declared]:
    """Every machine of the inventory by its libvirt name."""
    return {
        machine.name: Declared(owner.id, machine.service or "", machine.should_run)
        for owner in inventory.owners
        for machine in owner.virtual_machines
    }


class _Families:
    """The families of a table of measures, each with the same labels."""

    def __init__(self, measures: Iterable[Measure], labels: list[str]) -> None:
        self._by_metric: dict[str, Metric] = {}
        for measure in measures:
            family = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
            self._by_metric[measure.metric] = family(measure.metric, measure.help, labels=labels)

    def add(self, labels: list[str], values: Values) -> None:
        for metric, value in values.items():
            self._by_metric[metric].add_metric(labels, value)  # type: ignore[attr-defined]  # both families have it, their base does not

    def __iter__(self) -> Iterator[Metric]:
        return (family for family in self._by_metric.values() if family.samples)


def families(readings: Readings, machines: Mapping[str, Declared]) -> Iterator[Metric]:
    """Every family of the collector for one scrape."""
    up = GaugeMetricFamily(
        "hypervisor_up",
        "Whether libvirt answered for this hypervisor in this scrape.",
        labels=["hypervisor"],
    )
    known = GaugeMetricFamily(
        "hypervisor_inventory_domain_info",
        "A machine the inventory declares and wants running, whether or not a hypervisor has it.",
        labels=["domain", "member", "service"],
    )
    for name, guests in readings.items():
        up.add_metric([name], guests is not None)
    for name, machine in machines.items():
        if machine.should_run:
            known.add_metric([name, machine.member, machine.service], 1)
    yield up
    yield known
    yield from _identities(readings, machines)
    yield from _measured(readings)


def _identities(readings: Readings, machines: Mapping[str, Declared]) -> Iterator[Metric]:
    here = ["hypervisor", "domain"]
    info = GaugeMetricFamily(
        "hypervisor_domain_info",
        "A libvirt domain and, from the inventory, whose it is and what it serves.",
        labels=[*here, "uuid", "member", "service"],
    )
    state = GaugeMetricFamily(
        "hypervisor_domain_state",
        "The present state of a domain and libvirt's reason for it; always 1.",
        labels=[*here, "state", "reason"],
    )
    should_run = GaugeMetricFamily(
        "hypervisor_domain_should_run",
        "Whether the domain is meant to run: as the inventory declares, else its autostart flag.",
        labels=here,
    )
    responsive = GaugeMetricFamily(
        "hypervisor_domain_monitor_responsive",
        "Whether the QEMU of a running or paused guest answers libvirt on its monitor.",
        labels=here,
    )
    nobody = Declared()
    for hypervisor, guests in readings.items():
        for guest in guests or ():
            machine = machines.get(guest.name, nobody)
            label = [hypervisor, guest.name]
            info.add_metric([*label, guest.uuid, machine.member, machine.service], 1)
            words = [state_word(guest.state), reason_word(guest.state, guest.reason)]
            state.add_metric([*label, *words], 1)
            wanted = guest.autostart if machine.should_run is None else machine.should_run
            if wanted is not None:
                should_run.add_metric(label, wanted)
            if guest.responsive is not None:
                responsive.add_metric(label, guest.responsive)
    yield from (info, state, should_run, responsive)


def _measured(readings: Readings) -> Iterator[Metric]:
    here = ["hypervisor", "domain"]
    whole, vcpu = _Families(GUEST, here), _Families(VCPU, [*here, "vcpu"])
    disk, nic = _Families(BLOCK, [*here, "device"]), _Families(NET, [*here, "device"])
    for hypervisor, guests in readings.items():
        for guest in guests or ():
            label = [hypervisor, guest.name]
            whole.add(label, guest.values)
            for group, parts in ((vcpu, guest.vcpus), (disk, guest.disks), (nic, guest.nics)):
                for part, values in parts.items():
                    group.add([*label, part], values)
    for families_of_group in (whole, vcpu, disk, nic):
        yield from families_of_group
