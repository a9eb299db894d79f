"""``/api/v1/rosters``: turns, changes, leave and swaps, for operators and their tools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from alertmanager.duty import planning, swaps
from alertmanager.duty.errors import DutyNotFound, DutyRefused
from alertmanager.duty.shown import cost_of, kept_cost
from alertmanager.rosters import UnknownName
from alertmanager.store.duty_tables import RosterChange, RosterLeave, RosterSwap
from alertmanager.webhook.actions import named_person
from alertmanager.webhook.duty_views import (
    ByOrder,
    ChangeList,
    ChangeOrder,
    ChangeView,
    HoleList,
    HoleView,
    LeaveList,
    LeaveOrder,
    LeaveView,
    OfferOrder,
    ShiftList,
    ShiftView,
    SwapList,
    SwapView,
)
from alertmanager.webhook.pager import Pager
from alertmanager.webhook.problems import ERRORS, Problem
from alertmanager.webhook.reads import IDENTIFIER, Limit
from alertmanager.webhook.repeats import IdempotencyKey, once

_LONGEST = timedelta(days=400)
_FORTNIGHT = timedelta(days=14)
RowId = Annotated[str, Path(pattern=IDENTIFIER)]
_Act = Callable[[Session, datetime], BaseModel]


def router(pager: Pager) -> APIRouter:
    """Every route of the rosters that is not a person's own page."""
    routes = APIRouter(
        prefix="/api/v1/rosters",
        dependencies=[pager.tokens.only(pager.tokens.operator)],
        responses=ERRORS,
    )
    _changes(routes, pager)
    _leaves(routes, pager)
    _swaps(routes, pager)
    _decisions(routes, pager)
    _shifts(routes, pager)
    return routes


def _do(pager: Pager, path: str, key: str | None, order: BaseModel, act: _Act) -> dict[str, object]:
    """One act in one transaction, seen by whoever pages from then on. Raise Problem."""
    now = pager.clock()
    try:
        with pager.store.write() as session:
            answer = once(session, now, key, (path, order), lambda: act(session, now))
    except DutyNotFound as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None
    except DutyRefused as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    pager.live.look()
    return answer


def _span(starts: datetime, ends: datetime) -> tuple[datetime, datetime]:
    """In UTC. Raise Problem 422 at the edge of what datetimes can hold."""
    if not all(1970 < instant.year < 9000 for instant in (starts, ends)):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "année hors limites")
    return starts.astimezone(UTC), ends.astimezone(UTC)


def _shifts(routes: APIRouter, pager: Pager) -> None:
    @routes.get(
        "/holes", summary="Where nobody answers, or somebody who should not, 400 days ahead"
    )
    def holes() -> HoleList:
        last = pager.holes.last
        views = [HoleView.model_validate(hole) for hole in last.holes] if last else []
        looked_at = last.at if last else None
        return HoleList(generated_at=pager.clock(), looked_at=looked_at, holes=views)

    @routes.get("/{roster}/shifts", summary="The turns of a roster; 14 days if nothing is said")
    def shifts(
        roster: str,
        starts_at: Annotated[AwareDatetime | None, Query()] = None,
        ends_at: Annotated[AwareDatetime | None, Query()] = None,
    ) -> ShiftList:
        now = pager.clock()
        start, _ = _span(starts_at or now, now)
        start, end = _span(start, ends_at or start + _FORTNIGHT)
        if not start < end <= start + _LONGEST:
            detail = "période refusée ; attendu : une fin après le début, 400 jours au plus"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        try:
            found = pager.rosters.shifts(roster, start, end)
        except UnknownName as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None
        views = [ShiftView.model_validate(shift) for shift in found]
        return ShiftList(roster=roster, starts_at=start, ends_at=end, shifts=views)


def _changes(routes: APIRouter, pager: Pager) -> None:
    @routes.get("/changes", summary="Overrides, temporary schedules and swaps, the latest first")
    def listed(limit: Limit = 50) -> ChangeList:
        wanted = select(RosterChange).order_by(RosterChange.starts_at.desc(), RosterChange.id)
        with pager.store.read() as session:
            found = [ChangeView.model_validate(row) for row in session.scalars(wanted.limit(limit))]
        return ChangeList(generated_at=pager.clock(), changes=found)

    @routes.post("/changes", summary="Have other people answer for a while")
    def entered(order: ChangeOrder, key: IdempotencyKey = None) -> ChangeView:
        who = named_person(pager.desk, order.person)
        span = _span(order.starts_at, order.ends_at)

        def act(session: Session, now: datetime) -> BaseModel:
            change = planning.enter_change(
                session,
                pager.live.as_of(session),
                order.roster,
                span,
                order.people,
                who=who.name,
                now=now,
                kind=order.kind,
                instead_of=order.instead_of,
                reason=order.reason or "",
            )
            return ChangeView.model_validate(change)

        return ChangeView.model_validate(_do(pager, "changes", key, order, act))

    @routes.post("/changes/{identifier}/cancel", summary="Call a change off")
    def cancelled(identifier: RowId, order: ByOrder, key: IdempotencyKey = None) -> ChangeView:
        who = named_person(pager.desk, order.person)

        def act(session: Session, now: datetime) -> BaseModel:
            change = planning.cancel_change(session, identifier, who=who.name, now=now)
            return ChangeView.model_validate(change)

        path = f"changes/{identifier}/cancel"
        return ChangeView.model_validate(_do(pager, path, key, order, act))


