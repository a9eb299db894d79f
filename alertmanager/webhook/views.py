"""What the webhook shows: the shapes of `docs/reference/contracts.md`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from alertmanager.store.tables import Incident


class View(BaseModel):
    """Read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True)


class PublicIncident(View):
    """An incident without any engineer, host, account or raw label."""

    id: str
    service: str
    scope: str
    member: str | None
    impact: str
    started_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None


class PublicState(View):
    """What the status page reads."""

    generated_at: datetime
    incidents: list[PublicIncident]


class AlertView(View):
    """One episode of an alert."""

    integration: str
    fingerprint: str
    episode: int
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    generator_url: str
    starts_at: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None


class PageView(View):
    """One attempt to reach one person."""

    id: int
    step: int
    roster: str | None
    person: str
    person_name: str
    why: str
    created_at: datetime


class MessageView(View):
    """One message to one person. `recipient` is a person's id; the number is not shown."""

    id: int
    incident_id: str | None
    page_id: int | None
    kind: str
    channel: str
    provider: str | None
    recipient: str
    text: str
    state: str
    attempts: int
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None
    error: str | None


class JournalView(View):
    """One thing that happened. `id` is its place in the whole journal, `hash` its seal."""

    id: int
    hash: str
    at: datetime
    event: str
    detail: dict[str, Any]


class IncidentView(View):
    """An incident whole: its alerts, pages, messages and journal, oldest first."""

    id: str
    code: str
    title: str
    service: str
    member: str
    scope: str
    impact: str
    severity: str
    state: str
    step: int
    reopened: int
    started_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    maintenance_id: int | None
    resolved_at: datetime | None
    closed_at: datetime | None
    alerts: list[AlertView]
    pages: list[PageView]
    messages: list[MessageView]
    journal: list[JournalView]


class IncidentList(View):
    """Incidents, newest first. `next` is the `after` of what follows; null: that is all."""

    generated_at: datetime
    incidents: list[IncidentView]
    next: str | None


class MessageList(View):
    """Messages, newest first. `next` is the `before` of what follows; null: that is all."""

    generated_at: datetime
    messages: list[MessageView]
    next: int | None


class JournalEntry(JournalView):
    """One line of the whole journal."""

    incident_id: str | None


class JournalList(View):
    """Lines of the journal, oldest first. `next` is the `after` of what follows; null: none yet."""

    generated_at: datetime
    lines: list[JournalEntry]
    next: int | None


class ProofView(View):
    """One line of the journal that proves what became of a message."""

    line: int
    at: datetime
    event: str
    detail: str
    hash: str


class ToldView(View):
    """One message to one person, and its proof. The number is not shown."""

    message: int
    person: str
    name: str
    kind: str
    channel: str
    provider: str | None
    text: str
    state: str
    decided_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    answer: str
    proof: list[ProofView]


class ToldList(View):
    """Who was told what about an incident, in the order it was decided."""

    generated_at: datetime
    incident: str
    code: str
    told: list[ToldView]


class PersonView(View):
    """Someone on duty."""

    id: str
    name: str


class VerdictView(View):
    """What one layer, or one change (``change:ID``), has to do with it; at most one answers."""

    layer_id: str
    layer_name: str
    answers: bool
    why: str


class DutyView(View):
    """Who answers for a roster, why, and over which span that answer holds.

    `shadow` are those who only watch; `layers` says it of each change and layer.
    """

    roster: str
    people: list[PersonView]
    why: str
    starts: datetime | None
    ends: datetime | None
    shadow: list[PersonView]
    layers: list[VerdictView]


class DutyNow(View):
    """Every roster at an instant, by default now."""

    generated_at: datetime
    at: datetime
    support_hours_open: bool
    rosters: list[DutyView]


def public(incident: Incident) -> PublicIncident:
    """The incident as a member's page may show it; which town is hit only if it alone is."""
    return PublicIncident(
        id=incident.id,
        service=incident.service,
        scope=incident.scope,
        member=incident.member or None if incident.scope == "member" else None,
        impact=incident.impact,
        started_at=incident.started_at,
        acknowledged_at=incident.acknowledged_at,
        resolved_at=incident.resolved_at,
    )
