"""The collector ``hypervisor``: every guest of every libvirt hypervisor this exporter watches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import structlog
from prometheus_client.core import Metric
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.hypervisor.attempts import Attempts, Question
from exporters.hypervisor.metrics import declared_machines, families
from exporters.hypervisor.source import Hypervisor
from exporters.hypervisor.stats import Guest
from exporters.toolkit.collector import Collector, CollectorPlugin, Context, Deadline
from inventory.config import Identifier

_log = structlog.get_logger("vigie.hypervisor")

INSIST_AFTER, SETTLE_AFTER = 0.4, 0.6
"""Shares of the scrape's time after which a silent hypervisor is asked a second time, and
after which we ask it only for what no guest can hold up."""

MARGIN_SECONDS = 0.25
"""Kept back to build the metrics, so that the hypervisors that did answer are still served."""


def _uri(value: str) -> str:
    scheme, separator, _ = value.partition("://")
    if not separator and value.count(":") == 1:  # libvirt also takes "xen:/"
        separator = value[value.index(":") :]
    if not scheme or not separator.strip():
        raise ValueError(
            f"« {value} » n'est pas une URI libvirt ; attendu : par exemple qemu:///system"
        )
    return value


class HypervisorEntry(BaseModel):
    """One hypervisor: the name its metrics carry, and how libvirt reaches it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Identifier = Field(description="nom donné à l'hyperviseur,", examples=["hv1"])
    uri: Annotated[str, AfterValidator(_uri)] = Field(
        description="URI libvirt,", examples=["qemu:///system"]
    )


def _distinct(entries: tuple[HypervisorEntry, ...]) -> tuple[HypervisorEntry, ...]:
    for what in ("name", "uri"):
        seen: set[str] = set()
        for entry in entries:
            value = getattr(entry, what)
            if value in seen:
                raise ValueError(
                    f"hyperviseur « {value} » déclaré deux fois ; attendu : un nom et une URI"
                    " pour chacun"
                )
            seen.add(value)
    return entries


class Settings(BaseModel):
    """The block ``collectors.hypervisor``; without it, the machine's own libvirtd."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hypervisors: Annotated[tuple[HypervisorEntry, ...], AfterValidator(_distinct)] = Field(
        (HypervisorEntry(name="local", uri="qemu:///system"),), min_length=1
    )


class HypervisorCollector:
    """Reads all hypervisors side by side; one that is down or hangs never hides the others."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._machines = declared_machines(context.inventory)
        self._sources = {
            entry.name: Hypervisor(entry.uri, self._machines) for entry in settings.hypervisors
        }
        self._attempts: dict[str, Attempts[tuple[Guest, ...]]] = {
            name: Attempts(f"libvirt-{name}", source.read, source.read_states)
            for name, source in self._sources.items()
        }
        self._silent: dict[str, str] = {}

    def collect(self, deadline: Deadline) -> Iterable[Metric]:
        """See `metrics.families`. A hypervisor that does not answer has ``hypervisor_up`` 0."""
        start = deadline.remaining()
        margin = min(MARGIN_SECONDS, start / 4)
        questions = {name: attempts.ask() for name, attempts in self._attempts.items()}
        for question in questions.values():
            if not question.begun:  # guests hang since earlier scrapes: nothing to wait for
                question.settle_for_less()
            elif not question.wait(deadline.remaining() - start * (1 - INSIST_AFTER)):
                question.insist()
        for question in questions.values():
            if not question.wait(deadline.remaining() - start * (1 - SETTLE_AFTER)):
                question.settle_for_less()
        readings = {
            name: self._reading(name, question, deadline.remaining() - margin)
            for name, question in questions.items()
        }
        return families(readings, self._machines)

    def close(self) -> None:
        """Let the connections go."""
        for source in self._sources.values():
            source.close()

    def _reading(
        self, name: str, question: Question[tuple[Guest, ...]], seconds: float
    ) -> tuple[Guest, ...] | None:
        question.wait(seconds)
        try:
            guests = question.result()
        except Exception as error:  # noqa: BLE001 - one hypervisor must not spoil the others
            if self._silent.get(name) != str(error):
                _log.warning("hyperviseur muet", hypervisor=name, error=str(error))
            self._silent[name] = str(error)
            return None
        if self._silent.pop(name, None):
            _log.info("hyperviseur de retour", hypervisor=name)
        return guests


def _build(settings: Settings, context: Context) -> Collector:
    return HypervisorCollector(settings, context)


PLUGIN = CollectorPlugin(
    name="hypervisor",
    summary="machines virtuelles des hyperviseurs libvirt",
    settings=Settings,
    build=_build,
)
