"""Announced work over HTTP: listed, announced, called off."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import select

from alertmanager.incidents.maintenance_plan import announce, call_off
from alertmanager.store.tables import Maintenance
from alertmanager.webhook.actions import named_person
from alertmanager.webhook.orders import (
    CancelOrder,
    MaintenanceList,
    MaintenanceOrder,
    MaintenanceView,
)
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem
from alertmanager.webhook.reads import Limit
from alertmanager.webhook.repeats import IdempotencyKey, once


def router(pager: Pager) -> APIRouter:
    """``/api/v1/maintenances``."""
    routes = APIRouter(
        prefix="/api/v1/maintenances",
        dependencies=[pager.tokens.only(pager.tokens.operator)],
        responses=ERRORS,
    )

    @routes.get("", summary="Announced work, the latest start first")
    def listed(limit: Limit = 50) -> MaintenanceList:
        wanted = select(Maintenance).order_by(Maintenance.starts_at.desc(), Maintenance.id.desc())
        with pager.store.read() as session:
            found = [
                MaintenanceView.model_validate(work)
                for work in session.scalars(wanted.limit(limit))
            ]
        return MaintenanceList(generated_at=pager.clock(), maintenances=found)

    @routes.post("", summary="Announce work: what it covers pages nobody meanwhile")
    def announced(order: MaintenanceOrder, key: IdempotencyKey = None) -> MaintenanceView:
        now = pager.clock()
        who = named_person(pager.desk, order.person)

        def act() -> BaseModel:
            span = (_sane(order.starts_at), _sane(order.ends_at))
            try:
                work = announce(session, order.title, order.labels, span, who=who.name, now=now)
            except ValueError as error:
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
            return MaintenanceView.model_validate(work)

        with pager.store.write() as session:
            answer = once(session, now, key, ("maintenances", order), act)
        return MaintenanceView.model_validate(answer)

    @routes.post(
        "/{number}/cancel", summary="Call work off: what it covered pages if it still fires"
    )
    def cancelled(
        number: Annotated[int, Path(ge=1, le=2**31 - 1)],
        order: CancelOrder,
        key: IdempotencyKey = None,
    ) -> MaintenanceView:
        now = pager.clock()
        who = named_person(pager.desk, order.person)

        def act() -> BaseModel:
            work = session.get(Maintenance, number)
            if work is None:
                raise Problem(HTTPStatus.NOT_FOUND, "aucune maintenance de ce numéro")
            call_off(session, pager.desk, work, who.name, now)
            return MaintenanceView.model_validate(work)

        with pager.store.write() as session:
            answer = once(session, now, key, (f"maintenances/{number}/cancel", order), act)
        return MaintenanceView.model_validate(answer)

    return routes


def _sane(instant: datetime) -> datetime:
    """In UTC. Raise Problem 422 at the edge of what datetimes can hold."""
    if not 1970 < instant.year < 9000:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "année hors limites")
    return instant.astimezone(UTC)
