"""libvirt's flat statistics of one domain -> what we know of a guest. Pure.

A field that is absent gives no value: never 0, never NaN. libvirt leaves fields out
when a driver does not have them, when a guest is busy, or when it does not run; and
it says -1 for a counter it cannot read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporters.hypervisor.measures import BLOCK, GUEST, NET, VCPU, Measure
from exporters.hypervisor.states import is_active

Values = dict[str, float]
"""Metric name -> value, in base units."""


@dataclass(frozen=True, slots=True)
class Guest:
    """One domain of a hypervisor at one instant.

    `autostart` is None when nobody asked, `responsive` when nobody asked the guest's
    monitor or when it has none. The keys of `vcpus`, `disks` and `nics` are
    label values, unique within the guest.
    """

    name: str
    uuid: str
    state: int
    reason: int
    autostart: bool | None = None
    values: Values = field(default_factory=dict)
    vcpus: dict[str, Values] = field(default_factory=dict)
    disks: dict[str, Values] = field(default_factory=dict)
    nics: dict[str, Values] = field(default_factory=dict)
    responsive: bool | None = None


def _values(
    raw: Mapping[str, Any], prefix: str, measures: Iterable[Measure], active: bool, driver: bool
) -> Values:
    found: Values = {}
    for measure in measures:
        if not (active or measure.always or measure.when_off) or (measure.driver and not driver):
            continue
        name = measure.field if active else measure.when_off or measure.field
        value = raw.get(prefix + name)
        if value is not None and value >= 0:
            found[measure.metric] = value / measure.divisor
    return found


def _devices(
    raw: Mapping[str, Any], group: str, measures: Iterable[Measure], active: bool
) -> dict[str, Values]:
    """The devices of a group by name.

    An interface may have no name (SR-IOV) and two may share one; each gets a label of
    its own all the same, because two equal label sets spoil a whole scrape.
    """
    found: dict[str, Values] = {}
    for number in range(int(raw.get(f"{group}.count", 0))):
        prefix = f"{group}.{number}."
        name = str(raw.get(prefix + "name") or f"{group}{number}")
        while name in found:
            name = f"{name}#{number}"
        found[name] = _values(raw, prefix, measures, active, False)
    return found


def guest_from(
    name: str, uuid: str, raw: Mapping[str, Any], autostart: bool | None = None
) -> Guest:
    """What one record of ``virConnectGetAllDomainStats`` says of a guest."""
    state, reason = int(raw.get("state.state", 0)), int(raw.get("state.reason", 0))
    active = is_active(state)
    vcpus = {}
    if active:
        for number in range(int(raw.get("vcpu.maximum", 0))):
            values = _values(raw, f"vcpu.{number}.", VCPU, active, False)
            if values:
                vcpus[str(number)] = values
    return Guest(
        name,
        uuid,
        state,
        reason,
        autostart,
        _values(raw, "", GUEST, active, raw.get("balloon.last-update", 0) > 0),
        vcpus,
        _devices(raw, "block", BLOCK, active),
        _devices(raw, "net", NET, active),
        _responsive(raw) if active else None,
    )


def _responsive(raw: Mapping[str, Any]) -> bool | None:
    """Whether a QEMU guest answered: only then does libvirt give its resident memory.

    Of a guest it skipped, because another call was waiting for it, libvirt still says
    what the kernel accounts: its CPU time in user mode, which no other driver has.
    """
    if "balloon.rss" in raw:
        return True
    return False if "cpu.user" in raw else None
