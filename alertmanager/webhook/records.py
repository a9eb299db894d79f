"""What was told to whom, and the journal that proves it, for operators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import or_, select

from alertmanager.incidents.told import told
from alertmanager.store.tables import Incident, JournalLine, Message, MessagePage, Page
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem
from alertmanager.webhook.reads import IDENTIFIER, IncidentId, Limit
from alertmanager.webhook.views import (
    JournalEntry,
    JournalList,
    MessageList,
    MessageView,
    ToldList,
    ToldView,
)

MessageState = Literal[
    "pending", "leased", "accepted", "delivered", "failed", "unconfirmed", "cancelled"
]
RowNumber = Annotated[int, Query(ge=0, le=2**53)]


def router(pager: Pager) -> APIRouter:
    """Messages, the journal, and who was told what."""
    routes = APIRouter(dependencies=[pager.tokens.only(pager.tokens.operator)])

    @routes.get(
        "/api/v1/incidents/{identifier}/told",
        summary="Who was told what, when, by which channel, with what proof",
        responses=ERRORS,
    )
    def told_of(identifier: IncidentId) -> ToldList:
        with pager.store.read() as session:
            found = session.get(Incident, identifier)
            if found is None:
                raise Problem(HTTPStatus.NOT_FOUND, "aucun incident de ce numéro")
            rows = [ToldView.model_validate(row) for row in told(session, found)]
        return ToldList(generated_at=pager.clock(), incident=found.id, code=found.code, told=rows)

    @routes.get("/api/v1/messages", summary="Messages, newest first", responses=ERRORS)
    def messages(
        incident: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
        state: MessageState | None = None,
        limit: Limit = 50,
        before: RowNumber | None = None,
    ) -> MessageList:
        wanted = select(Message).order_by(Message.id.desc()).limit(limit + 1)
        if incident is not None:
            carried = (
                select(MessagePage.message_id)
                .join(Page, Page.id == MessagePage.page_id)
                .where(Page.incident_id == incident)
            )
            wanted = wanted.where(or_(Message.incident_id == incident, Message.id.in_(carried)))
        if state is not None:
            wanted = wanted.where(Message.state == state)
        if before is not None:
            wanted = wanted.where(Message.id < before)
        with pager.store.read() as session:
            found = [MessageView.model_validate(message) for message in session.scalars(wanted)]
        more = found[limit - 1].id if len(found) > limit else None
        return MessageList(generated_at=pager.clock(), messages=found[:limit], next=more)

    @routes.get("/api/v1/journal", summary="The journal, oldest line first", responses=ERRORS)
    def journal(after: RowNumber = 0, limit: Limit = 50) -> JournalList:
        wanted = (
            select(JournalLine)
            .where(JournalLine.id > after)
            .order_by(JournalLine.id)
            .limit(limit + 1)
        )
        with pager.store.read() as session:
            found = [JournalEntry.model_validate(line) for line in session.scalars(wanted)]
        more = found[limit - 1].id if len(found) > limit else None
        return JournalList(generated_at=pager.clock(), lines=found[:limit], next=more)

    return routes
