"""Guests that do not run: what their statistics say is only their size, and stays for weeks.

Their state is read at each scrape. Their sizes are read in turns, a share at each scrape and
none less often than LONGEST, so that a thousand of them cost what two hundred and fifty do.
One that has just stopped, or whose state or name changed, is read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic

from exporters.hypervisor.libvirtd.statistics import Record

TURNS, LONGEST = 4, 60.0


class Resting:
    """The last record of each guest that does not run, by uuid."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Record, float]] = {}
        self._turn = 0

    def due(self, listed: Mapping[str, Record]) -> dict[str, bool]:
        """Of all guests with their states: whom to ask now (uuid -> whether it runs)."""
        self._turn = (self._turn + 1) % TURNS
        oldest = monotonic() - LONGEST
        asked: dict[str, bool] = {}
        still: dict[str, tuple[Record, float]] = {}
        for number, (uuid, record) in enumerate(listed.items()):
            kept = self._kept.get(uuid)
            if kept is not None and kept[1] >= oldest and _same_state(kept[0], record):
                still[uuid] = kept
                if number % TURNS != self._turn:
                    continue
            asked[uuid] = record[2] != -1
        self._kept = still
        return asked

    def keep(self, records: Iterable[Record]) -> None:
        """Remember those of these records that are of guests that do not run."""
        now = monotonic()
        for record in records:
            if record[2] == -1:
                kept = self._kept.get(record[1])
                # The same object while nothing changed: its lines are then made once.
                same = kept is not None and kept[0] == record
                self._kept[record[1]] = (kept[0] if kept is not None and same else record, now)

    def record(self, uuid: str) -> Record | None:
        """The last record of a guest that does not run."""
        kept = self._kept.get(uuid)
        return None if kept is None else kept[0]


def _same_state(kept: Record, listed: Record) -> bool:
    name, _, run, raw = kept
    if (name, run) != (listed[0], listed[2]):
        return False
    return all(raw.get(key) == value for key, value in listed[3].items())
