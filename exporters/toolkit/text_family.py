"""Families whose samples are already lines of the exposition format.

A collector with ten thousand series cannot afford an object for each at every scrape:
rendering a line from a text kept ready costs a twentieth. Sample lines of gauges and
counters are the same in the Prometheus text format and in OpenMetrics 1.0; only the head
of a family differs, and the toolkit writes that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

Kind = Literal["gauge", "counter"]
METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
"""The names that every format can carry."""

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class TextFamily:
    """One family. `name` is without ``_total``; every line of `text` ends with a newline.

    Whoever makes one answers for it: lines are of this family, well formed, and no two have
    the same labels. The toolkit counts and limits them but does not read them again.
    """

    name: str
    documentation: str
    type: Kind
    text: str
    series: int
    unit: str = ""
    sound: bool = field(default=False, init=False, repr=False, compare=False)
    """Whether the toolkit looked at it and found no fault. One that does not change is the same
    object at each scrape, and looked at once."""

    @property
    def samples(self) -> list[Sample]:
        """The lines read back, for tests and for who compares."""
        head = f"# TYPE {self.sample_name} {self.type}\n"
        found = text_string_to_metric_families(head + self.text)
        return [sample for family in found for sample in family.samples]

    @property
    def sample_name(self) -> str:
        """The name its lines begin with."""
        return f"{self.name}_total" if self.type == "counter" else self.name


def labelled(name: str, labels: Iterable[tuple[str, str]]) -> str:
    """How a sample line begins: ``name{label="value",…}`` and a space, values escaped."""
    inside = ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in labels)
    return f"{name}{{{inside}}} " if inside else f"{name} "


class One(Collector):
    """A single family, in the shape in which the library's encoders take families."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        """The family."""
        return [self._metric]


def frozen(metric: Metric) -> TextFamily:
    """A gauge or counter family rendered once, to be served many times. Raise ValueError."""
    if metric.type not in ("gauge", "counter"):
        raise ValueError(f"{metric.name}: {metric.type} families are not rendered ahead")
    kind: Kind = "counter" if metric.type == "counter" else "gauge"
    counted = f"{metric.name}_total" if kind == "counter" else metric.name
    strangers = {sample.name for sample in metric.samples} - {counted}
    if strangers or not METRIC_NAME.fullmatch(metric.name):
        raise ValueError(f"{metric.name}: names that are not rendered ahead: {strangers}")
    if any(sample.timestamp is not None for sample in metric.samples):
        # Milliseconds in one format and seconds in the other.
        raise ValueError(f"{metric.name}: timestamps are not rendered ahead")
    # Not splitlines(): a label may hold what Unicode takes for the end of a line.
    lines = generate_latest(One(metric)).decode().split("\n")[:-1]
    kept = [f"{line}\n" for line in lines if not line.startswith("#")]
    text = "".join(kept)
    return TextFamily(metric.name, metric.documentation, kind, text, len(kept), metric.unit)


def fault_of(family: TextFamily) -> str:
    """What would spoil a page (French), as far as it costs little to see; empty: nothing."""
    if family.type not in ("gauge", "counter"):
        return f"{family.name} : type {family.type} impossible en texte"
    if family.text and not family.text.endswith("\n"):
        return f"{family.name} : texte sans fin de ligne"
    if family.text and not family.text.startswith(
        (f"{family.sample_name}{{", f"{family.sample_name} ")
    ):
        return f"{family.name} : le texte ne commence pas par {family.sample_name}"
    lines = family.text.count("\n")
    if lines != family.series:
        return f"{family.name} : {lines} lignes pour {family.series} séries"
    object.__setattr__(family, "sound", True)
    return ""


def merged(families: Iterable[TextFamily]) -> list[TextFamily]:
    """One family a name, in the order they first appear, with all the lines."""
    by_name: dict[str, list[TextFamily]] = {}
    for family in families:
        by_name.setdefault(family.name, []).append(family)
    return [
        same[0]
        if len(same) == 1
        else TextFamily(
            same[0].name,
            same[0].documentation,
            same[0].type,
            "".join(family.text for family in same),
            sum(family.series for family in same),
            same[0].unit,
        )
        for same in by_name.values()
    ]
