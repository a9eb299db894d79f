"""One collector: called once at a time, in a thread of its own, never waited for too long."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import cast

from exporters.toolkit.collector import (
    Collector,
    CollectorError,
    Deadline,
    Family,
    NoData,
    TargetCollector,
)
from exporters.toolkit.families import checked
from exporters.toolkit.once import Once


class TooSlow(CollectorError):
    """The collector did not answer before its deadline."""


@dataclass(frozen=True)
class Outcome:
    """What one collector gave to one scrape. `error` is empty on success; for the log only."""

    name: str
    duration: float
    families: Sequence[Family] = ()
    error: str = ""


class Run:
    """One call in progress, shared by every scrape that waits for it, until the latest deadline.

    `wanted`: whether a scrape waits for families; nobody does while we start.
    """

    def __init__(self, deadline: Deadline, *, wanted: bool) -> None:
        self.deadline = deadline.copy()
        self.wanted = wanted
        self.started = deadline.now()
        self.ended: float | None = None
        self.done = Event()
        self.families: list[Family] = []
        self.exception: BaseException | None = None

    @property
    def overdue(self) -> bool:
        """Whether it should have answered by now and has not."""
        return not self.done.is_set() and self.deadline.remaining() <= 0

    def duration(self) -> float:
        """Seconds since it began, or that it took."""
        return (self.deadline.now() if self.ended is None else self.ended) - self.started


def describe(error: BaseException) -> str:
    """An exception in one line; for one that nobody foresaw, with the place it came from."""
    if isinstance(error, CollectorError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _collect_of(collector: Collector, deadline: Deadline) -> Iterable[Family]:
    return collector.collect(deadline)


def _target_of(target: str, collector: Collector, deadline: Deadline) -> Iterable[Family]:
    return cast("TargetCollector", collector).collect_target(target, deadline)


class Runner:
    """Builds a collector, runs it and closes it. Thread-safe.

    Each of `targets` has a runner of its own around the same collector object, so that a
    slow target delays no other. `shared` counts the scrapes that joined a call in progress.
    """

    def __init__(
        self,
        name: str,
        build: Callable[[], Collector],
        now: Callable[[], float] = monotonic,
        targets: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.shared = 0
        self._once = Once(build)
        self._now = now
        self._work_of: Callable[[Collector, Deadline], Iterable[Family]] = _collect_of
        self._lock = Lock()
        self._current: Run | None = None
        self.targets = {target: self._for_target(target) for target in targets}

    def _for_target(self, target: str) -> Runner:
        runner = Runner(self.name, self._once.get, self._now)
        runner._work_of = partial(_target_of, target)
        return runner

    def prepare(self, deadline: Deadline) -> Run:
        """Start building the collector, so that it watches from now on."""
        return self._begin(deadline, self._prepare, wanted=False)

    def begin(self, deadline: Deadline) -> Run:
        """Start a collection, or join the one in progress."""
        return self._begin(deadline, self._collect, wanted=True)

    def finish(self, run: Run, deadline: Deadline) -> Outcome:
        """Wait for a run until `deadline`. A run that is overdue already is not waited for."""
        if not run.overdue:
            run.done.wait(deadline.remaining())
        if not run.done.is_set():
            # Without figures: the line must stay the same from scrape to scrape.
            return Outcome(self.name, run.duration(), error="pas de réponse dans le délai")
        if run.exception is None or isinstance(run.exception, NoData):
            return Outcome(self.name, run.duration(), run.families)
        return Outcome(self.name, run.duration(), run.families, describe(run.exception))

    def close(self, deadline: Deadline) -> str:
        """Close the collector. Return what went wrong (empty when all went well)."""
        half = Deadline.after(deadline.remaining() / 2, self._now)
        for probe in self.targets.values():
            # A target that hangs for ever must not keep the state from being saved.
            probe.settle(half)
        current = self.settle(deadline)
        run = self._begin(deadline, self._shut, wanted=False)
        run.done.wait(deadline.remaining())
        if run is current or not run.done.is_set():
            return "toujours occupé, abandonné"
        return describe(run.exception) if run.exception is not None else ""

    def settle(self, deadline: Deadline) -> Run | None:
        """Wait until the call in progress has ended; return it."""
        with self._lock:
            current = self._current
        if current is not None:
            current.done.wait(deadline.remaining())
        return current

    def _begin(self, deadline: Deadline, work: Callable[[Run], None], *, wanted: bool) -> Run:
        with self._lock:
            if self._current is not None and not self._current.done.is_set():
                if wanted and not self._current.overdue:
                    self.shared += self._current.wanted
                    self._current.wanted = True
                    self._current.deadline.put_off(deadline)
                return self._current
            run = self._current = Run(deadline, wanted=wanted)
        # A daemon: a call that hangs for ever must not keep the process alive.
        thread = Thread(target=self._work, args=(run, work), name=self.name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            run.exception = error
            run.done.set()
        return run

    def _work(self, run: Run, work: Callable[[Run], None]) -> None:
        try:
            work(run)
        except BaseException as error:  # noqa: BLE001 - isolation: nothing may leave this thread
            run.exception = error
        self._end(run)

    def _end(self, run: Run) -> None:
        run.ended = self._now()
        run.done.set()

    def _prepare(self, run: Run) -> None:
        self._once.get()
        with self._lock:
            if not run.wanted:
                self._end(run)
                return
        # A scrape came while it was being built: an empty answer would look like a good one.
        self._collect(run)

    def _collect(self, run: Run) -> None:
        families = []
        try:
            for family in self._work_of(self._once.get(), run.deadline):
                families.append(family)
                if run.deadline.remaining() <= 0:
                    raise TooSlow("pas de réponse dans le délai")
        except CollectorError as error:
            run.families = checked(error.families)
            raise
        run.families = checked(families)

    def _shut(self, run: Run) -> None:  # noqa: ARG002 - same shape as the other calls
        if self._once.made is not None:
            self._once.made.close()
