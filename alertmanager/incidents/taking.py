"""Somebody takes many incidents at once: one confirmation to them, one word to each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.delivery.dispatch import Courtesy, tell
from alertmanager.delivery.sms_text import (
    all_taken_text,
    clock,
    nothing_left_text,
    others_took_text,
)
from alertmanager.incidents.closing import Paged, acknowledge, paged
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.machine import OVER, State
from alertmanager.store.tables import Incident

_NOT_WAITING = OVER | {State.ACKNOWLEDGED, State.SNOOZED}  # somebody has it, or put it off


def take_all(
    session: Session,
    desk: Desk,
    incidents: Sequence[Incident],
    who: Paged,
    now: datetime,
    *,
    code: str,
    by: str = "",
) -> int:
    """Take every one that waits for somebody; how many did. `code` is what was answered to."""
    waiting = [incident for incident in incidents if incident.state not in _NOT_WAITING]
    key = f"{code}:{who.address}:{now.timestamp():.6f}"
    if not waiting:
        said: Courtesy = ("confirmation", f"none:{key}", nothing_left_text(code))
        if incidents:
            tell(session, desk.channels, [who], said, now, incident=incidents[0].id)
        return 0
    if len(waiting) == 1 and len(incidents) == 1:
        acknowledge(session, desk, waiting[0], who, now, by=by)
        return 1
    others: dict[str, tuple[Paged, int]] = {}
    for incident in waiting:
        acknowledge(session, desk, incident, who, now, quiet=True, by=by)
        for other in paged(session, incident):
            if other.person != who.person:
                known, count = others.get(other.person, (other, 0))
                others[other.person] = known, count + 1
    at = clock(now, now, desk.zone)
    text = all_taken_text(code, len(waiting), at, len(incidents) - len(waiting))
    said = ("confirmation", f"all:{key}", text)
    tell(session, desk.channels, [who], said, now, incident=waiting[0].id)
    for other, count in others.values():
        taken: Courtesy = ("taken", f"all:{key}", others_took_text(who.name, count, at))
        tell(session, desk.channels, [other], taken, now, incident=waiting[0].id)
    return len(waiting)
