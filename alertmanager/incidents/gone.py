"""Alerts that Alertmanager no longer has, and whose end it did not tell.

It tells nothing of an alert that ends while it is inhibited or silenced: the
incident would page for ever about what is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.incidents.desk import Desk
from alertmanager.incidents.intake import receive
from alertmanager.incidents.malformed import OWN_FINGERPRINT
from alertmanager.incidents.received import ReceivedAlert
from alertmanager.store.journal import write_line
from alertmanager.store.tables import Alert

GONE_AFTER = 300.0
"""Seconds without it, in every survey, before an alert counts as over. An Alertmanager that was
just restarted is told again within a minute what fires."""


class Absences:
    """Since when each firing alert has been missing. Instants are monotonic seconds. No I/O."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def note(self, firing: Iterable[str], present: set[str], now: float) -> list[str]:
        """One survey: which of our firing alerts have been missing for long enough.

        A survey that shows no alert at all proves nothing, for Watchdog always fires.
        """
        if not present:
            self._since = {}
            return []
        self._since = {name: self._since.get(name, now) for name in firing if name not in present}
        return [name for name, since in self._since.items() if now - since >= GONE_AFTER]


def firing_alerts(session: Session, integration: str) -> list[str]:
    """Fingerprints of what fires according to us, our own alerts left out."""
    return list(
        session.scalars(
            select(Alert.fingerprint).where(
                Alert.integration == integration,
                Alert.status == "firing",
                Alert.fingerprint != OWN_FINGERPRINT,
            )
        )
    )


def close_gone(
    session: Session, desk: Desk, integration: str, gone: list[str], now: datetime
) -> int:
    """Resolve those alerts; how many there were."""
    rows = session.scalars(
        select(Alert).where(
            Alert.integration == integration,
            Alert.status == "firing",
            Alert.fingerprint.in_(gone[:500]),
        )
    ).all()
    for row in rows:
        write_line(session, now, "alert.gone", row.incident_id, fingerprint=row.fingerprint)
    over = [
        ReceivedAlert(row.fingerprint, False, row.labels, row.annotations, row.starts_at)
        for row in rows
    ]
    return receive(session, desk, integration, over, now)
