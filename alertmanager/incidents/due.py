"""What a due timer is for, by its kind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from alertmanager.incidents.closing import run_end_timer
from alertmanager.incidents.desk import Desk
from alertmanager.incidents.malformed import CALM, run_calm_timer
from alertmanager.incidents.paging import run_timer
from alertmanager.incidents.timers import CLOSE, QUIET
from alertmanager.store.tables import Timer


def run_due_timer(session: Session, desk: Desk, timer: Timer, now: datetime) -> None:
    """Do what the timer was set for, if that still makes sense, and mark it done."""
    if timer.kind == CALM:
        run_calm_timer(session, desk, timer, now)
    elif timer.kind in (QUIET, CLOSE):
        run_end_timer(session, desk, timer, now)
    else:
        run_timer(session, desk, timer, now)
