"""The month as the agents confirm it: interventions, and when each was told of a duty.

``vigie roster interventions`` proposes such a file; agents complete it; the statement reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from alertmanager.rosters import RosterBook
from alertmanager.statement.model import Compensation, Intervention, Told
from alertmanager.statement.period import Period
from inventory.config import Document, Fault, Identifier, load_document
from inventory.config.errors import ConfigurationError
from inventory.config.errors import Path as Keys
from inventory.config.fields import Text

_LONGEST = timedelta(hours=72)
_EXAMPLE = "2026-05-01T07:12 (heure locale) ou 2026-05-01T07:12:00+02:00"
_ORDER = ("called_at", "acknowledged_at", "started_at", "ended_at", "returned_at")
_TRAVEL = ("left_at", "arrived_at", "returned_at")


def _instant(value: Any) -> datetime:
    try:
        if isinstance(value, datetime):
            return value
        if len(value) >= len("2026-05-01T07:12"):  # a date alone would mean midnight
            return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"« {value} » n'est pas un instant ; attendu : {_EXAMPLE}")


def _month(value: str) -> str:
    Period.month(value)
    return value


def _incident(value: Any) -> str:
    # A number in YAML loses its zeros: 0711 is 457.
    if isinstance(value, str):
        return value
    raise ValueError(f'« {value} » n\'est pas un texte ; attendu : entre guillemets, ex. "0711"')


Instant = Annotated[datetime, BeforeValidator(_instant), Field(examples=["2026-05-01T07:12"])]
Incident = Annotated[Text, BeforeValidator(_incident)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConfirmedIntervention(_Entry):
    """One intervention; it counts once its agent has set `confirmed` to true."""

    confirmed: bool
    person: Identifier
    incident: Incident
    called_at: Instant | None = None
    acknowledged_at: Instant | None = None
    started_at: Instant | None = None
    left_at: Instant | None = None
    arrived_at: Instant | None = None
    ended_at: Instant | None = None
    returned_at: Instant | None = None
    on_site: bool = False
    member: Identifier | None = None
    compensation: Compensation | None = None


class NoticeGiven(_Entry):
    """`person` was told at `told_at` of the duty that starts at `start`."""

    person: Identifier
    start: Instant
    end: Instant | None = None
    told_at: Instant
    roster: Identifier | None = None
    channel: Annotated[str, Field(max_length=120)] = ""


class ConfirmedFile(_Entry):
    """The whole file."""

    month: Annotated[str, AfterValidator(_month)]
    interventions: tuple[ConfirmedIntervention, ...] = ()
    notices: tuple[NoticeGiven, ...] = ()


@dataclass(frozen=True)
class Confirmed:
    """What counts; `waiting`: by person, how many are proposed and not confirmed."""

    month: str
    interventions: tuple[Intervention, ...]
    notices: tuple[Told, ...]
    waiting: Mapping[str, int]


class _Reading:
    """The values of a file, by the clocks of `zone`, and their faults."""

    def __init__(self, document: Document, zone: ZoneInfo) -> None:
        self._document, self._zone = document, zone
        self.faults: list[Fault] = []

    def fault(self, path: Keys, problem: str, expected: str) -> None:
        self.faults.append(self._document.fault(path, problem, expected))

    def instant(self, value: datetime | None, path: Keys) -> datetime | None:
        """UTC. A local time that clocks show twice, or never, is a fault."""
        if value is None or value.tzinfo is not None:
            return value.astimezone(UTC) if value else None
        first = value.replace(tzinfo=self._zone)
        second = first.replace(fold=1)
        if first.utcoffset() != second.utcoffset():
            twice = first.astimezone(UTC) < second.astimezone(UTC)
            problem = "vient deux fois" if twice else "n'existe pas"
            self.fault(
                path,
                f"{value:%d/%m/%Y %H:%M} {problem} ce jour-là (changement d'heure)",
                f"l'heure avec son décalage, ex. {first.isoformat(timespec='minutes')}",
            )
            return None
        return first.astimezone(UTC)

    def known(self, what: str, name: str | None, names: Collection[str], path: Keys) -> None:
        if name is not None and name not in names:
            expected = "une de : " + ", ".join(sorted(names))
            self.fault(path, f"{what} « {name} » inconnue", expected)


def load_confirmed(path: Path, book: RosterBook, members: Collection[str]) -> Confirmed:
    """The file at `path`. Raise ConfigurationError with every fault found."""
    file, document = load_document(path, ConfirmedFile)
    reading = _Reading(document, book.zone)
    span = Period.month(file.month).span(book.zone)
    people = {person.id for person in book.persons}
    interventions = []
    for at, entry in enumerate(file.interventions):
        here: Keys = ("interventions", at)
        reading.known("personne", entry.person, people, (*here, "person"))
        reading.known("commune", entry.member, members, (*here, "member"))
        if entry.confirmed and (one := _intervention(entry, here, reading)) is not None:
            if not span[0] < one.ended_at <= span[1]:
                expected = "le fichier du mois où elle se termine"
                reading.fault((*here, "ended_at"), f"ne se termine pas en {file.month}", expected)
            interventions.append(one)
    notices = []
    for at, given in enumerate(file.notices):
        reading.known("personne", given.person, people, ("notices", at, "person"))
        if given.roster is not None and given.roster not in book.roster_ids:
            reading.fault(
                ("notices", at, "roster"),
                f"tour d'astreinte « {given.roster} » inconnu",
                "un de : " + ", ".join(book.roster_ids),
            )
        if (told := _notice(given, ("notices", at), reading)) is not None:
            notices.append(told)
    reading.faults += _doubles(interventions, document)
    if reading.faults:
        raise ConfigurationError(reading.faults)
    waiting = Counter(entry.person for entry in file.interventions if not entry.confirmed)
    return Confirmed(file.month, tuple(interventions), tuple(notices), waiting)


def _intervention(
    entry: ConfirmedIntervention, here: Keys, reading: _Reading
) -> Intervention | None:
    before = len(reading.faults)
    for name in ("started_at", "ended_at"):
        if getattr(entry, name) is None:
            reading.fault(
                (*here, name), "manque dans une intervention confirmée", f"un instant, {_EXAMPLE}"
            )
    times = {
        name: reading.instant(getattr(entry, name), (*here, name))
        for name in dict.fromkeys((*_ORDER, *_TRAVEL))
    }
    for names in (_ORDER, ("left_at", "arrived_at", "ended_at")):
        known = [(name, at) for name in names if (at := times[name]) is not None]
        for (earlier, first), (later, second) in pairwise(known):
            if second < first:
                reading.fault((*here, later), f"{later} est avant {earlier}", f"{later} après")
    for name in _TRAVEL:
        if times[name] is not None and not entry.on_site:
            reading.fault(
                (*here, name), "un trajet sans déplacement", "on_site: true, ou rien à cette clé"
            )
    start, end = times["started_at"], times["ended_at"]
    if start and end and end - start > _LONGEST:
        hours = int(_LONGEST.total_seconds()) // 3600
        reading.fault((*here, "ended_at"), f"dure plus de {hours} heures", "une date à relire")
    if start is None or end is None or len(reading.faults) > before:
        return None
    return Intervention(
        person=entry.person,
        incident=entry.incident,
        called_at=times["called_at"],
        acknowledged_at=times["acknowledged_at"],
        started_at=start,
        left_at=times["left_at"],
        arrived_at=times["arrived_at"],
        ended_at=end,
        returned_at=times["returned_at"],
        on_site=entry.on_site,
        member=entry.member,
        compensation=entry.compensation,
    )


def _notice(given: NoticeGiven, here: Keys, reading: _Reading) -> Told | None:
    start = reading.instant(given.start, (*here, "start"))
    end = reading.instant(given.end, (*here, "end"))
    told_at = reading.instant(given.told_at, (*here, "told_at"))
    if start and end and end <= start:
        reading.fault((*here, "end"), "la fin n'est pas après le début", "un instant plus tardif")
    if start is None or told_at is None:
        return None
    return Told(given.person, start, told_at, end, given.roster, given.channel)


def _doubles(found: Collection[Intervention], document: Document) -> Iterator[Fault]:
    seen = Counter((one.person, one.incident, one.started_at) for one in found)
    for (person, incident, _), number in seen.items():
        if number > 1:
            yield document.fault(
                ("interventions",),
                f"intervention de « {person} » sur « {incident} » écrite {number} fois",
                "une seule fois",
            )
