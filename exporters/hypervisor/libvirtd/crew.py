"""Statistics of many guests read by a few callers, of which stuck guests can hold only some.

Guests are asked in batches. A batch that does not return within the patience holds its
caller: it is left out alone, and its guests are asked once more by another. libvirt skips
the guest that the first call waits for (it holds the guest's job, and the calls are made
with NOWAIT), so this second call returns, and tells nothing of that guest's monitor.

At most LIMIT calls are out, whatever hangs, and at most WIDTH of them are still waited for: one
that hangs slows nobody down, and libvirtd keeps its workers (twenty unless told otherwise) for the
operators.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Condition
from time import monotonic
from typing import NamedTuple

from exporters.hypervisor.libvirtd.caller import Call, Caller
from exporters.hypervisor.libvirtd.statistics import Record, Statistics

WIDTH, LIMIT = 2, 3
ACTIVE_WEIGHT, BATCH_WEIGHT = 8, 400
"""A guest that runs costs libvirt dozens of times what one that does not run does. Small
batches leave few guests to be asked again, large ones cost fewer calls."""


SECOND_SHARE = 0.75
"""Of the patience, for a call begun when it is nearly over. More than half: whoever holds that
call has been held for long enough by then to be called stuck."""


class Batch(NamedTuple):
    """Guests asked in one call: those that run, or those that do not, of whom less is asked."""

    uuids: tuple[str, ...]
    active: bool


def batches(guests: Mapping[str, bool]) -> list[Batch]:
    """Guests (uuid -> whether it runs) in batches of about the same cost, running ones first."""
    running = [uuid for uuid, active in guests.items() if active]
    others = [uuid for uuid, active in guests.items() if not active]
    return [
        *_shares(running, BATCH_WEIGHT // ACTIVE_WEIGHT, active=True),
        *_shares(others, BATCH_WEIGHT, active=False),
    ]


def _shares(uuids: list[str], most: int, *, active: bool) -> list[Batch]:
    # As many for each caller as for the others, so that they end together.
    rounds = -(-len(uuids) // (WIDTH * most))
    size = max(1, -(-len(uuids) // (WIDTH * max(1, rounds))))
    shares = [tuple(uuids[start : start + size]) for start in range(0, len(uuids), size)]
    return [Batch(share, active) for share in shares]


class Outcome:
    """What a round found. `unread` are guests of whom no call told anything."""

    def __init__(self, uuids: Iterable[str]) -> None:
        self.records: dict[str, Record] = {}
        self.unread = set(uuids)
        self.vanished: set[str] = set()
        self.errors: list[Exception] = []
        self.caught = False
        """Whether as many calls hang as may: no other was made."""


class Crew:
    """The callers of one hypervisor for statistics."""

    def __init__(self, hire: Callable[[Condition], Caller], statistics: Statistics) -> None:
        self._hire, self._statistics = hire, statistics
        self._changed = Condition()
        self._callers: list[Caller] = []

    @property
    def outstanding(self) -> int:
        """How many calls have not returned."""
        return sum(caller.call is not None for caller in self._callers)

    def close(self) -> None:
        """Let the callers go; one that hangs goes when its call returns."""
        for caller in self._callers:
            caller.retire()

    def read(self, work: Iterable[Batch], patience: float, end: float) -> Outcome:
        """Read the statistics of these guests. Returns by `end` (monotonic) at the latest."""
        return _Round(self, work, patience, end).run()

    def begin(self, batch: Batch) -> Call | None:
        """Ask for a batch, if a caller is free."""
        caller = next((caller for caller in self._callers if caller.call is None), None)
        if caller is None:
            if len(self._callers) >= LIMIT:
                return None
            caller = self._hire(self._changed)
            self._callers.append(caller)
        return caller.ask(lambda link: self._statistics.whole(link, *batch), batch)

    def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Until `ready`, or as long as that."""
        with self._changed:
            self._changed.wait_for(ready, max(0.0, seconds))

    def complete(self, record: Record | None) -> bool:
        """Whether nothing more can be learnt of this guest by asking again."""
        return record is not None and self._statistics.answered(record[3]) is not False


class _Round:
    def __init__(self, crew: Crew, work: Iterable[Batch], patience: float, end: float) -> None:
        self._crew, self._patience, self._end = crew, patience, end
        self._queue = deque(work)
        self._began = monotonic()
        self._calls: list[Call] = []
        self._outcome = Outcome(uuid for batch in self._queue for uuid in batch.uuids)

    def run(self) -> Outcome:
        while monotonic() < self._end:
            self._take()
            self._leave_late()
            punctual = self._hand_out()
            if not punctual:
                self._outcome.caught = bool(self._queue)
                break
            due = min(map(self._due, punctual))
            self._crew.wait(
                lambda: any(call.ended is not None for call in self._calls),
                min(due, self._end) - monotonic(),
            )
        self._take()
        for call in self._calls:
            call.late = True
        return self._outcome

    def _due(self, call: Call) -> float:
        """When it is late: the round has one patience, not one for each batch in turn."""
        return max(self._began + self._patience, call.began + self._patience * SECOND_SHARE)

    def _take(self) -> None:
        for call in [call for call in self._calls if call.ended is not None]:
            self._calls.remove(call)
            if call.error is not None:
                self._outcome.errors.append(call.error)
                continue
            told = {record[1]: record for record in call.answer}
            for uuid in call.about.uuids:
                self._outcome.unread.discard(uuid)
                record = told.get(uuid)
                if record is None:
                    self._outcome.vanished.add(uuid)
                elif not self._crew.complete(self._outcome.records.get(uuid)):
                    self._outcome.records[uuid] = record

    def _leave_late(self) -> None:
        now = monotonic()
        for call in self._calls:
            if not call.late and now >= self._due(call):
                call.late = True
                self._queue.append(call.about)

    def _hand_out(self) -> list[Call]:
        """Begin what may be begun; the calls under way that are not late."""
        punctual = [call for call in self._calls if not call.late]
        held = self._crew.outstanding - sum(call.ended is None for call in punctual)
        width = min(WIDTH, LIMIT - held)
        while self._queue and len(punctual) < width:
            call = self._crew.begin(self._queue[0])
            if call is None:
                break
            self._queue.popleft()
            self._calls.append(call)
            punctual.append(call)
        return punctual
