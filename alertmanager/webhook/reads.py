"""What may be read: the public state, the incidents, who is on duty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import selectinload

from alertmanager.rosters import RosterBook
from alertmanager.store.tables import Incident
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem
from alertmanager.webhook.views import (
    DutyNow,
    DutyView,
    IncidentList,
    IncidentView,
    PersonView,
    PublicState,
    VerdictView,
    public,
)

_SHOWN_AFTER_END = timedelta(days=7)
_WHOLE = (
    selectinload(Incident.alerts),
    selectinload(Incident.pages),
    selectinload(Incident.messages),
    selectinload(Incident.journal),
)
StateFilter = Literal[
    "open", "paging", "acknowledged", "snoozed", "suppressed", "resolved", "closed"
]
IDENTIFIER = "^[0-9a-f]{1,32}$"
IncidentId = Annotated[str, Path(pattern=IDENTIFIER)]
Limit = Annotated[int, Query(ge=1, le=500)]


def router(pager: Pager) -> APIRouter:
    """The public state, incidents, and who is on duty."""
    tokens = pager.tokens
    members = APIRouter(dependencies=[tokens.only(tokens.status)])
    _add_status(members, pager)
    operators = APIRouter(dependencies=[tokens.only(tokens.operator)])
    _add_incidents(operators, pager)
    _add_duty(operators, pager)
    routes = APIRouter()
    routes.include_router(members)
    routes.include_router(operators)
    return routes


def _add_status(routes: APIRouter, pager: Pager) -> None:
    @routes.get(
        "/api/v1/status/incidents", summary="Public state, for the status page", responses=ERRORS
    )
    def status() -> PublicState:
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


def _add_incidents(routes: APIRouter, pager: Pager) -> None:
    @routes.get("/api/v1/incidents", summary="Incidents whole, newest first", responses=ERRORS)
    def incidents(
        state: StateFilter | None = None,
        limit: Limit = 50,
        after: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
    ) -> IncidentList:
        wanted = select(Incident).order_by(Incident.opened_at.desc(), Incident.id).limit(limit + 1)
        if state is not None:
            wanted = wanted.where(Incident.state == state)
        with pager.store.read() as session:
            if after is not None:
                last = session.get(Incident, after)
                if last is None:
                    raise Problem(HTTPStatus.NOT_FOUND, "aucun incident du numéro donné à after")
                wanted = wanted.where(
                    or_(
                        Incident.opened_at < last.opened_at,
                        and_(Incident.opened_at == last.opened_at, Incident.id > last.id),
                    )
                )
            found = [
                IncidentView.model_validate(incident)
                for incident in session.scalars(wanted.options(*_WHOLE))
            ]
        more = found[limit - 1].id if len(found) > limit else None
        return IncidentList(generated_at=pager.clock(), incidents=found[:limit], next=more)

    @routes.get("/api/v1/incidents/{identifier}", summary="One incident whole", responses=ERRORS)
    def incident(identifier: IncidentId) -> IncidentView:
        with pager.store.read() as session:
            found = session.get(Incident, identifier, options=_WHOLE)
            if found is None:
                raise Problem(HTTPStatus.NOT_FOUND, "aucun incident de ce numéro")
            return IncidentView.model_validate(found)


def _add_duty(routes: APIRouter, pager: Pager) -> None:
    @routes.get("/api/v1/duty", summary="Who is on duty, by default now, and why", responses=ERRORS)
    def duty(at: Annotated[AwareDatetime | None, Query()] = None) -> DutyNow:
        now, book = pager.clock(), pager.rosters
        if at is not None and not 1970 < at.year < 9000:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "année hors limites")
        instant = now if at is None else at.astimezone(UTC)
        return DutyNow(
            generated_at=now,
            at=instant,
            support_hours_open=book.support_hours_open(instant),
            rosters=[_duty_of(book, roster, instant) for roster in book.roster_ids],
        )


def _duty_of(book: RosterBook, roster: str, instant: datetime) -> DutyView:
    answer = book.on_duty(roster, instant)
    return DutyView(
        roster=roster,
        people=[PersonView.model_validate(person) for person in answer.people],
        why=answer.why,
        starts=answer.starts,
        ends=answer.ends,
        shadow=[PersonView.model_validate(person) for person in answer.shadow],
        layers=[VerdictView.model_validate(one) for one in book.explain(roster, instant)],
    )
