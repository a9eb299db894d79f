"""What the collectors of all backup tools do alike: watch repositories, tell of the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from prometheus_client.core import Metric

from exporters.backup.contents import Contents
from exporters.backup.facts import Facts
from exporters.backup.families import families
from exporters.backup.families.view import View
from exporters.backup.job import jobs_of
from exporters.backup.memory import Memory
from exporters.backup.memory.file import MemoryFile
from exporters.backup.process import ToolProcess
from exporters.backup.settings import BackupSettings
from exporters.backup.watch import Repository, Watch
from exporters.toolkit.collector import Context, Deadline

MARGIN_SECONDS = 0.25
"""Kept back from the scrape, so that the repositories that were read are still served."""


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
        self._settings = settings
        self._clock = context.clock
        self._inventory = context.inventory
        self._jobs = jobs_of(tool, context.inventory)
        self._files = {name: MemoryFile(context.state_directory, name) for name in repositories}
        self._facts = Facts()
        self._memories = {name: file.load() for name, file in self._files.items()}
        self._on_close = on_close
        self._watches = {
            name: Watch(
                name,
                repository,
                settings,
                context.clock,
                on_read=partial(self._remember, name),
            )
            for name, repository in repositories.items()
        }
        for watch in self._watches.values():
            watch.start()

    def collect(self, deadline: Deadline) -> Iterable[Metric]:
        """See `families`. Only the first scrapes may have to wait for a first try."""
        end = deadline.remaining() - min(MARGIN_SECONDS, deadline.remaining() / 4)
        spent = deadline.remaining() - end
        readings = {}
        for name, watch in self._watches.items():
            reading = watch.wait_first(deadline.remaining() - spent)
            if reading is not None:
                readings[name] = reading
        view = View(
            self._tool,
            self._inventory,
            self._jobs,
            readings,
            self._clock(),
            self._settings.stale_after,
            dict(self._memories),
            self._settings.poll_interval,
            self._facts,
        )
        return families(view)

    def _remember(self, name: str, contents: Contents) -> None:
        jobs = [job for job in self._jobs if job.declared.repository == name]
        declared = self._inventory.backup_repository(name)
        memory: Memory = self._memories[name].after(contents, jobs, declared, self._clock())
        self._memories[name] = memory
        self._files[name].save(memory)

    def close(self) -> None:
        """Stop watching and kill the tool, if it runs."""
        for watch in self._watches.values():
            watch.stop()
        for process in self._processes:
            process.stop()
        for watch in self._watches.values():
            watch.join(1.0)
        self._on_close()
