"""Calendars behind a person's secret address: their own turns, and each roster's."""

from __future__ import annotations

from collections import Counter
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
        today = _midnight(pager.clock())
        return feed(
            token,
            lambda person, sequence_of: person_feed(
                pager.rosters, person, today - _PAST, today + _AHEAD, sequence_of, stamp=today
            ),
        )

    @routes.get("/moi/{token}/agenda/{roster}.ics", summary="A roster's turns as a calendar")
    def of_roster(token: str, roster: str) -> Response:
        today = _midnight(pager.clock())
        return feed(
            token,
            lambda _, sequence_of: roster_feed(
                pager.rosters, roster, today - _PAST, today + _AHEAD, sequence_of, stamp=today
            ),
        )

    return routes


def _midnight(now: datetime) -> datetime:
    """So that a calendar that did not change is the same bytes all day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _sequences(session: Session) -> SequenceOf:
    """How often anything of a roster was changed, called off included: it only ever grows.

    Of the changes of one shift alone it would not: a half that was replaced, and is whole again,
    is another shift under the same UID.
    """
    counts: Counter[str] = Counter()
    for change in session.scalars(select(RosterChange)):
        counts[change.roster] += 1 if change.cancelled_at is None else 2

    def sequence_of(roster: str, _shift: Shift) -> int:
        return counts[roster]

    return sequence_of
