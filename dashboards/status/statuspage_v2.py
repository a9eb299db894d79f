"""JSON in the shape of the Statuspage v2 public API, which existing clients poll.

The API has no word for "unknown". A service that is not measured must never read
as operational, so it is `degraded_performance`; the extra key `state` says `unknown`.
"""

from __future__ import annotations

import json
from typing import Any

from dashboards.status.french_time import iso, to_the_minute
from dashboards.status.model import IncidentView, ServiceView, State, View

Object = dict[str, Any]

_COMPONENT = {
    State.WORKING: "operational",
    State.UNKNOWN: "degraded_performance",
    State.DISTURBED: "degraded_performance",
    State.DOWN: "major_outage",
}
_INDICATOR = {
    State.WORKING: "none",
    State.UNKNOWN: "minor",
    State.DISTURBED: "minor",
    State.DOWN: "major",
}


class Api:
    """The documents of one view. `base` is the absolute URL of the site, with a final slash."""

    def __init__(self, view: View, base: str, time_zone: str) -> None:
        self.view = view
        self.time_zone = time_zone
        path = view.audience.path.lstrip("/")
        self.url = base + path
        self.page_id = view.audience.member.id if view.audience.member else "public"

    def _page(self) -> Object:
        updated = self.view.updated_at
        return {
            "id": self.page_id,
            "name": self.view.title,
            "url": self.url,
            "time_zone": self.time_zone,
            "updated_at": iso(updated) if updated else None,
        }

    def _status(self) -> Object:
        return {"indicator": _INDICATOR[self.view.state], "description": self.view.headline}

    def _component(self, service: ServiceView, position: int) -> Object:
        changed = service.since or self.view.updated_at
        return {
            "id": service.id,
            "page_id": self.page_id,
            "name": service.name,
            "description": service.description or None,
            "status": _COMPONENT[service.state],
            "state": service.state.value,
            "position": position,
            "group": False,
            "group_id": None,
            "showcase": False,
            "only_show_if_degraded": False,
            "created_at": None,
            "updated_at": iso(to_the_minute(changed)) if changed else None,
        }

    def _components(self, only: str | None = None) -> list[Object]:
        return [
            self._component(service, position)
            for position, service in enumerate(self.view.services, start=1)
            if only is None or service.id == only
        ]

    def _incident(self, incident: IncidentView) -> Object:
        steps = [(incident.started_at, "investigating", incident.sentence)]
        if incident.acknowledged_at:
            steps.append((incident.acknowledged_at, "identified", "Pris en charge."))
        if incident.resolved_at:
            steps.append(
                (incident.resolved_at, "resolved", "Le fonctionnement est revenu à la normale.")
            )
        updates = [
            {
                "id": f"{incident.id}-{status}",
                "incident_id": incident.id,
                "status": status,
                "body": body,
                "created_at": iso(at),
                "updated_at": iso(at),
                "display_at": iso(at),
            }
            for at, status, body in reversed(steps)
        ]
        return {
            "id": incident.id,
            "page_id": self.page_id,
            "name": incident.title,
            "status": steps[-1][1],
            "impact": _INDICATOR[incident.state],
            "shortlink": f"{self.url}#i{incident.id}",
            "started_at": iso(incident.started_at),
            "created_at": iso(incident.started_at),
            "updated_at": iso(incident.updated_at),
            "monitoring_at": None,
            "resolved_at": iso(incident.resolved_at) if incident.resolved_at else None,
            "incident_updates": updates,
            "components": self._components(only=incident.service_id),
        }

    def documents(self) -> dict[str, bytes]:
        """Every document of the API, by its path under the audience's own."""
        page, status, components = self._page(), self._status(), self._components()
        unresolved = [self._incident(i) for i in self.view.current]
        everything = unresolved + [self._incident(i) for i in self.view.past]
        maintenances: Object = {"page": page, "scheduled_maintenances": []}
        documents: dict[str, Object] = {
            "summary": {
                "page": page,
                "status": status,
                "components": components,
                "incidents": unresolved,
                "scheduled_maintenances": [],
            },
            "status": {"page": page, "status": status},
            "components": {"page": page, "components": components},
            "incidents": {"page": page, "incidents": everything},
            "incidents/unresolved": {"page": page, "incidents": unresolved},
            "scheduled-maintenances": maintenances,
            "scheduled-maintenances/active": maintenances,
            "scheduled-maintenances/upcoming": maintenances,
        }
        return {
            f"api/v2/{name}.json": json.dumps(body, ensure_ascii=False, indent=1).encode()
            for name, body in documents.items()
        }
