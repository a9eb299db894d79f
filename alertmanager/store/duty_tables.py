"""The rows of the duty: what departs from the rosters' file, who is away, what was asked and told.

Their instants are half-open spans, aware and in UTC, as everywhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from alertmanager.store.tables import Base

__all__ = [
    "Base",
    "DutyNotice",
    "DutySnapshot",
    "PersonalLink",
    "RosterChange",
    "RosterLeave",
    "RosterSwap",
]

SWAP_STATES = ("offered", "taken", "approved", "refused", "withdrawn")
CHANGE_KINDS = ("override", "swap", "temporary")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class RosterChange(Base):
    """`people` answer for `roster` over the span, whatever the file says; see `rosters.changes`."""

    __tablename__ = "roster_changes"
    __table_args__ = (
        CheckConstraint(_one_of("kind", CHANGE_KINDS), name="kind"),
        Index("ix_roster_changes_cancelled_at_ends_at", "cancelled_at", "ends_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    roster: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    people: Mapped[list[str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(String(16))
    instead_of: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(Text)


class RosterLeave(Base):
    """A person who is away. `source`: ``manual``, or the calendar it was read from, by its UID."""

    __tablename__ = "roster_leaves"
    __table_args__ = (Index("ix_roster_leaves_cancelled_at_ends_at", "cancelled_at", "ends_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(160))
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
    cancelled_at: Mapped[datetime | None]


class RosterSwap(Base):
    """A turn that somebody offers to others. `cost`: what whoever took it was shown before.

    `held_seconds`: how long they were on duty in it when they offered it.
    """

    __tablename__ = "roster_swaps"
    __table_args__ = (CheckConstraint(_one_of("state", SWAP_STATES), name="state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    roster: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    offered_by: Mapped[str] = mapped_column(String(64))
    offered_to: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    held_seconds: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), index=True)
    created_at: Mapped[datetime]
    taken_by: Mapped[str | None] = mapped_column(String(64))
    taken_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]
    cost: Mapped[dict[str, Any]]
    change_id: Mapped[str | None] = mapped_column(ForeignKey("roster_changes.id"))


class PersonalLink(Base):
    """A person's secret address: their turns, swaps and calendar. Only its digest is kept."""

    __tablename__ = "personal_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class DutyNotice(Base):
    """What a person was told of their duty, once: `key` makes it the same thing.

    `kind`: ``reminder`` before it starts, ``gained`` and ``lost`` when it changes, ``takeover`` at
    its start, ``unanswered`` to the others when nobody answered that. Without `message_id` the
    person had no address. Of a take-over, `answered_at` proves that the person can be reached by
    that message's address; `escalated_at`: others were told that they did not answer.
    """

    __tablename__ = "duty_notices"
    __table_args__ = (Index("ix_duty_notices_person_kind", "person", "kind"),)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(64))
    roster: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    answered_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]


class DutySnapshot(Base):
    """Who is to be on duty over the coming 400 days, as people were last told: one row."""

    __tablename__ = "duty_snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    until: Mapped[datetime]
    shifts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
