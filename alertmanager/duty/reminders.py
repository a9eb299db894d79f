"""Reminders: which turns their people are to be reminded of now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alertmanager.duty.turns import Turn
from alertmanager.rosters.notice_rules import NoticeRules


@dataclass(frozen=True)
class Reminder:
    """`turn` begins within `before`; `due` is when its person was to be reminded."""

    turn: Turn
    before: timedelta
    due: datetime

    @property
    def key(self) -> str:
        """What makes it the same reminder."""
        start = int(self.turn.start.timestamp())
        seconds = int(self.before.total_seconds())
        return f"reminder:{self.turn.roster}:{self.turn.person.id}:{start}:{seconds}"


def due_reminders(
    turns: Iterable[Turn], rules: NoticeRules, zone: ZoneInfo, now: datetime
) -> Iterator[Reminder]:
    """One for each turn to come that is near enough: of those missed, only the last counts.

    At night they wait for the morning, unless the turn begins before it.
    """
    morning = rules.morning(now, zone)
    for turn in turns:
        near = [before for before in rules.before if turn.start - before <= now < turn.start]
        if near and (morning is None or turn.start <= morning):
            yield Reminder(turn, min(near), turn.start - min(near))
