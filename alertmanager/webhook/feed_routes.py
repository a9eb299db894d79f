"""Calendars behind a person's secret address: their own turns, and each roster's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.rosters import Shift, UnknownName
from alertmanager.rosters.ical import SequenceOf, person_feed, roster_feed
from alertmanager.store.duty_tables import RosterChange
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.personal_links import person_of
from alertmanager.webhook.problems import Problem, problems

_PAST, _AHEAD = timedelta(days=60), timedelta(days=400)
_HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
}
_MEDIA = "text/calendar; charset=utf-8"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/calendar": {}}},
    **problems(404, 503),
}


def router(pager: Pager) -> APIRouter:
    """The calendars; none without a key."""
    routes = APIRouter(responses=_RESPONSES)
    key = pager.link_key
    if key is None:
        return routes

    def feed(token: str, made: Callable[[str, SequenceOf], bytes]) -> Response:
        with pager.store.read() as session:
            person = person_of(session, key, token)
            sequence_of = _sequences(session)
        try:
            data = made(person, sequence_of) if person is not None else None
        except UnknownName:
            data = None
        if data is None:
            raise Problem(HTTPStatus.NOT_FOUND, "cette adresse n'existe pas")
        return Response(data, media_type=_MEDIA, headers=_HEADERS)

    @routes.get("/moi/{token}/agenda.ics", summary="A person's turns as a calendar")
    def own(token: str) -> Response:
        now = pager.clock()
        return feed(
            token,
            lambda person, sequence_of: person_feed(
                pager.rosters, person, now - _PAST, now + _AHEAD, sequence_of, stamp=now
            ),
        )

    @routes.get("/moi/{token}/agenda/{roster}.ics", summary="A roster's turns as a calendar")
    def of_roster(token: str, roster: str) -> Response:
        now = pager.clock()
        return feed(
            token,
            lambda _, sequence_of: roster_feed(
                pager.rosters, roster, now - _PAST, now + _AHEAD, sequence_of, stamp=now
            ),
        )

    return routes


def _sequences(session: Session) -> SequenceOf:
    """How often the shift of a roster was changed, called off included: it only ever grows."""
    spans: dict[str, list[tuple[datetime, datetime, int]]] = {}
    for change in session.scalars(select(RosterChange)):
        times = 1 if change.cancelled_at is None else 2
        spans.setdefault(change.roster, []).append((change.starts_at, change.ends_at, times))

    def sequence_of(roster: str, shift: Shift) -> int:
        return sum(
            times
            for start, end, times in spans.get(roster, ())
            if start < shift.end and shift.start < end
        )

    return sequence_of