def _leaves(routes: APIRouter, pager: Pager) -> None:
    @routes.get("/leaves", summary="Who is away, the latest first")
    def listed(limit: Limit = 50) -> LeaveList:
        wanted = select(RosterLeave).order_by(RosterLeave.starts_at.desc(), RosterLeave.id)
        with pager.store.read() as session:
            found = [LeaveView.model_validate(row) for row in session.scalars(wanted.limit(limit))]
        return LeaveList(generated_at=pager.clock(), leaves=found)

    @routes.post("/leaves", summary="Somebody is away: their turns become holes until replaced")
    def entered(order: LeaveOrder, key: IdempotencyKey = None) -> LeaveView:
        who = named_person(pager.desk, order.person)
        span = _span(order.starts_at, order.ends_at)

        def act(session: Session, now: datetime) -> BaseModel:
            leave = planning.enter_leave(
                session,
                pager.live.as_of(session),
                order.away,
                span,
                who=who.name,
                now=now,
                note=order.note or "",
            )
            return LeaveView.model_validate(leave)

        return LeaveView.model_validate(_do(pager, "leaves", key, order, act))

    @routes.post("/leaves/{identifier}/cancel", summary="Call a leave off")
    def cancelled(identifier: RowId, order: ByOrder, key: IdempotencyKey = None) -> LeaveView:
        who = named_person(pager.desk, order.person)

        def act(session: Session, now: datetime) -> BaseModel:
            leave = planning.cancel_leave(session, identifier, who=who.name, now=now)
            return LeaveView.model_validate(leave)

        path = f"leaves/{identifier}/cancel"
        return LeaveView.model_validate(_do(pager, path, key, order, act))


def _swaps(routes: APIRouter, pager: Pager) -> None:
    @routes.get("/swaps", summary="Swaps, the latest first")
    def listed(limit: Limit = 50) -> SwapList:
        wanted = select(RosterSwap).order_by(RosterSwap.created_at.desc(), RosterSwap.id)
        with pager.store.read() as session:
            found = [SwapView.model_validate(row) for row in session.scalars(wanted.limit(limit))]
        return SwapList(generated_at=pager.clock(), swaps=found)

    @routes.post("/swaps", summary="Somebody offers their turn")
    def offered(order: OfferOrder, key: IdempotencyKey = None) -> SwapView:
        named_person(pager.desk, order.person)
        span = _span(order.starts_at, order.ends_at)

        def act(session: Session, now: datetime) -> BaseModel:
            swap = swaps.offer(
                session,
                pager.live.as_of(session),
                order.roster,
                span,
                order.person,
                now=now,
                to=order.to,
                note=order.note or "",
            )
            return SwapView.model_validate(swap)

        return SwapView.model_validate(_do(pager, "swaps", key, order, act))

    @routes.post("/swaps/{identifier}/take", summary="Somebody agrees to have that turn")
    def taken(identifier: RowId, order: ByOrder, key: IdempotencyKey = None) -> SwapView:
        named_person(pager.desk, order.person)
        with pager.store.read() as session:
            swap = session.get(RosterSwap, identifier)
        if swap is None:
            raise Problem(HTTPStatus.NOT_FOUND, "aucun échange de ce numéro")
        # Before the transaction: to work it out takes longer than others should wait.
        cost = kept_cost(cost_of(pager.rosters, swap, order.person, pager.clock()), pager.clock())

        def act(session: Session, now: datetime) -> BaseModel:
            book = pager.live.as_of(session)
            found = swaps.take(session, book, identifier, order.person, now=now, cost=cost)
            return SwapView.model_validate(found)

        return SwapView.model_validate(_do(pager, f"swaps/{identifier}/take", key, order, act))


def _decisions(routes: APIRouter, pager: Pager) -> None:
    def approve(session: Session, identifier: str, person: str, now: datetime) -> RosterSwap:
        return swaps.approve(session, pager.live.as_of(session), identifier, person, now)

    def refuse(session: Session, identifier: str, person: str, now: datetime) -> RosterSwap:
        return swaps.refuse(session, pager.live.as_of(session), identifier, person, now)

    def decided(
        name: str, summary: str, act: Callable[[Session, str, str, datetime], RosterSwap]
    ) -> None:
        @routes.post(f"/swaps/{{identifier}}/{name}", summary=summary, operation_id=f"swap_{name}")
        def decide(identifier: RowId, order: ByOrder, key: IdempotencyKey = None) -> SwapView:
            named_person(pager.desk, order.person)

            def acted(session: Session, now: datetime) -> BaseModel:
                return SwapView.model_validate(act(session, identifier, order.person, now))

            path = f"swaps/{identifier}/{name}"
            return SwapView.model_validate(_do(pager, path, key, order, acted))

    decided("approve", "Somebody else approves: the duty changes hands", approve)
    decided("refuse", "Somebody else says no", refuse)
    decided("withdraw", "Whoever offered or took it takes their word back", swaps.withdraw)
