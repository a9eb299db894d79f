"""The episodes of alerts, read and written many at a time.

Plain statements and plain rows: an object of the ORM for each of a thousand alerts costs
more than their commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from alertmanager.store.tables import Alert

_CHUNK = 500  # values in one IN list, well under every database's limit
_ALERTS = cast("Table", Alert.__table__)
Key = tuple[str, str]
"""Integration and fingerprint."""


@dataclass
class Episode:
    """The last episode of one alert. `id` is None until it is written."""

    integration: str
    fingerprint: str
    number: int
    firing: bool
    starts_at: datetime
    resolved_at: datetime | None
    incident_id: str
    annotations: dict[str, str]
    alertname: str
    id: int | None = None


@dataclass
class Book:
    """The last episode of each alert of a batch, and what is to be written at its end."""

    known: dict[Key, Episode]
    _rows: dict[Key, dict[str, Any]] = field(default_factory=dict)
    _earlier: list[dict[str, Any]] = field(default_factory=list)
    _over: dict[int, datetime] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _told: dict[int, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, keys: Iterable[Key]) -> Book:
        """What the store knows of these alerts."""
        known: dict[Key, Episode] = {}
        by_integration: dict[str, set[str]] = {}
        for integration, fingerprint in keys:
            by_integration.setdefault(integration, set()).add(fingerprint)
        for integration, fingerprints in by_integration.items():
            wanted = sorted(fingerprints)
            for start in range(0, len(wanted), _CHUNK):
                for episode in _latest(session, integration, wanted[start : start + _CHUNK]):
                    known[integration, episode.fingerprint] = episode
        return cls(known)

    def open(self, episode: Episode, row: dict[str, Any], now: datetime) -> None:
        """A new episode; `row` holds what only the store needs."""
        key = episode.integration, episode.fingerprint
        if key in self._rows:  # it fired, ended and fires again within the batch
            self._earlier.append(self._rows.pop(key))
        self.known[key] = episode
        self._rows[key] = {
            "integration": episode.integration,
            "fingerprint": episode.fingerprint,
            "episode": episode.number,
            "status": "firing",
            "annotations": episode.annotations,
            "starts_at": episode.starts_at,
            "first_seen_at": now,
            "last_seen_at": now,
            "resolved_at": None,
            "incident_id": episode.incident_id,
            **row,
        }

    def repeat(self, episode: Episode, annotations: dict[str, str]) -> None:
        """It still fires, and says so in these words."""
        row = self._rows.get((episode.integration, episode.fingerprint))
        if row is not None:
            row["annotations"] = episode.annotations = annotations
        elif episode.id is not None:
            self._seen.add(episode.id)
            if annotations != episode.annotations:
                self._told[episode.id] = episode.annotations = annotations

    def end(self, episode: Episode, now: datetime) -> None:
        """It is over."""
        episode.firing, episode.resolved_at = False, now
        row = self._rows.get((episode.integration, episode.fingerprint))
        if row is not None:
            row |= {"status": "resolved", "resolved_at": now, "last_seen_at": now}
        elif episode.id is not None:
            self._over[episode.id] = now

    def write(self, session: Session, now: datetime) -> None:
        """Everything that was noted, after the incidents it is about."""
        session.flush()
        rows = [*self._earlier, *self._rows.values()]
        if rows:
            session.execute(insert(_ALERTS), rows)
        seen = sorted(self._seen)
        for start in range(0, len(seen), _CHUNK):
            some = seen[start : start + _CHUNK]
            session.execute(update(_ALERTS).where(_ALERTS.c.id.in_(some)).values(last_seen_at=now))
        if self._told:
            session.connection().execute(
                update(_ALERTS)
                .where(_ALERTS.c.id == bindparam("row"))
                .values(annotations=bindparam("words", type_=_ALERTS.c.annotations.type)),
                [{"row": row, "words": words} for row, words in self._told.items()],
            )
        if self._over:
            at = bindparam("at", type_=_ALERTS.c.resolved_at.type)
            session.connection().execute(
                update(_ALERTS)
                .where(_ALERTS.c.id == bindparam("row"))
                .values(status="resolved", resolved_at=at, last_seen_at=at),
                [{"row": row, "at": instant} for row, instant in self._over.items()],
            )


def _latest_statement() -> Select[Any]:
    other = aliased(Alert)
    last = (
        select(func.max(other.episode))
        .where(other.integration == Alert.integration, other.fingerprint == Alert.fingerprint)
        .correlate(Alert)
        .scalar_subquery()
    )
    return select(
        Alert.id,
        Alert.fingerprint,
        Alert.episode,
        Alert.status,
        Alert.starts_at,
        Alert.resolved_at,
        Alert.incident_id,
        Alert.annotations,
        Alert.labels["alertname"].as_string(),
    ).where(
        Alert.integration == bindparam("integration"),
        Alert.fingerprint.in_(bindparam("fingerprints", expanding=True)),
        Alert.episode == last,
    )


_LATEST = _latest_statement()  # put together once: that costs more than to run it


def _latest(session: Session, integration: str, fingerprints: list[str]) -> Iterable[Episode]:
    rows = session.execute(_LATEST, {"integration": integration, "fingerprints": fingerprints})
    for row_id, fingerprint, number, status, starts, ended, incident, words, name in rows:
        yield Episode(
            integration,
            fingerprint,
            number,
            status == "firing",
            starts,
            ended,
            incident,
            words,
            name or "",
            row_id,
        )
