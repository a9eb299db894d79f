"""Changes of the duty, leave and swaps: who may do what, what it does, what the journal keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alertmanager.duty import planning, swaps
from alertmanager.duty.errors import DutyError, DutyNotFound, DutyRefused
from alertmanager.duty.live import LiveBook
from alertmanager.duty.rows import changes, leaves
from alertmanager.rosters import RosterBook
from alertmanager.rosters.changes import Leave

TURN = (datetime(2026, 5, 8, 17, tzinfo=UTC), datetime(2026, 5, 15, 17, tzinfo=UTC))
"""Yann's week: Luc has the one before. Its nights and week-end, not the office's hours."""
NIGHT = (datetime(2026, 5, 12, 17, tzinfo=UTC), datetime(2026, 5, 13, 5, tzinfo=UTC))
HOLDER, TAKER, KEEPER = "luc.marchand", "malik.haddad", "helene.vasseur"


def book_of(world: Any) -> RosterBook:
    with world.store.read() as session:
        book: RosterBook = world.desk.rosters.with_changes(changes(session), leaves(session))
    return book


def holder(world: Any, at: datetime = NIGHT[0]) -> str:
    (person,) = book_of(world).on_duty("astreinte", at).people
    return person.id


def offer(world: Any, **more: Any) -> str:
    with world.store.write() as session:
        made = swaps.offer(
            session, book_of(world), "astreinte", NIGHT, holder(world), now=world.now, **more
        )
        return made.id


def take(world: Any, swap: str, person: str = TAKER) -> None:
    with world.store.write() as session:
        swaps.take(session, book_of(world), swap, person, now=world.now, cost={"notice": 11})


def approve(world: Any, swap: str, person: str = KEEPER) -> None:
    with world.store.write() as session:
        swaps.approve(session, book_of(world), swap, person, world.now)


def events(world: Any) -> list[str]:
    return [line.event for line in world.journal()]


def test_a_turn_changes_hands_with_both_consents_and_an_approval(world: Any) -> None:
    before = holder(world)
    swap = offer(world, note="rendez-vous")
    take(world, swap)
    assert holder(world) == before  # nothing changes before it is approved
    approve(world, swap)
    assert holder(world) == TAKER
    assert holder(world, NIGHT[1] + timedelta(hours=12)) == before
    assert events(world) == ["swap.offered", "swap.taken", "roster.changed", "swap.approved"]
    (taken,) = world.journal("swap.taken")
    assert taken.detail["cost"] == {"notice": 11}
    approve(world, swap)  # twice is once
    assert len(world.journal("swap.approved")) == 1


def test_an_offer_to_one_person_is_nobody_elses(world: Any) -> None:
    swap = offer(world, to="ines.robert")
    with pytest.raises(DutyRefused, match="quelqu'un d'autre"):
        take(world, swap)
    take(world, swap, "ines.robert")


def test_who_may_not(world: Any) -> None:
    me = holder(world)
    with pytest.raises(DutyRefused, match="à soi-même"):
        offer(world, to=me)
    swap = offer(world)
    with pytest.raises(DutyRefused, match="déjà offerte"):
        offer(world)
    with pytest.raises(DutyRefused, match="c'est votre tour"):
        take(world, swap, me)
    with pytest.raises(DutyRefused, match="personne n'a encore pris"):
        approve(world, swap)
    take(world, swap)
    with pytest.raises(DutyRefused, match="attendu : Hélène Vasseur"):
        approve(world, swap, "ines.robert")
    for party in (me, TAKER):
        with pytest.raises(DutyRefused, match="un tiers"):
            approve(world, swap, party)
    with pytest.raises(DutyRefused, match="plus à prendre"):
        take(world, swap, "ines.robert")
    with pytest.raises(DutyNotFound):
        take(world, "0" * 32)


def test_a_turn_that_is_not_ones_own_is_not_offered(world: Any) -> None:
    with pytest.raises(DutyRefused, match="pas d'astreinte"), world.store.write() as session:
        swaps.offer(session, book_of(world), "astreinte", NIGHT, TAKER, now=world.now)


def test_what_was_given_away_cannot_be_given_again(world: Any) -> None:
    me = holder(world)
    swap = offer(world)
    take(world, swap)
    approve(world, swap)
    with pytest.raises(DutyRefused, match="pas d'astreinte"), world.store.write() as session:
        swaps.offer(session, book_of(world), "astreinte", NIGHT, me, now=world.now)


def test_without_a_keeper_two_consents_are_enough(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.desk.rosters, "keepers", ())
    take(world, offer(world))
    assert holder(world) == TAKER
    (approved,) = world.journal("swap.approved")
    assert approved.detail["by"] == TAKER


def test_a_keeper_says_no(world: Any) -> None:
    before = holder(world)
    swap = offer(world)
    take(world, swap)
    with world.store.write() as session:
        swaps.refuse(session, book_of(world), swap, KEEPER, world.now)
    with pytest.raises(DutyRefused, match="déjà décidé"):
        approve(world, swap)
    assert holder(world) == before


def test_a_week_is_offered_with_its_nights_alone(world: Any) -> None:
    """The office's hours in between stay with the office."""
    week = (NIGHT[0] - timedelta(days=1), NIGHT[1] + timedelta(days=1))
    day = NIGHT[1] + timedelta(hours=5)
    office = holder(world, day)
    with world.store.write() as session:
        swap = swaps.offer(
            session, book_of(world), "astreinte", week, holder(world), now=world.now
        ).id
    take(world, swap)
    approve(world, swap)
    assert holder(world, NIGHT[0] + timedelta(hours=24)) == holder(world) == TAKER
    assert holder(world, day) == office


