"""A firing that may be out of date: Alertmanager is asked before anybody is woken.

One that comes just after its own "resolved" with the same start is either late on the way, and
over, or an alert that Alertmanager had given up too early, and that fires. A body that waited in
the emergency spool may be over too, and Alertmanager tells no end of what it never told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from alertmanager.incidents.episodes import Episode, Key
from alertmanager.incidents.received import Batch, ReceivedAlert
from alertmanager.store.journal import write_line
from alertmanager.store.tables import LateAlert

LATE_WITHIN = timedelta(minutes=2)
"""After its "resolved", how long a firing with the same start is doubted."""
ANSWER_WITHIN = timedelta(seconds=30)
"""Without an answer for that long, it fires: better a page too many."""


class Doubts:
    """The doubtful alerts of a batch; only of integrations whose Alertmanager can be asked."""

    def __init__(self, session: Session, asked: Collection[str]) -> None:
        self._session, self._asked = session, asked
        self._rows: dict[Key, dict[str, Any]] = {}
        self._waiting: dict[Key, int] | None = None

    def doubts(
        self, batch: Batch, alert: ReceivedAlert, known: Episode | None, now: datetime
    ) -> bool:
        """Whether this firing must be asked about. `known` is its last episode, which is over."""
        if batch.integration not in self._asked:
            return False
        if batch.doubted:
            return True
        return (
            known is not None
            and known.resolved_at is not None
            and now - known.resolved_at <= LATE_WITHIN
            and alert.starts_at <= known.starts_at
        )

    def note(self, batch: Batch, alert: ReceivedAlert, now: datetime) -> None:
        """Put it down, once."""
        key = batch.integration, alert.fingerprint
        if key in self._rows or key in self._unsettled():
            return
        self._rows[key] = {
            "integration": batch.integration,
            "fingerprint": alert.fingerprint,
            "received_at": now,
            "alert": _to_json(alert),
            "settled_at": None,
        }
        write_line(
            self._session,
            now,
            "alert.doubted",
            integration=batch.integration,
            fingerprint=alert.fingerprint,
        )

    def drop(self, integration: str, fingerprint: str, now: datetime) -> None:
        """Its "resolved" came: nothing is left to ask."""
        key = integration, fingerprint
        if self._rows.pop(key, None) is None and key in self._unsettled():
            _settle(self._session, self._unsettled().pop(key), now)

    def write(self, session: Session) -> int:
        """The rows, at the end of the batch; how many there are."""
        rows = list(self._rows.values())
        if rows:
            session.execute(insert(LateAlert.__table__), rows)  # type: ignore[arg-type]
        return len(rows)

    def _unsettled(self) -> dict[Key, int]:
        if self._waiting is None:
            rows = self._session.execute(
                select(LateAlert.integration, LateAlert.fingerprint, LateAlert.id).where(
                    LateAlert.settled_at.is_(None)
                )
            )
            self._waiting = {(integration, name): number for integration, name, number in rows}
        return self._waiting


@dataclass(frozen=True)
class Doubted:
    """One that waits for an answer."""

    id: int
    alert: ReceivedAlert
    received_at: datetime


def doubted(session: Session, integration: str) -> list[Doubted]:
    """What waits for an answer, oldest first."""
    rows = session.scalars(
        select(LateAlert)
        .where(LateAlert.integration == integration, LateAlert.settled_at.is_(None))
        .order_by(LateAlert.id)
    )
    return [
        Doubted(row.id, _from_json(row.fingerprint, row.alert), row.received_at) for row in rows
    ]


def settle(
    session: Session,
    integration: str,
    fires: Sequence[Doubted],
    over: Sequence[Doubted],
    now: datetime,
) -> list[ReceivedAlert]:
    """Note the answers; the alerts to take in. One that another process settled is left out."""
    left = set(
        session.scalars(
            select(LateAlert.id).where(
                LateAlert.integration == integration, LateAlert.settled_at.is_(None)
            )
        )
    )
    taken = []
    for one in (*fires, *over):
        if one.id not in left:
            continue
        _settle(session, one.id, now)
        if one in over:
            write_line(
                session,
                now,
                "alert.late",
                integration=integration,
                fingerprint=one.alert.fingerprint,
                alertname=one.alert.labels.get("alertname", ""),
            )
        else:
            taken.append(one.alert)
    return taken


def _settle(session: Session, identifier: int, now: datetime) -> None:
    session.execute(update(LateAlert).where(LateAlert.id == identifier).values(settled_at=now))


def _to_json(alert: ReceivedAlert) -> dict[str, Any]:
    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "starts_at": alert.starts_at.isoformat(),
        "generator_url": alert.generator_url,
    }


def _from_json(fingerprint: str, data: dict[str, Any]) -> ReceivedAlert:
    return ReceivedAlert(
        fingerprint=fingerprint,
        firing=True,
        labels=data["labels"],
        annotations=data["annotations"],
        starts_at=datetime.fromisoformat(data["starts_at"]),
        generator_url=data["generator_url"],
    )
