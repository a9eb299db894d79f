"""Interventions that the pager's journal suggests, as a file for the agents to complete. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_HEAD = """\
# Interventions proposées d'après le journal de Vigie pour {month} : qui a été appelé, qui a pris en
# charge, quand l'incident a fini. Le journal ne sait pas tout : chaque agent relit les siennes.
#   - il corrige les heures ({zone}) et, s'il s'est déplacé, met on_site: true et ses trajets ;
#   - il met confirmed: true, ou retire l'intervention si elle n'a pas eu lieu ;
#   - il ajoute celles que le journal ignore (appel direct, intervention sans incident).
# Ce qui reste à false n'est pas compté, et l'état d'astreinte le dit.
month: {month}
"""
_NOTICES = """
# Quand chaque agent a su qu'il serait d'astreinte : à moins de 15 jours francs, c'est majoré.
# Les avis envoyés par Vigie et les échanges acceptés sont lus dans sa base ; le reste s'écrit ici.
notices: []
#  - {person: nadia.benali, start: 2026-05-01T19:00, told_at: 2026-04-02T09:00, channel: affiche}
"""
_TIMES = (
    ("called_at", "appel reçu"),
    ("acknowledged_at", "pris en charge"),
    ("started_at", "début du travail"),
    ("left_at", "départ, si déplacement"),
    ("arrived_at", "arrivée sur place"),
    ("ended_at", "fin du travail"),
    ("returned_at", "retour au domicile"),
)


@dataclass(frozen=True)
class Proposal:
    """Somebody took an incident. Instants aware; `ended_at` None: the journal knows no end."""

    person: str
    name: str
    incident: str
    title: str
    called_at: datetime | None
    acknowledged_at: datetime
    ended_at: datetime | None
    member: str | None
    why_ended: str = ""


def proposals_yaml(proposals: Iterable[Proposal], month: str, zone: ZoneInfo) -> str:
    """The file, which `statement.confirmed` reads. Nothing in it is confirmed."""
    lines = [_HEAD.format(month=month, zone=zone.key)]
    blocks = [block for one in proposals for block in _block(one, zone)]
    lines.append("interventions:" if blocks else "interventions: []")
    return "\n".join([*lines, *blocks, _NOTICES])


def _block(one: Proposal, zone: ZoneInfo) -> Iterator[str]:
    known = {
        "called_at": one.called_at,
        "acknowledged_at": one.acknowledged_at,
        "started_at": one.acknowledged_at,
        "ended_at": one.ended_at,
    }
    yield f"  # {_comment(f'{one.name} : {one.title}')}"
    yield "  - confirmed: false"
    yield f"    person: {_text(one.person)}"
    yield f"    incident: {_text(one.incident)}"
    for key, meaning in _TIMES:
        at = known.get(key)
        written = at.astimezone(zone).isoformat(timespec="minutes") if at else "null"
        more = f" ; {one.why_ended}" if key == "ended_at" and one.why_ended else ""
        yield f"    {key}: {written}  # {_comment(meaning + more)}"
    yield "    on_site: false"
    yield f"    member: {_text(one.member) if one.member else 'null  # pour toutes les communes'}"


def _text(value: str) -> str:
    """A JSON string is a YAML one, whatever a label put into it."""
    return json.dumps(value, ensure_ascii=True)


def _comment(text: str) -> str:
    """On one line: a line feed in a title must not end the comment."""
    return "".join(c if c.isprintable() else " " for c in text)
