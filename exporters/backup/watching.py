"""What the collectors of all backup tools do alike: watch repositories, tell of the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.core import Metric

from exporters.backup.metrics import families
from exporters.backup.process import ToolProcess
from exporters.backup.settings import BackupSettings, RepositoryEntry, faults, jobs_of
from exporters.backup.watch import Repository, Watch
from exporters.toolkit.collector import Context, Deadline
from inventory.config import ConfigurationError, Fault

MARGIN_SECONDS = 0.25
"""Kept back from the scrape, so that the repositories that were read are still served."""


def refuse_misfits(tool: str, repositories: Sequence[RepositoryEntry], context: Context) -> None:
    """Raise ConfigurationError if the inventory and the settings do not fit together."""
    found = [
        Fault("exporter.yml", 1, f"collectors.{tool}.{path[0]}", problem, expected)
        for path, problem, expected in faults(tool, repositories, context.inventory)
    ]
    if found:
        raise ConfigurationError(found)


class BackupCollector:
    """One tool's repositories and the jobs that go into them."""

    def __init__(
        self,
        tool: str,
        repositories: Mapping[str, Repository],
        settings: BackupSettings,
        context: Context,
        *,
        processes: Iterable[ToolProcess] = (),
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._tool = tool
        self._processes = tuple(processes)
        self._stale_after = settings.stale_after
        self._clock = context.clock
        self._jobs = jobs_of(tool, context.inventory)
        self._on_close = on_close
        self._watches = {
            name: Watch(name, repository, settings, context.clock)
            for name, repository in repositories.items()
        }
        for watch in self._watches.values():
            watch.start()

    def collect(self, deadline: Deadline) -> Iterable[Metric]:
        """See `metrics.families`. Only the first scrapes may have to wait for a first try."""
        end = deadline.remaining() - min(MARGIN_SECONDS, deadline.remaining() / 4)
        spent = deadline.remaining() - end
        readings = {}
        for name, watch in self._watches.items():
            reading = watch.wait_first(deadline.remaining() - spent)
            if reading is not None:
                readings[name] = reading
        return families(self._tool, self._jobs, readings, self._clock(), self._stale_after)

    def close(self) -> None:
        """Stop watching and kill the tool, if it runs."""
        for watch in self._watches.values():
            watch.stop()
        for process in self._processes:
            process.stop()
        for watch in self._watches.values():
            watch.join(1.0)
        self._on_close()
