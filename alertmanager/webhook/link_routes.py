"""``/a/{token}``: GET shows what a message was about, POST takes it.

Whatever scans messages for links follows them: GET and HEAD change nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from alertmanager.store.tables import Link, Message
from alertmanager.webhook.link_answers import answer
from alertmanager.webhook.link_page import LinkPages, Notice
from alertmanager.webhook.link_view import view_of
from alertmanager.webhook.links import find_link
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.pages import HEADERS
from alertmanager.webhook.same_origin import must_be_ours, origin_of
from inventory.process.logs import get_logger

log = get_logger("vigie.links")
PageNumber = Annotated[int, Query(ge=1, le=10_000, description="page of a long list of alerts")]
_RESPONSES: dict[int | str, dict[str, Any]] = {
    404: {"content": {"text/html": {}}},
    410: {"content": {"text/html": {}}},
}


def router(pager: Pager) -> APIRouter:
    """The page of a link; none without a key."""
    routes = APIRouter()
    key = pager.link_key
    if key is None:
        return routes
    pages = LinkPages(pager.desk.zone)
    origins = {origin_of(pager.public_url)}

    @routes.head("/a/{token}", include_in_schema=False)
    @routes.get("/a/{token}", summary="What a message was about", responses=_RESPONSES)
    def show(token: str, page: PageNumber = 1) -> HTMLResponse:
        with pager.store.read() as session:
            link = find_link(session, key, token)
            if link is None or link.expires_at <= pager.clock():
                return refusal(link)
            notice = None
            if link.used_at is not None:
                notice = Notice("Ce lien a déjà servi. Voici où en sont les choses.", tone="warm")
            return shown(session, link, page, notice)

    @routes.post("/a/{token}", summary="Take what the message was about", responses=_RESPONSES)
    def act(request: Request, token: str, page: PageNumber = 1) -> HTMLResponse:
        must_be_ours(request, origins)
        with pager.store.write() as session:
            link = find_link(session, key, token)
            now = pager.clock()
            if link is None or link.expires_at <= now:
                return refusal(link)
            done = answer(session, pager.desk, link, now)
            notice = _said(done.used_before, done.taken)
            message = link.message_id
        log.info("link_used", message=message, again=done.used_before, taken=done.taken)
        with pager.store.read() as session:
            found = find_link(session, key, token)
            return refusal(found) if found is None else shown(session, found, page, notice)

    def refusal(link: Link | None) -> HTMLResponse:
        now = pager.clock()
        if link is None:
            return HTMLResponse(pages.missing(now), HTTPStatus.NOT_FOUND, HEADERS)
        return HTMLResponse(pages.gone(now), HTTPStatus.GONE, HEADERS)

    def shown(session: Session, link: Link, page: int, notice: Notice | None) -> HTMLResponse:
        message = session.get_one(Message, link.message_id)
        view = view_of(session, pager.desk, message, page)
        offer = link.used_at is None and view.waiting > 0
        return HTMLResponse(
            pages.incidents(view, pager.clock(), notice, offer=offer), headers=HEADERS
        )

    return routes


def _said(used_before: bool, taken: int) -> Notice:
    if used_before:
        return Notice(
            "Ce lien avait déjà servi : il n’a rien changé cette fois.",
            "Voici où en sont les choses. Pour agir encore, répondez au message par son code.",
            "warm",
        )
    if not taken:
        return Notice("Plus rien n’attendait de réponse.", "Voici où en sont les choses.", "warm")
    if taken == 1:
        return Notice("C’est noté : vous avez pris l’incident en charge.", "Merci.")
    return Notice(f"C’est noté : vous avez pris {taken} incidents en charge.", "Merci.")
