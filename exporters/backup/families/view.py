"""Everything the families of one tool are made of, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from exporters.backup.contents import Contents
from exporters.backup.facts import Facts, JobFacts
from exporters.backup.job import Job
from exporters.backup.memory import Memory
from exporters.backup.reading import Reading
from inventory import Inventory

JOB = ("tool", "repository", "backup_job", "host", "member")
REPOSITORY = ("tool", "repository")


@dataclass(frozen=True)
class View:
    """What is known now of the repositories of `tool`; `memories` by repository, as `readings`."""

    tool: str
    inventory: Inventory
    jobs: tuple[Job, ...]
    readings: Mapping[str, Reading]
    now: datetime
    stale_after: timedelta
    memories: Mapping[str, Memory] = field(default_factory=dict)
    poll_interval: timedelta = timedelta(minutes=1)
    facts: Facts = field(default_factory=Facts)

    def current_jobs(self) -> Iterator[tuple[Job, JobFacts, Memory]]:
        """Each job whose repository's values may be shown."""
        for job in self.jobs:
            name = job.declared.repository
            reading = self.readings.get(name)
            contents = reading and reading.current(self.now, self.stale_after)
            if contents:
                memory = self.memories.get(name) or Memory()
                yield job, self.facts.of(job, contents, memory), memory

    def current(self) -> Iterator[tuple[str, Contents, Memory]]:
        """Each repository whose values may be shown."""
        for name, reading in self.readings.items():
            contents = reading.current(self.now, self.stale_after)
            if contents is not None:
                yield name, contents, self.memories.get(name) or Memory()


def gauge(name: str, text: str, labels: tuple[str, ...], *more: str) -> GaugeMetricFamily:
    """An empty gauge with those labels."""
    return GaugeMetricFamily(name, text, labels=[*labels, *more])


def counter(name: str, text: str, labels: tuple[str, ...], *more: str) -> CounterMetricFamily:
    """An empty counter; its name is given without ``_total``."""
    return CounterMetricFamily(name, text, labels=[*labels, *more])


def seconds(instant: datetime | None) -> float:
    """Since the epoch; 0 for what never was."""
    return instant.timestamp() if instant is not None else 0.0
