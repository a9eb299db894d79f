"""Families filled sample by sample, rendered once; one without a sample is left out."""

from __future__ import annotations

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from exporters.toolkit.text_family import TextFamily, frozen


class Families:
    """The families of one subject for one hypervisor, in the order they are first used.

    Every sample carries the label ``hypervisor`` first. A value of None makes no sample.
    """

    def __init__(self, hypervisor: str) -> None:
        self._hypervisor = hypervisor
        self._families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        self._seen: set[tuple[str, ...]] = set()

    def gauge(
        self, name: str, text: str, value: float | None, labels: dict[str, str] | None = None
    ) -> None:
        """One sample of ``hypervisor_<name>``; the same labels twice: the first stays."""
        self._add(GaugeMetricFamily, name, text, value, labels or {})

    def counter(
        self, name: str, text: str, value: float | None, labels: dict[str, str] | None = None
    ) -> None:
        """One sample of the counter ``hypervisor_<name>_total``."""
        self._add(CounterMetricFamily, name, text, value, labels or {})

    def rendered(self) -> tuple[TextFamily, ...]:
        """All of them as lines."""
        return tuple(frozen(family) for family in self._families.values())

    def _add(
        self,
        kind: type[GaugeMetricFamily | CounterMetricFamily],
        name: str,
        text: str,
        value: float | None,
        labels: dict[str, str],
    ) -> None:
        key = (name, *labels.values())
        if value is None or key in self._seen:
            return
        self._seen.add(key)
        family = self._families.get(name)
        if family is None:
            family = kind(f"hypervisor_{name}", text, labels=["hypervisor", *labels])
            self._families[name] = family
        family.add_metric([self._hypervisor, *labels.values()], value)
