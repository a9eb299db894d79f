"""What people are told of their duty, as the rosters' file asks for it. No I/O."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from alertmanager.rosters.notice_rules import NoticeRules
from alertmanager.rosters.settings import Entry, WallTime
from inventory.config import Duration
from inventory.config.fields import within

_DAY = 24 * 3600
Before = Annotated[Duration, within(60, 60 * _DAY, "de 1m à 60d")]
AnswerWithin = Annotated[Duration, within(60, _DAY, "de 1m à 24h")]


class NightSettings(Entry):
    """When courtesies wait for the morning."""

    starts: WallTime = Field(time(22), alias="from")
    ends: WallTime = Field(time(7), alias="to")

    @model_validator(mode="after")
    def _some_day_is_left(self) -> Self:
        if self.starts == self.ends:
            raise ValueError(
                "la nuit commence et finit à la même heure ; attendu : deux heures,"
                ' ex. from: "22:00", to: "07:00"'
            )
        return self


class ReminderSettings(Entry):
    """Reminders before a turn begins, and notice of every change of the duty."""

    before: tuple[Before, ...] = (timedelta(days=7), timedelta(hours=24), timedelta(hours=1))
    changes: bool = True
    night: NightSettings = NightSettings()


class TakeoverSettings(Entry):
    """The text that whoever takes the duty over must answer."""

    test: bool = True
    answer_within: AnswerWithin = timedelta(minutes=15)


def notice_rules(
    reminders: ReminderSettings | None, takeover: TakeoverSettings | None
) -> NoticeRules:
    """The rules of a file; a block that is not there asks for nothing."""
    asked = reminders or ReminderSettings(before=(), changes=False)
    ritual = takeover or TakeoverSettings(test=False)
    return NoticeRules(
        asked.before,
        asked.changes,
        (asked.night.starts, asked.night.ends),
        ritual.test,
        ritual.answer_within,
    )
