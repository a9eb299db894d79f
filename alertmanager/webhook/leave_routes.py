"""Leave read from a person's calendar (iCalendar), as a whole or not at all."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from alertmanager.duty import planning
from alertmanager.rosters import UnknownName
from alertmanager.rosters.ical import LeaveRefused, read_leave
from alertmanager.webhook.actions import named_person
from alertmanager.webhook.orders import PersonId
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem

_PAST, _AHEAD = timedelta(days=60), timedelta(days=400)
_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class ReadCalendar(BaseModel):
    """What a calendar changed: `new` leaves, and `gone` ones that it says no more."""

    person: str
    new: Annotated[int, Field(ge=0)]
    gone: Annotated[int, Field(ge=0)]


async def _body(request: Request) -> bytes:
    return await request.body()


def router(pager: Pager) -> APIRouter:
    """``PUT /api/v1/rosters/leaves/calendars/{person}``."""
    routes = APIRouter(
        prefix="/api/v1/rosters/leaves/calendars",
        dependencies=[pager.tokens.only(pager.tokens.operator)],
        responses=ERRORS,
    )

    @routes.put(
        "/{person}",
        summary="Read a person's calendar of leave instead of what it said before",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"text/calendar": {"schema": {"type": "string"}}},
            }
        },
    )
    def read(
        person: PersonId,
        by: Annotated[str, Query(pattern=_NAME, description="who does so: somebody's id")],
        body: Annotated[bytes, Depends(_body)],
        source: Annotated[str, Query(pattern=_NAME, description="which calendar it is")] = "agenda",
    ) -> ReadCalendar:
        who, now, book = named_person(pager.desk, by), pager.clock(), pager.rosters
        try:
            book.person(person)
            found = read_leave(body, person, book.zone, now - _PAST, now + _AHEAD)
        except UnknownName as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None
        except LeaveRefused as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        with pager.store.write() as session:
            new, gone = planning.replace_calendar(
                session, person, f"ical:{source}", found, who=who.name, now=now
            )
        pager.live.look()
        return ReadCalendar(person=person, new=new, gone=gone)

    return routes
