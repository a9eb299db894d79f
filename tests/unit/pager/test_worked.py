"""Interventions proposed from what the pager did, and who was told of a duty, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alertmanager.duty.worked import proposals, told
from alertmanager.store.duty_tables import DutyNotice, RosterSwap

MAY = (datetime(2026, 4, 30, 22, tzinfo=UTC), datetime(2026, 5, 31, 22, tzinfo=UTC))


def proposed(world: Any, span: tuple[datetime, datetime] = MAY) -> list[Any]:
    with world.store.read() as session:
        return proposals(session, *span)


def taken(world: Any, by: str) -> datetime:
    world.send_all()
    world.pass_time(minutes=2)
    world.reply(by, "OK")
    return world.now


def over(world: Any) -> datetime:
    world.pass_time(minutes=25)
    world.post(world.alert(firing=False))
    return world.now


def test_called_taken_and_over_is_one_proposal(world: Any) -> None:
    called = world.now
    world.post(world.alert())
    at = taken(world, world.first)
    end = over(world)
    (one,) = proposed(world)
    assert (one.person, one.name) == ("nadia.benali", "Nadia Benali")
    assert (one.called_at, one.acknowledged_at, one.ended_at) == (called, at, end)
    assert one.incident == world.incident().code
    assert one.member == "valmont"
    assert proposed(world, (MAY[1], MAY[1] + timedelta(days=30))) == []


def test_who_only_was_paged_is_not_proposed(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.pass_time(minutes=7)  # the second is paged
    at = taken(world, world.second)
    over(world)
    (one,) = proposed(world)
    assert (one.person, one.acknowledged_at) == ("yann.legoff", at)
    assert one.called_at is not None
    assert one.called_at > world.incident().opened_at


def test_what_still_fires_and_is_taken_again_is_one_intervention(world: Any) -> None:
    world.post(world.alert())
    at = taken(world, world.first)
    world.pass_time(minutes=61)  # the acknowledgement has expired: paged again
    taken(world, world.first)
    end = over(world)
    (one,) = proposed(world)
    assert (one.acknowledged_at, one.ended_at) == (at, end)


def test_what_has_no_end_is_left_to_the_agent(world: Any) -> None:
    world.post(world.alert())
    taken(world, world.first)
    (one,) = proposed(world)
    assert one.ended_at is None
    assert "à écrire" in one.why_ended


def test_notices_that_left_and_swaps_that_were_taken_prove_who_knew(world: Any) -> None:
    start, end = MAY[0] + timedelta(days=8), MAY[0] + timedelta(days=15)
    world.post(world.alert())
    world.send_all()
    message = world.messages()[0]
    with world.store.write() as session:
        for kind in ("gained", "lost", "reminder"):
            session.add(
                DutyNotice(
                    key=kind,
                    kind=kind,
                    person="luc.marchand",
                    roster="astreinte",
                    starts_at=start,
                    ends_at=end,
                    decided_at=world.now,
                    message_id=message.id,
                )
            )
        for number, state in enumerate(("approved", "taken")):
            session.add(
                RosterSwap(
                    id=str(number),
                    roster="renfort",
                    starts_at=start,
                    ends_at=end,
                    offered_by="luc.marchand",
                    note="",
                    held_seconds=1,
                    state=state,
                    created_at=world.now,
                    taken_by="malik.haddad",
                    taken_at=world.now,
                    cost={},
                )
            )
    with world.store.read() as session:
        notice, swap = told(session, *MAY)
    assert (notice.person, notice.start, notice.end) == ("luc.marchand", start, end)
    assert notice.told_at == message.delivered_at
    assert (swap.person, swap.roster, swap.told_at) == ("malik.haddad", "renfort", world.now)
