"""A reminder of a turn to the person whose it is, once, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.delivery.duty_text import reminder_text
from alertmanager.duty.reminders import Reminder
from alertmanager.duty.telling import tell_one
from alertmanager.incidents.desk import Desk
from alertmanager.rosters import RosterBook
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.store.journal import write_line


def remind(
    session: Session, desk: Desk, book: RosterBook, reminder: Reminder, now: datetime
) -> bool:
    """Remind the person of the turn; False: not now, they were told enough lately.

    Not those who learned that the turn is theirs when they were to be reminded already.
    """
    turn = reminder.turn
    if session.get(DutyNotice, reminder.key) is not None or _just_told(session, reminder):
        return True
    name = book.roster_name(turn.roster)
    text = reminder_text(name, turn.start, turn.end, now, book.zone)
    sent = tell_one(session, desk, turn.person, ("reminder", reminder.key, text), now)
    if sent.later:
        return False
    session.add(
        DutyNotice(
            key=reminder.key,
            kind="reminder",
            person=turn.person.id,
            roster=turn.roster,
            starts_at=turn.start,
            ends_at=turn.end or turn.start,
            decided_at=now,
            message_id=sent.message_id,
        )
    )
    write_line(
        session,
        now,
        "duty.reminded",
        person=turn.person.id,
        roster=turn.roster,
        starts=turn.start.isoformat(),
        **sent.facts,
    )
    return True


def _just_told(session: Session, reminder: Reminder) -> bool:
    turn = reminder.turn
    gained = select(DutyNotice.key).where(
        DutyNotice.kind == "gained",
        DutyNotice.person == turn.person.id,
        DutyNotice.roster == turn.roster,
        DutyNotice.starts_at <= turn.start,
        DutyNotice.ends_at > turn.start,
        DutyNotice.decided_at >= reminder.due,
    )
    return session.scalar(gained.limit(1)) is not None
