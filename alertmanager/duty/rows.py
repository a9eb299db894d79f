"""From the rows of the store to what the engine takes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from alertmanager.rosters.changes import Change, Leave
from alertmanager.store.duty_tables import RosterChange, RosterLeave


def changes(session: Session, since: datetime | None = None) -> tuple[Change, ...]:
    """The changes in force that end after `since`, all of them without it; first made first."""
    wanted: list[ColumnElement[bool]] = [RosterChange.cancelled_at.is_(None)]
    if since is not None:
        wanted.append(RosterChange.ends_at > since)
    rows = session.scalars(
        select(RosterChange).where(*wanted).order_by(RosterChange.created_at, RosterChange.id)
    )
    return tuple(
        Change(
            row.id,
            row.roster,
            row.starts_at,
            row.ends_at,
            tuple(row.people),
            row.kind,  # type: ignore[arg-type]  # the table admits no other
            row.instead_of,
            row.created_at,
            row.reason,
        )
        for row in rows
    )


def leaves(session: Session, since: datetime | None = None) -> tuple[Leave, ...]:
    """The leaves in force that end after `since`, all of them without it; the first start first."""
    wanted: list[ColumnElement[bool]] = [RosterLeave.cancelled_at.is_(None)]
    if since is not None:
        wanted.append(RosterLeave.ends_at > since)
    rows = session.scalars(
        select(RosterLeave).where(*wanted).order_by(RosterLeave.starts_at, RosterLeave.id)
    )
    return tuple(
        Leave(row.id, row.person, row.starts_at, row.ends_at, row.source, row.note) for row in rows
    )
