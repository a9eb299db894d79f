"""How many series a collector may put on a page, and what is left out beyond."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from prometheus_client.core import Metric

from exporters.toolkit.collector import Family
from exporters.toolkit.text_family import TextFamily

DEFAULT_SERIES = 100_000

# Several lines make one value: a histogram cut in the middle would be a wrong histogram.
_WHOLE = frozenset({"histogram", "gaugehistogram", "summary"})


@dataclass(frozen=True)
class Limits:
    """The most series a collector may have on one page."""

    series: int = DEFAULT_SERIES
    collectors: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, collector: str) -> int:
        """The limit of one collector."""
        return self.collectors.get(collector, self.series)


@dataclass(frozen=True)
class Limited:
    """What remains of a collector's families, and how many series are left out."""

    families: tuple[Family, ...]
    dropped: int


def _size(family: Family) -> int:
    return family.series if isinstance(family, TextFamily) else len(family.samples)


def _cut(family: Family, room: int) -> Family:
    """The first `room` series of a family."""
    if isinstance(family, TextFamily):
        # Not splitlines(): a label may hold what Unicode takes for the end of a line.
        lines = family.text.split("\n", room)[:room]
        return replace(family, text="".join(f"{line}\n" for line in lines), series=room)
    kept = Metric(family.name, family.documentation, family.type)
    kept.unit = family.unit
    kept.samples = family.samples[:room]
    return kept


def limited(families: Iterable[Family], limit: int) -> Limited:
    """The first series, up to `limit`, in the order the collector gives them.

    The same families give the same series, so that none comes and goes from scrape to scrape.
    """
    kept: list[Family] = []
    total = room_taken = 0
    for family in families:
        size = _size(family)
        total += size
        room = limit - room_taken
        if size <= room:
            kept.append(family)
            room_taken += size
        elif room > 0 and family.type not in _WHOLE:
            kept.append(_cut(family, room))
            room_taken = limit
    return Limited(tuple(kept), total - room_taken)
