"""``--compat=libvirt_exporter``: the same readings under the names of other exporters.

So that the dashboards and alerts of a site that moves to Vigie keep working while it moves.
A guest's lines are prepared once for each shape it has; a scrape only writes the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exporters.hypervisor.metrics import compat_table as table
from exporters.hypervisor.metrics.compat_devices import DiskLabels, NicLabels, disks_of, nics_of
from exporters.hypervisor.metrics.compat_table import Described, Row
from exporters.hypervisor.model import DomainFacts, GuestStats
from exporters.hypervisor.states import is_active
from exporters.toolkit.text_family import Kind, TextFamily, labelled

NAME = "libvirt_exporter"
"""The word after ``--compat=``."""

Labels = tuple[tuple[str, str], ...]
_Plan = tuple[tuple[int, str, str, float], ...]

_ROWS: tuple[Row, ...] = (*table.GUEST, *table.VCPU, *table.BLOCK, *table.INTERFACE)
_NUMBER = {row.family: number for number, row in enumerate(_ROWS)}


class CompatGuests:
    """The families about guests, of one hypervisor.

    With `several` hypervisors in the process every series carries the label ``hypervisor``
    that none of the other exporters has; with one it does not.
    """

    def __init__(self, hypervisor: str, several: bool) -> None:
        self._common: Labels = (("hypervisor", hypervisor),) if several else ()
        self._plans: dict[str, tuple[Any, _Plan, tuple[tuple[Described, str], ...]]] = {}

    def families(
        self, up: bool, guests: Sequence[GuestStats], facts: Mapping[str, DomainFacts]
    ) -> list[TextFamily]:
        """Theirs, from one reading. Nothing but ``libvirt_up`` where there was none."""
        said = _Said(self._common)
        said.add(table.UP, (), int(up))
        if not up:
            return said.families()
        # As Debian's counts: those with a libvirt id, a crashed one that is kept included.
        said.add(table.DOMAINS_NUMBER, (), sum(guest.run != -1 for guest in guests))
        said.add(table.DOMAINS, (), len(guests))
        lines: list[list[str]] = [[] for _ in _ROWS]
        plans = {}
        for guest in guests:
            plan = plans[guest.uuid] = self._plan(guest, facts.get(guest.uuid))
            raw = guest.raw
            for number, key, head, divisor in plan[1]:
                value = raw.get(key)
                if value is not None:
                    shown = value if divisor == 1 else value / divisor
                    lines[number].append(f"{head}{shown}\n")
            for described, head in plan[2]:
                said.line(described, head + "1\n")
            _say(said, guest)
        self._plans = plans
        moving = [
            TextFamily(f"libvirt_{row.family}", row.help, row.kind, "".join(found), len(found))
            for row, found in zip(_ROWS, lines, strict=True)
            if found
        ]
        return said.families() + moving

    def _plan(
        self, guest: GuestStats, facts: DomainFacts | None
    ) -> tuple[Any, _Plan, tuple[tuple[Described, str], ...]]:
        raw = guest.raw
        shape = (
            guest.name,
            guest.run,
            is_active(raw.get("state.state", 0)),
            raw.get("balloon.last-update", 0) > 0,
            raw.get("vcpu.0.wait", 0) > 0,
            tuple(_names(raw, "block")),
            tuple(_names(raw, "net")),
            len(raw),
            facts,
        )
        kept = self._plans.get(guest.uuid)
        if kept is not None and kept[0] == shape:
            return kept
        whose = (*self._common, *_whose(guest))
        plan = tuple(_compiled(guest, facts, whose))
        return shape, plan, tuple(_described(guest, facts, whose))


def _whose(guest: GuestStats) -> Labels:
    return (("domain", guest.name), ("uuid", guest.uuid))


def _names(raw: Mapping[str, Any], group: str) -> Iterable[tuple[int, str]]:
    for number in range(raw.get(f"{group}.count", 0)):
        name = raw.get(f"{group}.{number}.name")
        if name:
            yield number, name


def _wanted(row: Row, raw: Mapping[str, Any], key: str) -> bool:
    if key not in raw:
        return False
    if row.when == "always":
        return True
    if not is_active(raw.get("state.state", 0)):
        return False
    if row.when == "driver":
        return bool(raw.get("balloon.last-update", 0) > 0)
    # Without schedstats in the kernel libvirt says 0, which is not the time that was waited.
    return row.when != "schedstats" or raw[key] > 0


def _compiled(
    guest: GuestStats, facts: DomainFacts | None, whose: Labels
) -> Iterable[tuple[int, str, str, float]]:
    raw = guest.raw

    def step(row: Row, key: str, labels: Labels) -> Iterable[tuple[int, str, str, float]]:
        if _wanted(row, raw, key):
            suffix = "_total" if row.kind == "counter" else ""
            head = labelled(f"libvirt_{row.family}{suffix}", labels)
            yield _NUMBER[row.family], key, head, row.divisor

    for row in table.GUEST:
        yield from step(row, row.field, whose)
    for number in range(raw.get("vcpu.maximum", 0)):
        for row in table.VCPU:
            labels = (*whose, ("vcpu", str(number)))
            yield from step(row, f"vcpu.{number}.{row.field}", labels)
    for number, disk in disks_of(tuple(_names(raw, "block")), facts):
        for row in table.BLOCK:
            yield from step(row, f"block.{number}.{row.field}", (*whose, *disk.series))
    for number, nic in nics_of(tuple(_names(raw, "net")), facts):
        for row in table.INTERFACE:
            yield from step(row, f"net.{number}.{row.field}", (*whose, *nic.series))


def _described(
    guest: GuestStats, facts: DomainFacts | None, whose: Labels
) -> Iterable[tuple[Described, str]]:
    def line(described: Described, *labels: tuple[str, str]) -> tuple[Described, str]:
        return described, labelled(f"libvirt_{described.family}", (*whose, *labels))

    yield line(table.META)
    if facts is None:
        return
    yield line(table.INFO, ("os_type_arch", facts.arch), ("os_type_machine", facts.machine))
    disks: Iterable[tuple[int, DiskLabels]] = disks_of(tuple(_names(guest.raw, "block")), facts)
    for _, disk in disks:
        yield line(table.BLOCK_META, *disk.meta)
        if is_active(guest.raw.get("state.state", 0)):
            yield line(table.BLOCK_INFO, *disk.info)
    nics: Iterable[tuple[int, NicLabels]] = nics_of(tuple(_names(guest.raw, "net")), facts)
    for _, nic in nics:
        if nic.on_bridge:
            yield line(table.NET_META, *nic.series)
        yield line(table.NET_INFO, *nic.info)


def _say(said: _Said, guest: GuestStats) -> None:
    whose, raw = _whose(guest), guest.raw
    state = raw.get("state.state", 0)
    words = table.STATE_DESCRIPTIONS
    description = words[state] if 0 <= state < len(words) else ""
    said.add(table.STATE, (*whose, ("state_desc", description)), state)
    if guest.responsive is not None:
        said.add(table.TIMED_OUT, whose, int(not guest.responsive))
    available, usable = raw.get("balloon.available"), raw.get("balloon.usable")
    reported = is_active(state) and raw.get("balloon.last-update", 0) > 0
    if reported and available and usable is not None:
        said.add(table.USED_PERCENT, whose, (available - usable) / (available / 100))


class _Said:
    """Families filled line by line."""

    def __init__(self, common: Labels) -> None:
        self._common = common
        self._lines: dict[Described, list[str]] = {}

    def add(self, described: Described, labels: Labels, value: float) -> None:
        head = labelled(f"libvirt_{described.family}", (*self._common, *labels))
        self.line(described, f"{head}{value}\n")

    def line(self, described: Described, text: str) -> None:
        self._lines.setdefault(described, []).append(text)

    def families(self) -> list[TextFamily]:
        kind: Kind = "gauge"
        return [
            TextFamily(f"libvirt_{one.family}", one.help, kind, "".join(lines), len(lines))
            for one, lines in self._lines.items()
        ]
