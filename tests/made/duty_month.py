"""Months of duty written by the clocks of Paris, for the tests of the statement."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from alertmanager.rosters import Person, Shift
from alertmanager.statement import Intervention, StatementFile, Told

PARIS = ZoneInfo("Europe/Paris")


def at(text: str, fold: int = 0) -> datetime:
    """``2026-05-01 19:00`` by the clocks of Paris."""
    local = datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold)
    return local.astimezone(UTC)


def shift(person: str, start: str, end: str, layer: str = "semaine") -> Shift:
    """One person's duty between two local times."""
    return Shift(at(start), at(end), (Person(person, person.title(), ""),), layer, "")


def told(person: str, start: str, told_at: str, end: str | None = None) -> Told:
    return Told(person, at(start), at(told_at), at(end) if end else None)


def work(person: str, start: str, end: str, **more: Any) -> Intervention:
    """Remote work between two local times."""
    values: dict[str, Any] = {
        "incident": "I-1",
        "called_at": None,
        "acknowledged_at": None,
        "left_at": None,
        "arrived_at": None,
        "returned_at": None,
        "on_site": False,
        "member": None,
    }
    values |= more
    return Intervention(person=person, started_at=at(start), ended_at=at(end), **values)


RULES = {
    "rosters": [{"roster": "astreinte", "category": "exploitation"}],
    "agents": [
        {"person": "ada", "stream": "technical"},
        {"person": "bob", "stream": "technical"},
    ],
    "members": [{"id": "valmont", "name": "Valmont"}],
}
OFFICE = {
    "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "from": "08:30",
    "to": "17:00",
}


def ruled(**changes: Any) -> StatementFile:
    """The plain rules with some keys changed."""
    return StatementFile.model_validate(RULES | changes)


def single(category: str = "exploitation", **agent: Any) -> StatementFile:
    """Rules for one agent, ada, on one roster."""
    return ruled(
        rosters=[{"roster": "astreinte", "category": category}],
        agents=[{"person": "ada", "stream": "technical"} | agent],
    )
