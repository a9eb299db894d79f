"""Sums over the last minutes, for each account: messages, recipients, places. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import NonNegativeInt

PLACES_LIMIT = 1000
"""Distinct client addresses told apart for one account; beyond it they are not counted."""


@dataclass(slots=True)
class Totals:
    """One account in one window."""

    messages: int = 0
    recipients: int = 0
    places: Counter[str] = field(default_factory=Counter)
    parts: int = 0  # entries of the window that make it up; without any it is gone


Entry = tuple[str, str, NonNegativeInt, NonNegativeInt]
"""Account, place, messages, recipients: what each step of a window is saved as."""


class Window:
    """The last `seconds`, forgotten in steps of a sixtieth of that (at least one second).

    Memory: one entry for each (step, account, place) that sent something.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._step = max(1, seconds // 60)
        self._slots: dict[int, dict[tuple[str, str], list[int]]] = {}
        self._totals: dict[str, Totals] = {}
        self._changed: set[int] = set()

    def add(
        self,
        time: int,
        now: int,
        account: str,
        *,
        place: str = "",
        messages: int = 0,
        recipients: int = 0,
    ) -> None:
        """Count what happened at `time`; later than `now` counts as now.

        `place` is empty where it is not known (recipients are logged without one).
        """
        slot = min(time, now) // self._step
        if slot >= self._first(now):
            self._add(slot, account, place, messages, recipients)

    def totals(self, now: int) -> dict[str, Totals]:
        """Every account with something in the window that ends at `now`. Do not change it."""
        first, present = self._first(now), now // self._step
        for slot in [slot for slot in self._slots if not first <= slot <= present]:
            self._changed.add(slot)
            for (account, place), (messages, recipients) in self._slots.pop(slot).items():
                self._subtract(account, place, messages, recipients)
                if slot > present:
                    # The clock was set back: this would count until its false time comes.
                    self._add(present, account, place, messages, recipients)
        return self._totals

    def changes(self) -> Iterator[tuple[int, list[Entry] | None]]:
        """Each step (its beginning in Unix seconds) other than at the last call; None: gone."""
        changed, self._changed = self._changed, set()
        for slot in sorted(changed):
            parts = self._slots.get(slot)
            entries = [(*key, sums[0], sums[1]) for key, sums in parts.items()] if parts else None
            yield slot * self._step, entries

    def change_all(self) -> None:
        """Every step counts as changed: what was saved is lost."""
        self._changed = set(self._slots)

    def restore(self, time: int, entries: Iterable[Entry]) -> None:
        """Put the saved entries of one step back."""
        slot = time // self._step
        for account, place, messages, recipients in entries:
            self._add(slot, account, place, messages, recipients)
        self._changed.discard(slot)

    def _first(self, now: int) -> int:
        # The present slot is not full yet: a window is never shorter than asked.
        return (now - self.seconds) // self._step

    def _add(self, slot: int, account: str, place: str, messages: int, recipients: int) -> None:
        self._changed.add(slot)
        totals = self._totals.get(account)
        if totals is None:
            totals = self._totals[account] = Totals()
        if place not in totals.places and len(totals.places) >= PLACES_LIMIT:
            place = ""
        parts = self._slots.setdefault(slot, {})
        if (account, place) not in parts:
            parts[account, place] = [0, 0]
            totals.parts += 1
        entry = parts[account, place]
        entry[0] += messages
        entry[1] += recipients
        totals.messages += messages
        totals.recipients += recipients
        if place:
            totals.places[place] += messages

    def _subtract(self, account: str, place: str, messages: int, recipients: int) -> None:
        totals = self._totals[account]
        totals.messages -= messages
        totals.recipients -= recipients
        if place:
            totals.places[place] -= messages
            if totals.places[place] <= 0:
                del totals.places[place]
        totals.parts -= 1
        if not totals.parts:
            del self._totals[account]
