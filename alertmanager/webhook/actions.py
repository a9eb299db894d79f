"""What operators and their tools do to incidents over HTTP; each act says whose it is."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel

from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.incidents.machine import IllegalTransition
from alertmanager.store.tables import Incident
from alertmanager.webhook import acts
from alertmanager.webhook.orders import (
    AcknowledgeOrder,
    EscalateOrder,
    NoteOrder,
    Outcome,
    ResolveOrder,
    SnoozeOrder,
)
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem
from alertmanager.webhook.reads import IncidentId
from alertmanager.webhook.repeats import IdempotencyKey, once

Order = AcknowledgeOrder | SnoozeOrder | ResolveOrder | EscalateOrder | NoteOrder


def named_person(desk: Desk, identifier: str) -> PersonOnDuty:
    """Someone of the rosters. Raise Problem 422."""
    person = desk.person(identifier)
    if person is None:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "person : personne de ce nom dans les tours d'astreinte",
        )
    return person


def router(pager: Pager) -> APIRouter:
    """``POST /api/v1/incidents/{id}/…``."""
    routes = APIRouter(
        prefix="/api/v1/incidents/{identifier}",
        dependencies=[pager.tokens.only(pager.tokens.operator)],
        responses=ERRORS,
    )
    desk = pager.desk

    @routes.post("/acknowledge", summary="Somebody takes the incident")
    def take(
        identifier: IncidentId, order: AcknowledgeOrder, key: IdempotencyKey = None
    ) -> Outcome:
        return _do(pager, (identifier, "acknowledge"), key, order, acts.take(desk, order))

    @routes.post("/snooze", summary="Somebody puts the incident off")
    def put_off(identifier: IncidentId, order: SnoozeOrder, key: IdempotencyKey = None) -> Outcome:
        return _do(pager, (identifier, "snooze"), key, order, acts.put_off(order))

    @routes.post("/resolve", summary="Somebody says that it is over")
    def end(identifier: IncidentId, order: ResolveOrder, key: IdempotencyKey = None) -> Outcome:
        return _do(pager, (identifier, "resolve"), key, order, acts.end(desk, order))

    @routes.post("/escalate", summary="Page the next step at once")
    def go_on(identifier: IncidentId, order: EscalateOrder, key: IdempotencyKey = None) -> Outcome:
        return _do(pager, (identifier, "escalate"), key, order, acts.go_on(desk, order))

    @routes.post("/note", summary="Write a line into the incident's journal")
    def note(identifier: IncidentId, order: NoteOrder, key: IdempotencyKey = None) -> Outcome:
        return _do(pager, (identifier, "note"), key, order, acts.note(order))

    return routes


def _do(
    pager: Pager, target: tuple[str, str], key: str | None, order: Order, act: acts.Act
) -> Outcome:
    """One act on one incident, in one transaction. Raise Problem 404 or 422, StoreUnavailable."""
    identifier, now = target[0], pager.clock()

    def acted() -> BaseModel:
        incident = session.get(Incident, identifier)
        if incident is None:
            raise Problem(HTTPStatus.NOT_FOUND, "aucun incident de ce numéro")
        who = named_person(pager.desk, order.person)
        try:
            act(session, incident, who, now)
        except IllegalTransition:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"impossible dans l'état {incident.state}"
            ) from None
        return Outcome.model_validate(incident)

    with pager.store.write() as session:
        answer = once(session, now, key, ("/".join(target), order), acted)
    return Outcome.model_validate(answer)
