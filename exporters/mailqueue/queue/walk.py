"""Reading the spool itself: names at each round, files only once, and not too many a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from exporters.mailqueue.queue.arrivals import UNKNOWN_ARRIVAL, Arrivals
from exporters.mailqueue.queue.ledger import Ledger
from exporters.mailqueue.queue.look import look
from exporters.mailqueue.queue.names import listed
from exporters.mailqueue.queue.snapshot import (
    QUEUES,
    Held,
    NotPermitted,
    QueueState,
    ReadFailed,
    Share,
    Snapshot,
)
from exporters.mailqueue.queue_id import arrival_of_long_id, is_long, is_queue_id
from inventory.config import reason

BATCH = 50
"""Files looked at between two pauses."""
MANY = 1000
"""So many new files take long enough to look at for their number to be told before."""
_SHOWN_NAME = 40


class Walk:
    """Follows the messages of a spool. `most_looks`: how many files one round may open.

    `pace(count)` is called after each `count` of looks and may sleep; false ends the round.
    """

    method = "walk"

    def __init__(
        self,
        directory: Path,
        wall_clock: Callable[[], float],
        most_looks: int,
        pace: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._directory = str(directory)
        self._now, self._most_looks, self._pace = wall_clock, most_looks, pace
        self._ledger = Ledger()
        self._rows: dict[str, dict[str, int]] = {queue: {} for queue in QUEUES}
        # Name to (queue, folder): never looked at; and looked at while still being written.
        self._pending: dict[str, tuple[str, str]] = {}
        self._unfinished: dict[str, tuple[str, str]] = {}
        self._arrivals = {queue: Arrivals() for queue in QUEUES}
        self._unknown: dict[str, int] = {}
        self._states: dict[str, QueueState] = {}
        self._shares: dict[str, Share] = {}
        self._held: dict[str, Held] = {}
        self._changed: set[str] = set(QUEUES)
        self._new_spool = True

    def read(self) -> Iterator[Snapshot]:
        """One round: a snapshot by names when many files are new, and one when it is over.

        Raise NotPermitted or ReadFailed; what is known already stays known.
        """
        self._list()
        if len(self._pending) > MANY:
            yield self._snapshot()
        self._look()
        yield self._snapshot()

    def _list(self) -> None:
        """Take in the names of all queues as they are now."""
        fresh: list[tuple[str, str, list[str]]] = []
        left: dict[str, list[str]] = {}
        for queue in QUEUES:
            folder = f"{self._directory}/{queue}"
            try:
                left[queue] = self._compare(queue, folder, fresh)
            except OSError as error:
                raise _refusal(folder, error) from None
        gone: dict[str, int] = {}
        for queue, names in left.items():
            for name in names:
                gone[name] = row = self._rows[queue].pop(name)
                self._arrivals[queue].remove(self._ledger.arrival(row))
            if names:
                self._changed.add(queue)
        strangers = self._enter(fresh, gone)
        for name, row in gone.items():
            self._ledger.free(row)
            self._pending.pop(name, None)
            self._unfinished.pop(name, None)
        self._new_spool = False
        self._note(strangers)

    def _compare(self, queue: str, top: str, fresh: list[tuple[str, str, list[str]]]) -> list[str]:
        """The known messages that left the queue. What is new in it is put into `fresh`."""
        rows = self._rows[queue]
        listings: list[set[str]] = []
        known = 0
        for folder, listing in listed(top):
            names = set(listing)
            listings.append(names)
            new = names.difference(rows)
            known += len(names) - len(new)
            # Hidden names (``.nfs...``) are not Postfix's.
            if new := {name for name in new if name[0] != "."}:
                fresh.append((queue, folder, list(new)))
        if known == len(rows):
            return []  # all are still there: no need to look for each
        present: set[str] = set().union(*listings)
        return [name for name in rows if name not in present]

    def _enter(
        self, fresh: list[tuple[str, str, list[str]]], gone: dict[str, int]
    ) -> dict[str, list[str]]:
        """Give each new name its row. Return the names that are no queue ids, by queue."""
        strangers: dict[str, list[str]] = {queue: [] for queue in QUEUES}
        for queue, folder, names in fresh:
            rows, arrivals = self._rows[queue], self._arrivals[queue]
            for name in names:
                if any(name in queued for queued in self._rows.values()):
                    continue  # it moved during this listing: it counts where it was
                row = gone.pop(name, None)
                if row is not None:
                    self._move(name, row, queue, folder)
                elif is_queue_id(name):
                    row = self._add(queue, folder, name)
                else:
                    strangers[queue].append(f"{folder}/{name[:_SHOWN_NAME]}")
                    continue
                rows[name] = row
                arrivals.add(self._ledger.arrival(row))
            self._changed.add(queue)
        return strangers

    def _note(self, strangers: dict[str, list[str]]) -> None:
        """A stray file is counted; when most are, the ids have a form we do not know: an error."""
        for queue, paths in strangers.items():
            if len(paths) > len(self._rows[queue]):
                raise ReadFailed(
                    f"{paths[0]!r} n'est pas un identifiant de file connu"
                    f" (fichiers ainsi nommés dans {queue} : {len(paths)}) ;"
                    " attendu : ceux de Postfix"
                )
            if len(paths) != self._unknown.get(queue):
                self._changed.add(queue)
            self._unknown[queue] = len(paths)

    def _move(self, name: str, row: int, queue: str, folder: str) -> None:
        if queue == "hold":
            self._ledger.hold(row, self._now())
        for waiting in (self._pending, self._unfinished):
            if name in waiting:
                waiting[name] = (queue, folder)

    def _add(self, queue: str, folder: str, name: str) -> int:
        self._pending[name] = (queue, folder)
        arrival = arrival_of_long_id(name) if is_long(name) else UNKNOWN_ARRIVAL
        # One that comes into `hold` while we watch was held now; else its file tells.
        held = self._now() if queue == "hold" and not self._new_spool else 0.0
        return self._ledger.add(arrival, held)

    def _look(self) -> None:
        """Open the files never looked at, and again those that were being written."""
        again = list(islice(self._unfinished.items(), self._most_looks))
        names = [*again, *islice(self._pending.items(), max(0, self._most_looks - len(again)))]
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            for name, (queue, folder) in batch:
                self._look_at(name, queue, folder)
            if not self._pace(len(batch)):
                return

    def _look_at(self, name: str, queue: str, folder: str) -> None:
        rows = self._rows[queue]
        self._changed.add(queue)
        self._pending.pop(name, None)
        self._unfinished.pop(name, None)
        try:
            seen = look(folder, name)
        except FileNotFoundError:
            # It left the queue; if it only moved to another one, the next round finds it there.
            row = rows.pop(name)
            self._arrivals[queue].remove(self._ledger.arrival(row))
            self._ledger.free(row)
            return
        except OSError as error:
            self._pending[name] = (queue, folder)
            raise _refusal(f"{folder}/{name}", error) from None
        if seen.arrival != (before := self._ledger.arrival(rows[name])):
            self._arrivals[queue].remove(before)
            self._arrivals[queue].add(seen.arrival)
        self._ledger.fill(rows[name], seen)
        if not seen.lasting and queue != "corrupt":
            self._unfinished[name] = (queue, folder)

    def _snapshot(self) -> Snapshot:
        if self._changed:
            waiting = {queue for queue, _ in self._pending.values()}
            for queue in self._changed:
                rows = self._rows[queue].values()
                self._states[queue] = QueueState(
                    messages=len(rows),
                    bytes=None if queue in waiting else self._ledger.bytes(rows),
                    arrivals=self._arrivals[queue].in_order(),
                    unknown=self._unknown[queue],
                )
            self._shares = self._ledger.shares()
            if "hold" in self._changed:
                self._held = self._ledger.held(self._rows["hold"].values())
            self._changed.clear()
        total = sum(len(rows) for rows in self._rows.values())
        return Snapshot(
            method=self.method,
            queues={queue: self._states[queue] for queue in QUEUES},
            attributed=total - len(self._pending),
            shares=self._shares,
            held=self._held,
        )


def _refusal(path: str, error: OSError) -> ReadFailed:
    kind = NotPermitted if isinstance(error, PermissionError) else ReadFailed
    return kind(
        f"{path} illisible : {reason(error)} ; attendu : le droit de lecture"
        " (CAP_DAC_READ_SEARCH ou l'utilisateur postfix)"
    )
