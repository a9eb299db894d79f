"""``/moi/{token}``: a person's turns, and their swaps: offered, taken, decided. No script needed.

GET changes nothing; each POST does one thing and shows the page anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from alertmanager.duty import swaps
from alertmanager.duty.errors import DutyError, DutyNotFound
from alertmanager.duty.shown import cost_of, kept_cost
from alertmanager.rosters import Person, UnknownName
from alertmanager.store.duty_tables import RosterSwap
from alertmanager.webhook.actions import named_person
from alertmanager.webhook.duty_views import ByOrder
from alertmanager.webhook.link_page import Notice
from alertmanager.webhook.link_view import shown
from alertmanager.webhook.orders import PersonId
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.pages import HEADERS
from alertmanager.webhook.personal_links import make_personal_link, person_of
from alertmanager.webhook.personal_page import PersonPages
from alertmanager.webhook.personal_view import PersonView, shown_swap, view_of
from alertmanager.webhook.problems import ERRORS, Problem
from alertmanager.webhook.same_origin import must_be_ours, origin_of
from inventory.process.logs import get_logger

log = get_logger("vigie.duty")
_RESPONSES: dict[int | str, dict[str, Any]] = {404: {"content": {"text/html": {}}}}
_SAID = {
    "offres": "Votre tour est proposé. Vous restez d’astreinte tant que rien n’est décidé.",
    "prendre": "C’est noté : vous prenez ce tour.",
    "valider": "L’échange est validé, le planning est à jour.",
    "refuser": "L’échange est refusé, rien ne change.",
    "retirer": "L’échange est retiré.",
}
Act = Callable[[Session, Person, datetime], object]


class PersonalAddress(BaseModel):
    """A secret address, shown this once."""

    person: str
    url: str


def router(pager: Pager) -> APIRouter:
    """The personal pages; none without a key."""
    routes = APIRouter()
    if pager.link_key is None:
        return routes
    pages = _Pages(pager, pager.link_key)
    _read(routes, pages)
    _act(routes, pages)
    _decide(routes, pages)
    _address(routes, pager, pager.link_key)
    return routes


class _Pages:
    """Finds whose page it is, and shows it."""

    def __init__(self, pager: Pager, key: bytes) -> None:
        self.pager, self._key = pager, key
        self._html = PersonPages(pager.desk.zone)
        self._origins = {origin_of(pager.public_url)}

    def person(self, session: Session, token: str) -> Person | None:
        """Whose token it is, if the rosters still know them."""
        identifier = person_of(session, self._key, token)
        try:
            return None if identifier is None else self.pager.rosters.person(identifier)
        except UnknownName:
            return None

    def shown(
        self,
        token: str,
        notice: Notice | None = None,
        more: Callable[[Session, PersonView], PersonView | None] = lambda _, view: view,
    ) -> HTMLResponse:
        """The page of that token; `more` makes another page of it, or None: there is none."""
        pager = self.pager
        with pager.store.read() as session:
            person = self.person(session, token)
            view = None
            if person is not None:
                last = pager.holes.last
                view = more(
                    session,
                    view_of(
                        session,
                        pager.rosters,
                        person,
                        pager.clock(),
                        last.holes if last is not None else (),
                    ),
                )
        if view is None:
            return HTMLResponse(self._html.missing(), HTTPStatus.NOT_FOUND, HEADERS)
        keepers = bool(pager.rosters.keepers)
        html = self._html.shown(view, f"/moi/{token}", keepers=keepers, notice=notice)
        return HTMLResponse(html, headers=HEADERS)

    def done(self, request: Request, token: str, what: str, act: Act) -> HTMLResponse:
        """Do it in one transaction, then show the page with what became of it."""
        must_be_ours(request, self._origins)
        pager = self.pager
        notice = Notice(_SAID[what])
        try:
            with pager.store.write() as session:
                person = self.person(session, token)
                if person is None:
                    return self.shown(token)
                act(session, person, pager.clock())
        except DutyError as error:
            text = str(error)
            notice = Notice(f"{text[0].upper()}{text[1:]}.", tone="warm")
        else:
            log.info("personal_page_used", what=what, person=person.id)
        pager.live.look()
        return self.shown(token, notice)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form of ours, which has few and short ones."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, max_num_fields=10))
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "ce n'est pas un formulaire d'ici") from None


def _read(routes: APIRouter, pages: _Pages) -> None:
    pager = pages.pager

    @routes.get("/moi/{token}", summary="A person's turns and swaps", responses=_RESPONSES)
    def show(token: str) -> HTMLResponse:
        return pages.shown(token)

    @routes.get("/moi/{token}/tours/{number}", summary="Offer a turn", responses=_RESPONSES)
    def turn(token: str, number: str) -> HTMLResponse:
        def more(_: Session, view: PersonView) -> PersonView | None:
            found = next((one for one in view.turns if one.number == number), None)
            return None if found is None else replace(view, turn=found)

        return pages.shown(token, more=more)

    @routes.get(
        "/moi/{token}/echanges/{identifier}", summary="What a swap costs", responses=_RESPONSES
    )
    def swap(token: str, identifier: str) -> HTMLResponse:
        def more(session: Session, view: PersonView) -> PersonView | None:
            found = session.get(RosterSwap, identifier)
            if found is None or identifier not in {offer.id for offer in view.offers}:
                return None
            cost = cost_of(pager.rosters, found, view.person.id, pager.clock())
            return replace(view, swap=shown_swap(pager.rosters, found), cost=cost)

        return pages.shown(token, more=more)


def _act(routes: APIRouter, pages: _Pages) -> None:
    pager = pages.pager

    @routes.post("/moi/{token}/offres", summary="Offer a turn", responses=_RESPONSES)
    def offer(
        request: Request,
        token: str,
        sent: Annotated[dict[str, str], Depends(_form)],
    ) -> HTMLResponse:
        def act(session: Session, person: Person, now: datetime) -> object:
            view = view_of(session, pager.rosters, person, now)
            found = next((one for one in view.turns if one.number == sent.get("tour")), None)
            if found is None or found.end is None:
                raise DutyNotFound("ce tour n'est plus le vôtre")
            return swaps.offer(
                session,
                pager.live.as_of(session),
                found.roster,
                (found.start, found.end),
                person.id,
                now=now,
                to=sent.get("pour") or None,
                note=shown(sent.get("note", "")),
            )

        return pages.done(request, token, "offres", act)

    @routes.post("/moi/{token}/echanges/{identifier}/prendre", summary="Take a turn")
    def take(request: Request, token: str, identifier: str) -> HTMLResponse:
        now = pager.clock()
        with pager.store.read() as session:
            person, found = pages.person(session, token), session.get(RosterSwap, identifier)
        # Before the transaction: to work it out takes longer than others should wait.
        lines = cost_of(pager.rosters, found, person.id, now) if person and found else ()

        def act(session: Session, person: Person, now: datetime) -> object:
            cost = kept_cost(lines, now)
            return swaps.take(
                session, pager.live.as_of(session), identifier, person.id, now=now, cost=cost
            )

        return pages.done(request, token, "prendre", act)


def _decide(routes: APIRouter, pages: _Pages) -> None:
    pager = pages.pager

    @routes.post("/moi/{token}/echanges/{identifier}/valider", summary="Approve a swap")
    def approve(request: Request, token: str, identifier: str) -> HTMLResponse:
        def act(session: Session, person: Person, now: datetime) -> object:
            return swaps.approve(session, pager.live.as_of(session), identifier, person.id, now)

        return pages.done(request, token, "valider", act)

    @routes.post("/moi/{token}/echanges/{identifier}/refuser", summary="Refuse a swap")
    def refuse(request: Request, token: str, identifier: str) -> HTMLResponse:
        def act(session: Session, person: Person, now: datetime) -> object:
            return swaps.refuse(session, pager.live.as_of(session), identifier, person.id, now)

        return pages.done(request, token, "refuser", act)

    @routes.post("/moi/{token}/echanges/{identifier}/retirer", summary="Withdraw a swap")
    def withdraw(request: Request, token: str, identifier: str) -> HTMLResponse:
        def act(session: Session, person: Person, now: datetime) -> object:
            return swaps.withdraw(session, identifier, person.id, now)

        return pages.done(request, token, "retirer", act)


def _address(routes: APIRouter, pager: Pager, key: bytes) -> None:
    @routes.post(
        "/api/v1/people/{person}/address",
        summary="A new secret address for a person; the one before opens nothing any more",
        dependencies=[pager.tokens.only(pager.tokens.operator)],
        responses=ERRORS,
    )
    def address(person: PersonId, order: ByOrder) -> PersonalAddress:
        by = named_person(pager.desk, order.person)
        try:
            whose = pager.rosters.person(person)
        except UnknownName as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None
        with pager.store.write() as session:
            token = make_personal_link(session, key, whose.id, pager.clock(), by=by.name)
        return PersonalAddress(person=whose.id, url=f"{pager.public_url}/moi/{token}")
