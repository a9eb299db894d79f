"""Metric families of several collectors put on one page without one spoiling another.

FamilyError    a collector returned something that cannot be exposed
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from exporters.toolkit.collector import CollectorError, Family
from exporters.toolkit.text_family import METRIC_NAME, TextFamily, fault_of

# What each type may add to the name of its family (OpenMetrics 1.0, section 5).
_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "counter": ("_total", "_created"),
    "summary": ("", "_sum", "_count", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
}
# What every format can carry. Under other names the library writes pages that Prometheus
# refuses as a whole, or makes one name of two. Two underscores in front are Prometheus's own.
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
Series = tuple[str, tuple[tuple[str, str], ...]]


class FamilyError(CollectorError):
    """A family that would spoil the page. The message (French) names it."""


@dataclass
class Merged:
    """One family of the page and the collectors that fill it, with how many series each."""

    family: Family
    owners: dict[str, int]


def exposed_names(family: Family) -> set[str]:
    """Every series name a family may take on the page."""
    return {family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",))}


def series_of(sample: Sample) -> Series:
    """What makes a series unique: its name and its labels."""
    return sample.name, tuple(sorted(sample.labels.items()))


def _check_head(family: Family) -> None:
    if not METRIC_NAME.fullmatch(family.name):
        raise FamilyError(f"{family.name!r} : nom de famille mal formé")
    if family.unit and not family.name.endswith(f"_{family.unit}"):
        raise FamilyError(f"{family.name} : unité {family.unit} qui n'est pas la fin du nom")


def _check_sample(metric: Metric, sample: Sample, good_labels: set[str]) -> None:
    if sample.name not in exposed_names(metric):
        raise FamilyError(f"{metric.name} : série étrangère {sample.name}")
    for label, value in sample.labels.items():
        if label not in good_labels:
            if not _LABEL_NAME.fullmatch(label):
                raise FamilyError(f"{sample.name} : nom d'étiquette mal formé {label!r}")
            good_labels.add(label)
        if not isinstance(value, str):
            raise FamilyError(f"{sample.name} : étiquette {label} qui n'est pas un texte")
    try:
        float(sample.value)
    except (TypeError, ValueError):
        raise FamilyError(f"{sample.name} : valeur qui n'est pas un nombre") from None


def checked(families: Iterable[object]) -> list[Family]:
    """The families of one collector, with ``_created`` series dropped. Raise FamilyError.

    The lines of a TextFamily are taken as they are: reading them would cost what they save.
    """
    seen: set[Series] = set()
    good_labels: set[str] = set()
    result: list[Family] = []
    for family in families:
        if not isinstance(family, Metric | TextFamily):
            raise FamilyError(f"une famille est un {type(family).__name__}, non un Metric")
        if isinstance(family, TextFamily) and family.sound:
            result.append(family)
            continue
        _check_head(family)
        if isinstance(family, TextFamily):
            fault = fault_of(family)
            if fault:
                raise FamilyError(fault)
            result.append(family)
            continue
        kept = Metric(family.name, family.documentation, family.type)
        kept.unit = family.unit
        for sample in family.samples:
            if family.type != "gauge" and sample.name == f"{family.name}_created":
                continue
            _check_sample(family, sample, good_labels)
            key = series_of(sample)
            if key in seen:
                raise FamilyError(f"série en double : {sample.name} {dict(sample.labels)}")
            seen.add(key)
            kept.samples.append(sample)
        result.append(kept)
    return result


class Page:
    """Families by name; the first to give a name decides its type and its HELP.

    A TextFamily shares its name with no other family: nobody could tell their series apart.
    """

    def __init__(self) -> None:
        self.families: dict[str, Merged] = {}
        self._names: dict[str, str] = {}
        self._series: set[Series] = set()
        self._closed: set[str] = set()

    def reserve(self, owner: str, families: Iterable[Family]) -> None:
        """Put families on the page to which nobody else may add."""
        kept = list(families)
        self.add(owner, kept)
        self._closed.update(family.name for family in kept)

    def add(self, owner: str, families: Sequence[Family]) -> str:
        """Put the families of `owner` on the page; return what had to be left out (French)."""
        complaints = (self._add_family(owner, family) for family in families)
        return " ; ".join(dict.fromkeys(filter(None, complaints)))

    def _add_family(self, owner: str, family: Family) -> str:
        names = exposed_names(family)
        rival = next(
            (self._names[n] for n in names if self._names.get(n, family.name) != family.name), ""
        )
        present = self.families.get(family.name)
        if rival or (present is not None and not self._may_join(family, present.family)):
            others = ", ".join(self.families[rival or family.name].owners)
            return f"famille {family.name} écartée : le nom est déjà pris par {others}"
        self._names.update(dict.fromkeys(names, family.name))
        if isinstance(family, TextFamily):
            self.families[family.name] = Merged(family, {owner: family.series})
            return ""
        if present is None:
            empty = Metric(family.name, family.documentation, family.type)
            empty.unit = family.unit
            present = self.families[family.name] = Merged(empty, {owner: 0})
        return self._join(owner, family, present)

    def _may_join(self, family: Family, present: Family) -> bool:
        """Whether a family may add its series to one of the same name."""
        return (
            family.name not in self._closed
            and family.type == present.type
            and not isinstance(family, TextFamily)
            and not isinstance(present, TextFamily)
        )

    def _join(self, owner: str, family: Metric, present: Merged) -> str:
        complaint = ""
        before = len(present.family.samples)
        for sample in family.samples:
            key = series_of(sample)
            if key in self._series:
                others = ", ".join(present.owners)
                complaint = f"série de {sample.name} écartée : déjà donnée par {others}"
                continue
            self._series.add(key)
            present.family.samples.append(sample)
        joined = len(present.family.samples) - before
        if joined:
            present.owners[owner] = present.owners.get(owner, 0) + joined
        return complaint

    def series(self, owner: str) -> int:
        """How many series of `owner` are on the page."""
        return sum(merged.owners.get(owner, 0) for merged in self.families.values())

    def drop(self, name: str) -> list[str]:
        """Take a family off the page; return the collectors that filled it."""
        return list(self.families.pop(name).owners)
