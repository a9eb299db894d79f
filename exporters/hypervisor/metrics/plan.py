"""How the lines of one guest are made, worked out once and used at every scrape.

What a guest's lines are depends on its shape: its name, whose it is, whether it runs, its
devices. While that stays, a scrape only looks up each number and appends it to a text
kept ready.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from exporters.hypervisor.measures import (
    BLOCK,
    GUEST,
    MEMORY_BANDWIDTH,
    NET,
    PERF,
    VCPU,
    Measure,
)
from exporters.hypervisor.metrics.devices import disk_labels, nic_labels
from exporters.hypervisor.metrics.sheet import Sheet
from exporters.hypervisor.model import DomainFacts
from exporters.hypervisor.states import is_active
from exporters.toolkit.text_family import labelled

Raw = Mapping[str, Any]
Sheets = Mapping[str, Sheet]
"""By metric, without ``_total``."""

UNREADABLE = 2**64 - 1
"""What becomes of libvirt's -1 where a field is unsigned."""

_PERF = re.compile(r"perf\.(?!cmt$|mbmt$|mbml$)(\w+)")
_BANDWIDTH = re.compile(r"memory\.bandwidth\.monitor\.(\d+)\.node\.(\d+)\.bytes\.(local|total)")


class Shape(NamedTuple):
    """What decides which lines a guest has. `size` is how many fields libvirt gave of it."""

    name: str
    active: bool
    driver: bool
    schedstats: bool
    size: int
    counts: tuple[Any, ...]
    names: tuple[Any, ...]


def shape_of(name: str, raw: Raw, schedstats: bool, device_keys: Iterable[str]) -> Shape:
    """The shape of a guest, given where its plan found the names of devices."""
    get = raw.get
    return Shape(
        name,
        is_active(get("state.state", 0)),
        get("balloon.last-update", 0) > 0,
        schedstats,
        len(raw),
        (
            get("block.count"),
            get("net.count"),
            get("vcpu.current"),
            get("vcpu.maximum"),
            get("iothread.count"),
        ),
        tuple([get(key) for key in device_keys]),
    )


def device_keys(raw: Raw) -> tuple[str, ...]:
    """Where libvirt gives the names of a guest's devices."""
    return tuple(
        f"{group}.{number}.name"
        for group in ("block", "net")
        for number in range(int(raw.get(f"{group}.count") or 0))
    )


class Row(NamedTuple):
    """One line of every guest of a template: where it stands, what it shows, of which part."""

    sheet: Sheet
    key: str
    divisor: float
    factor: int
    part: int


Rows = tuple[Row, ...]
Pick = Callable[[Raw], tuple[Any, ...]]
Templates = dict[Rows, tuple[Rows, Pick]]
"""The rows in use and what picks their numbers, each once: hundreds of guests are built alike."""


def _picker(rows: Rows) -> Pick:
    """Picks the numbers of `rows` out of a guest's statistics, None for those that left."""
    keys = [row.key for row in rows]
    if len(keys) < 2:
        return lambda raw: tuple(raw.get(key) for key in keys)
    pick = itemgetter(*keys)

    def numbers(raw: Raw) -> tuple[Any, ...]:
        try:
            found: tuple[Any, ...] = pick(raw)
        except KeyError:  # as many fields as before, and not the same
            return tuple(raw.get(key) for key in keys)
        return found

    return numbers


class Plan:
    """The lines of one guest of one shape, and the places they have."""

    __slots__ = ("_last", "_parts", "_pick", "_places", "_rows", "device_keys", "shape")

    def __init__(
        self,
        hypervisor: str,
        raw: Raw,
        shape: Shape,
        facts: DomainFacts | None,
        *,
        sheets: Sheets,
        templates: Templates,
    ) -> None:
        self.shape = shape
        self.device_keys = device_keys(raw)
        here = (("hypervisor", hypervisor), ("domain", shape.name))
        parts: dict[str, int] = {}
        rows: list[Row] = []
        for measure, key, labels in self._wanted(raw, facts):
            if key not in raw:  # a field that comes later changes the shape
                continue
            factor = round(1 / measure.divisor) if measure.divisor < 1 else 0
            part = parts.setdefault(labelled("", (*here, *labels)), len(parts))
            rows.append(Row(sheets[measure.metric], key, measure.divisor, factor, part))
        template = tuple(rows)
        self._rows, self._pick = templates.setdefault(template, (template, _picker(template)))
        self._parts = tuple(parts)
        self._places = [row.sheet.place() for row in self._rows]
        self._last: tuple[Any, ...] = (None,) * len(rows)

    def render(self, raw: Raw) -> None:
        """Write the line of each number that changed. What libvirt leaves out has no line."""
        values = self._pick(raw)
        if values == self._last:
            return
        for row, place, value, last in zip(
            self._rows, self._places, values, self._last, strict=True
        ):
            if value != last:
                row.sheet.put(place, self._line(row, value))
        self._last = values

    def leave(self) -> None:
        """Take the guest's lines away. The plan is not used again."""
        for row, place in zip(self._rows, self._places, strict=True):
            row.sheet.leave(place)

    def _line(self, row: Row, value: Any) -> str:
        if value is None or not -1 < value < UNREADABLE:
            return ""
        sheet, _, divisor, factor, part = row
        shown = value if divisor == 1 else value * factor if factor else value / divisor
        return f"{sheet.sample}{self._parts[part]}{shown}\n"

    def _wanted(
        self, raw: Raw, facts: DomainFacts | None
    ) -> Iterator[tuple[Measure, str, tuple[tuple[str, str], ...]]]:
        """(measure, libvirt's key, labels of the part) of every line this guest may have."""
        shape = self.shape
        yield from ((m, key, ()) for m, key in self._of(GUEST, ""))
        if shape.active:
            for number in range(int(raw.get("vcpu.maximum") or 0)):
                if f"vcpu.{number}.state" in raw or f"vcpu.{number}.time" in raw:
                    labels = (("vcpu", str(number)),)
                    yield from ((m, key, labels) for m, key in self._of(VCPU, f"vcpu.{number}."))
            yield from self._optional(raw)
        for table, group, devices in (
            (BLOCK, "block", disk_labels(raw, facts)),
            (NET, "net", nic_labels(raw, facts)),
        ):
            for number, device in devices:
                labels = (("device", device),)
                yield from ((m, key, labels) for m, key in self._of(table, f"{group}.{number}."))

    def _of(self, table: Iterable[Measure], prefix: str) -> Iterator[tuple[Measure, str]]:
        shape = self.shape
        for measure in table:
            if not (shape.active or measure.always or measure.when_off):
                continue
            if (measure.driver and not shape.driver) or (
                measure.schedstats and not shape.schedstats
            ):
                continue
            field = measure.field if shape.active else measure.when_off or measure.field
            yield measure, prefix + field

    @staticmethod
    def _optional(raw: Raw) -> Iterator[tuple[Measure, str, tuple[tuple[str, str], ...]]]:
        for key in raw:
            if found := _PERF.fullmatch(key):
                yield PERF, key, (("event", found[1]),)
            elif found := _BANDWIDTH.fullmatch(key):
                monitor, node, scope = found.groups()
                start = f"memory.bandwidth.monitor.{monitor}."
                labels = (
                    ("monitor", str(raw.get(start + "name") or monitor)),
                    ("cell", str(raw.get(f"{start}node.{node}.id", node))),
                    ("scope", scope),
                )
                yield MEMORY_BANDWIDTH, key, labels
