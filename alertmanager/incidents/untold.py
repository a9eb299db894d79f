"""Alerts that Alertmanager fires to us and that nobody told us of.

Cut off by `max_alerts`, refused as part of a body nobody could read, or lost with a machine.
"""

from __future__ import annotations

from collections.abc import Collection


class Strangers:
    """The unknown alerts of the last survey: what tells of one may be on its way. No I/O."""

    def __init__(self) -> None:
        self._seen: frozenset[str] = frozenset()

    def note(self, unknown: Collection[str]) -> list[str]:
        """One survey: those that were unknown in the one before it too."""
        again = sorted(self._seen.intersection(unknown))
        self._seen = frozenset(unknown).difference(again)
        return again
