"""What one audience sees of what is known. Pure; the only place that decides who sees what."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from dashboards.status.french_time import NBSP, to_the_minute
from dashboards.status.model import (
    Audience,
    Impact,
    Incident,
    IncidentView,
    Knowledge,
    Reach,
    ServiceView,
    State,
    View,
)
from dashboards.status.words import (
    STATE_OF_IMPACT,
    UNKNOWN_SENTENCE,
    headline,
    incident_sentence,
    incident_title,
)
from inventory import Inventory, Service

HISTORY = timedelta(days=7)
_TITLE = "État des services"
OK_SENTENCE = "Aucun incident en cours."


def concerns(incident: Incident, audience: Audience, inventory: Inventory) -> bool:
    """Whether `audience` may know of `incident`.

    A whole service: everyone who uses it, and the public. One member: that
    member alone. The syndicate's own things serve every member, so an incident
    of the syndicate is told like one of the whole service. An incident whose
    member nobody declared is shown to nobody: it cannot be known whose it is.
    """
    if inventory.service(incident.service) is None:
        return False
    if incident.scope == "service" or incident.member == inventory.syndicate.id:
        return audience.member is None or incident.service in audience.member.services
    return audience.member is not None and incident.member == audience.member.id


def public_id(audience: Audience, incident: Incident) -> str:
    """A stable id that means nothing outside this audience."""
    return hmac.new(audience.salt, incident.id.encode(), hashlib.sha256).hexdigest()[:16]


def _told_as(incident: Incident, inventory: Inventory) -> tuple[Reach, Impact]:
    """Whom an incident hits, and how badly, as its audience is told.

    One thing of the syndicate that stops is one of several that carry the
    service: the service is disturbed, not down. When it is down, an incident
    of the whole service says so.
    """
    if incident.scope == "service":
        return "service", incident.impact
    if incident.member == inventory.syndicate.id:
        return "common", "degraded"
    return "member", incident.impact


def _incident_view(incident: Incident, audience: Audience, inventory: Inventory) -> IncidentView:
    service = inventory.service(incident.service)
    name = service.name if service else incident.service
    reach, impact = _told_as(incident, inventory)
    return IncidentView(
        id=public_id(audience, incident),
        service_id=incident.service,
        service_name=name,
        state=STATE_OF_IMPACT[impact],
        title=incident_title(name, impact),
        sentence=incident_sentence(incident.service, reach, impact),
        started_at=incident.started_at,
        acknowledged_at=incident.acknowledged_at,
        resolved_at=incident.resolved_at,
    )


def _service_view(
    service: Service,
    current: list[IncidentView],
    unread: datetime | None,
    unwatched: datetime | None,
) -> ServiceView:
    """`unread` and `unwatched`: since when incidents, or this service's measures, are not known."""
    state, sentence, since = State.WORKING, OK_SENTENCE, None
    if unread is not None:
        state, sentence, since = State.UNKNOWN, UNKNOWN_SENTENCE, unread
    elif current:
        worst = max(current, key=lambda i: (i.state.rank, -i.started_at.timestamp()))
        state, sentence, since = worst.state, "", worst.started_at
    elif unwatched is not None:
        state, sentence, since = State.UNKNOWN, UNKNOWN_SENTENCE, unwatched
    return ServiceView(service.id, service.name, service.description, state, sentence, since)


def _lost_since(
    last: datetime | None, start: datetime, now: datetime, patience: timedelta
) -> datetime | None:
    """Since when something is not read any more; None while it is fresh enough."""
    if last is None:
        return start
    return last if now - last > patience else None


def _services(audience: Audience, inventory: Inventory, seen: set[str]) -> list[Service]:
    """The services of the audience, in the inventory's order; its own incidents add theirs."""
    member = audience.member
    wanted = None if member is None else {*member.services, *seen}
    return [s for s in inventory.services if wanted is None or s.id in wanted]


def _title(audience: Audience) -> str:
    # No "de" before the name: it would need the elision and article rules of place names.
    return f"{audience.member.name}{NBSP}: état des services" if audience.member else _TITLE


def compose(
    knowledge: Knowledge,
    now: datetime,
    inventory: Inventory,
    audience: Audience,
    patience: timedelta,
) -> View:
    """The view of `audience` at `now`.

    Its overall state comes only from what it shows. When incidents were not
    read for longer than `patience`, every service is unknown, even those with
    an open incident: it may be over. When only a service's measures are
    missing, no incident would open, so a service without one is unknown.
    """
    unread = _lost_since(knowledge.incidents_read_at, knowledge.since, now, patience)
    mine = [i for i in knowledge.incidents if concerns(i, audience, inventory)]
    current = [_incident_view(i, audience, inventory) for i in mine if i.resolved_at is None]
    past = [
        _incident_view(i, audience, inventory)
        for i in mine
        if i.resolved_at is not None and now - i.resolved_at <= HISTORY
    ]
    services = [
        _service_view(
            service,
            [i for i in current if i.service_id == service.id],
            unread,
            _lost_since(knowledge.watched_at.get(service.id), knowledge.since, now, patience),
        )
        for service in _services(audience, inventory, {i.service_id for i in current})
    ]
    states = [service.state for service in services]
    read = knowledge.incidents_read_at
    return View(
        audience=audience,
        owner=inventory.syndicate.name,
        title=_title(audience),
        state=max(states, key=lambda state: state.rank),
        headline=headline(states),
        services=tuple(services),
        current=tuple(sorted(current, key=lambda i: i.started_at, reverse=True)),
        past=tuple(sorted(past, key=lambda i: i.started_at, reverse=True)),
        updated_at=None if read is None else to_the_minute(read),
        stale=unread is not None,
    )
