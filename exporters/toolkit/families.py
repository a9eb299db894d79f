"""Metric families of several collectors put on one page without one spoiling another.

FamilyError    a collector returned something that cannot be exposed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from exporters.toolkit.collector import CollectorError

# What each type may add to the name of its family (OpenMetrics 1.0, section 5).
_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "counter": ("_total", "_created"),
    "summary": ("", "_sum", "_count", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
}
Series = tuple[str, tuple[tuple[str, str], ...]]


class FamilyError(CollectorError):
    """A family that would spoil the page. The message (French) names it."""


@dataclass
class Merged:
    """One family of the page and the collectors that fill it."""

    metric: Metric
    owners: list[str]


def exposed_names(metric: Metric) -> set[str]:
    """Every series name a family may take on the page."""
    return {metric.name + suffix for suffix in _SUFFIXES.get(metric.type, ("",))}


def series_of(sample: Sample) -> Series:
    """What makes a series unique: its name and its labels."""
    return sample.name, tuple(sorted(sample.labels.items()))


def _check_sample(metric: Metric, sample: Sample) -> None:
    if sample.name not in exposed_names(metric):
        raise FamilyError(f"{metric.name} : série étrangère {sample.name}")
    for label, value in sample.labels.items():
        if not isinstance(value, str):
            raise FamilyError(f"{sample.name} : étiquette {label} qui n'est pas un texte")
    try:
        float(sample.value)
    except (TypeError, ValueError):
        raise FamilyError(f"{sample.name} : valeur qui n'est pas un nombre") from None


def checked(families: Iterable[object]) -> list[Metric]:
    """The families of one collector, with ``_created`` series dropped. Raise FamilyError."""
    seen: set[Series] = set()
    result = []
    for family in families:
        if not isinstance(family, Metric):
            raise FamilyError(f"une famille est un {type(family).__name__}, non un Metric")
        kept = Metric(family.name, family.documentation, family.type)
        kept.unit = family.unit
        for sample in family.samples:
            if family.type != "gauge" and sample.name == f"{family.name}_created":
                continue
            _check_sample(family, sample)
            key = series_of(sample)
            if key in seen:
                raise FamilyError(f"série en double : {sample.name} {dict(sample.labels)}")
            seen.add(key)
            kept.samples.append(sample)
        result.append(kept)
    return result


class Page:
    """Families by name; the first to give a name decides its type and its HELP."""

    def __init__(self) -> None:
        self.families: dict[str, Merged] = {}
        self._names: dict[str, str] = {}
        self._series: set[Series] = set()
        self._closed: set[str] = set()

    def reserve(self, owner: str, families: Iterable[Metric]) -> None:
        """Put families on the page to which nobody else may add."""
        kept = list(families)
        self.add(owner, kept)
        self._closed.update(family.name for family in kept)

    def add(self, owner: str, families: Sequence[Metric]) -> str:
        """Put the families of `owner` on the page; return what had to be left out (French)."""
        complaints = (self._add_family(owner, family) for family in families)
        return " ; ".join(dict.fromkeys(filter(None, complaints)))

    def _add_family(self, owner: str, family: Metric) -> str:
        names = exposed_names(family)
        rival = next(
            (self._names[n] for n in names if self._names.get(n, family.name) != family.name), ""
        )
        present = self.families.get(family.name)
        if present is not None and (
            family.name in self._closed or present.metric.type != family.type
        ):
            rival = family.name
        if rival:
            others = ", ".join(self.families[rival].owners)
            return f"famille {family.name} écartée : le nom est déjà pris par {others}"
        self._names.update(dict.fromkeys(names, family.name))
        if present is None:
            empty = Metric(family.name, family.documentation, family.type)
            empty.unit = family.unit
            present = self.families[family.name] = Merged(empty, [owner])
        complaint = ""
        for sample in family.samples:
            key = series_of(sample)
            if key in self._series:
                others = ", ".join(present.owners)
                complaint = f"série de {sample.name} écartée : déjà donnée par {others}"
                continue
            self._series.add(key)
            present.metric.samples.append(sample)
            if owner not in present.owners:
                present.owners.append(owner)
        return complaint

    def drop(self, name: str) -> list[str]:
        """Take a family off the page; return the collectors that filled it."""
        return self.families.pop(name).owners
