"""The holes to come of the rosters as they stand: the file, what changed since, and who is away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.duty.proven import proven
from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import RosterBook
from alertmanager.rosters.holes import Hole, find_holes
from alertmanager.rosters.rest import lookback


def known_holes(
    session: Session, file: RosterBook, start: datetime, end: datetime, now: datetime
) -> list[Hole]:
    """Every hole of ``start <= t < end``, knowing what the store knows `now`."""
    since = start - lookback(file.limits.longest_duty)
    changed, away = changes(session, since), leaves(session, since)
    return find_holes(
        file.with_changes(changed, away),
        start,
        end,
        leaves=away,
        verified=proven(session, file.persons, now),
        planned=file.with_changes(changed, ()),
    )
