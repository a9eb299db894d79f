"""Under which condition a layer answers. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from alertmanager.rosters.calendar import Calendar
from alertmanager.rosters.daily import State
from alertmanager.rosters.walltime import Interval


class Condition(Protocol):
    """Holds at some instants. `text` is French, as in « le tour vaut : heures ouvrées »."""

    @property
    def text(self) -> str:
        """When it holds."""

    def at(self, instant: datetime) -> State:
        """(does it hold?, the interval over which that stays so)."""


class Always:
    """At every instant."""

    text = "à toute heure"

    def at(self, instant: datetime) -> State:  # noqa: ARG002  (Condition's)
        """Yes, without end."""
        return True, Interval()


class OfficeHours:
    """While the office is open, or while it is not."""

    def __init__(self, calendar: Calendar, while_open: bool) -> None:
        self._calendar = calendar
        self._while_open = while_open
        self.text = "heures ouvrées" if while_open else "hors heures ouvrées"

    def at(self, instant: datetime) -> State:
        """Whether the office is open, or is not."""
        opened, interval = self._calendar.at(instant)
        return opened == self._while_open, interval
