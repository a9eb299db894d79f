"""What may be read: the public state, the incidents and their journal, who is on duty."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from alertmanager.store.tables import Incident
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import Problem
from alertmanager.webhook.views import (
    DutyNow,
    DutyView,
    IncidentList,
    IncidentView,
    PersonView,
    PublicState,
    public,
)

_SHOWN_AFTER_END = timedelta(days=7)
_WHOLE = (
    selectinload(Incident.alerts),
    selectinload(Incident.pages),
    selectinload(Incident.messages),
    selectinload(Incident.journal),
)
StateFilter = Literal["open", "paging", "acknowledged", "resolved"]


def router(pager: Pager) -> APIRouter:
    """Every route that only reads."""
    routes = APIRouter()
    tokens = pager.tokens

    @routes.get("/api/v1/status/incidents", summary="Public state, for the status page")
    def status(request: Request) -> PublicState:
        tokens.check(request.headers.get("authorization"), tokens.status)
        now = pager.clock()
        shown = (
            select(Incident)
            .where(
                Incident.impact != "none",
                or_(
                    Incident.resolved_at.is_(None),
                    Incident.resolved_at > now - _SHOWN_AFTER_END,
                ),
            )
            .order_by(Incident.started_at.desc(), Incident.id)
        )
        with pager.store.read() as session:
            incidents = [public(incident) for incident in session.scalars(shown)]
        return PublicState(generated_at=now, incidents=incidents)

    @routes.get("/api/v1/incidents", summary="Incidents whole, newest first")
    def incidents(
        request: Request,
        state: StateFilter | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> IncidentList:
        tokens.check(request.headers.get("authorization"), tokens.operator)
        wanted = select(Incident).order_by(Incident.opened_at.desc(), Incident.id).limit(limit)
        if state is not None:
            wanted = wanted.where(Incident.state == state)
        with pager.store.read() as session:
            found = [
                IncidentView.model_validate(incident)
                for incident in session.scalars(wanted.options(*_WHOLE))
            ]
        return IncidentList(generated_at=pager.clock(), incidents=found)

    @routes.get("/api/v1/incidents/{identifier}", summary="One incident whole")
    def incident(request: Request, identifier: str) -> IncidentView:
        tokens.check(request.headers.get("authorization"), tokens.operator)
        with pager.store.read() as session:
            found = session.get(Incident, identifier, options=_WHOLE)
            if found is None:
                raise Problem(HTTPStatus.NOT_FOUND, "aucun incident de ce numéro")
            return IncidentView.model_validate(found)

    @routes.get("/api/v1/duty", summary="Who is on duty now, and why")
    def duty(request: Request) -> DutyNow:
        tokens.check(request.headers.get("authorization"), tokens.operator)
        now, book = pager.clock(), pager.rosters
        found = []
        for roster in book.roster_ids:
            answer = book.on_duty(roster, now)
            people = [PersonView(id=person.id, name=person.name) for person in answer.people]
            found.append(
                DutyView(
                    roster=roster,
                    people=people,
                    why=answer.why,
                    starts=answer.starts,
                    ends=answer.ends,
                )
            )
        return DutyNow(
            generated_at=now, support_hours_open=book.support_hours_open(now), rosters=found
        )

    return routes