def test_a_turn_that_changed_since_is_to_be_offered_again(world: Any) -> None:
    swap = offer(world)
    take(world, swap)
    with world.store.write() as session:
        planning.enter_change(
            session,
            world.desk.rosters,
            "astreinte",
            (NIGHT[0], NIGHT[0] + timedelta(hours=1)),
            ["ines.robert"],
            who="x",
            now=world.now,
        )
    with pytest.raises(DutyRefused, match="a changé"):
        approve(world, swap)


def test_a_turn_that_has_begun_is_not_offered(world: Any) -> None:
    world.now = NIGHT[0] + timedelta(hours=1)
    with pytest.raises(DutyRefused, match="a commencé"):
        offer(world)


def test_an_offer_that_nobody_took_in_time_is_in_nobodys_way(world: Any) -> None:
    offer(world)
    world.now = NIGHT[0] + timedelta(hours=1)
    night = timedelta(days=1)
    with world.store.write() as session:
        assert swaps.open_swaps(session, world.now) == []
        swaps.offer(
            session,
            book_of(world),
            "astreinte",
            (NIGHT[0] + night, NIGHT[1] + night),
            holder(world),
            now=world.now,
        )


def test_somebody_who_is_there_already_does_not_take_the_other_half(world: Any) -> None:
    with world.store.write() as session:
        planning.enter_change(
            session,
            world.desk.rosters,
            "astreinte",
            TURN,
            [HOLDER, TAKER],
            who="x",
            now=world.now,
        )
    with world.store.write() as session:
        swap = swaps.offer(session, book_of(world), "astreinte", NIGHT, HOLDER, now=world.now).id
    with pytest.raises(DutyRefused, match="déjà d'astreinte"):
        take(world, swap)


def test_words_taken_back(world: Any) -> None:
    swap = offer(world)
    take(world, swap)
    with world.store.write() as session:
        swaps.withdraw(session, swap, TAKER, world.now)
    take(world, swap, "ines.robert")
    with pytest.raises(DutyRefused, match="à d'autres"), world.store.write() as session:
        swaps.withdraw(session, swap, TAKER, world.now)
    with world.store.write() as session:
        swaps.withdraw(session, swap, holder(world), world.now)
    with pytest.raises(DutyRefused, match="plus à prendre"):
        take(world, swap)
    with pytest.raises(DutyRefused, match="déjà décidé"):
        approve(world, swap)


def test_a_swap_that_nobody_decided_in_time_leaves_the_duty_where_it_was(world: Any) -> None:
    before = holder(world)
    swap = offer(world)
    take(world, swap)
    world.now = NIGHT[0]
    with pytest.raises(DutyRefused, match="a commencé"):
        approve(world, swap)
    assert holder(world) == before


def test_an_override_called_off_in_its_middle_stays_done_up_to_then(world: Any) -> None:
    span = (world.now, world.now + timedelta(days=2))
    with world.store.write() as session:
        made = planning.enter_change(
            session,
            world.desk.rosters,
            "astreinte",
            span,
            [TAKER],
            who="Hélène Vasseur",
            now=world.now,
        ).id
    world.now += timedelta(days=1)
    for _ in range(2):
        with world.store.write() as session:
            planning.cancel_change(session, made, who="Hélène Vasseur", now=world.now)
        world.now += timedelta(minutes=1)
        if len(world.journal("roster.change_cancelled")) == 1:
            assert holder(world, span[0]) == TAKER
            assert holder(world, span[0] + timedelta(days=1)) != TAKER
            break


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"roster": "astrinte"}, "l'un de astreinte"),
        ({"people": ["personne"]}, "inconnue"),
        ({"people": []}, "au moins une"),
        ({"span": (TURN[1], TURN[0])}, "période est vide"),
        ({"span": (TURN[0] - timedelta(days=99), TURN[0] - timedelta(days=98))}, "est passée"),
        ({"span": (TURN[0], TURN[0] + timedelta(days=401))}, "400 jours"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would_be_right(
    world: Any, change: dict[str, Any], said: str
) -> None:
    order = {"roster": "astreinte", "span": TURN, "people": [TAKER], **change}
    with pytest.raises(DutyError, match=said), world.store.write() as session:
        planning.enter_change(
            session,
            world.desk.rosters,
            order["roster"],
            order["span"],
            order["people"],
            who="x",
            now=world.now,
        )
    assert events(world) == []


def test_a_calendar_read_again_replaces_what_it_said(world: Any) -> None:
    def read(*days: int) -> tuple[int, int]:
        found = [
            Leave("", TAKER, TURN[0] + timedelta(days=n), TURN[0] + timedelta(days=n + 1), "ical")
            for n in days
        ]
        with world.store.write() as session:
            return planning.replace_calendar(
                session, TAKER, "ical:conges", found, who="x", now=world.now
            )

    with world.store.write() as session:
        planning.enter_leave(
            session, world.desk.rosters, TAKER, TURN, who="x", now=world.now, note="à la main"
        )
    assert read(1, 2) == (2, 0)
    assert read(1, 2) == (0, 0)
    assert read(2, 3) == (1, 1)
    with world.store.read() as session:
        assert len(leaves(session)) == 3


def test_the_live_book_follows_the_store_and_outlives_its_troubles(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveBook(world.desk.rosters, world.store, lambda: world.now)
    live.refresh()
    first = live.book
    live.refresh()
    assert live.book is first  # nothing changed: what was worked out is kept
    swap = offer(world)
    take(world, swap)
    approve(world, swap)
    live.refresh()
    (person,) = live.book.on_duty("astreinte", NIGHT[0]).people
    assert person.id == TAKER
