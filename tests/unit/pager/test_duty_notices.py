"""Reminders and notices of change: told once, to those concerned, by day, within what one bears."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from alertmanager.delivery.channels import Channel
from alertmanager.duty import planning
from alertmanager.duty.notices import notify_changes
from alertmanager.duty.reminders import due_reminders
from alertmanager.duty.reminding import remind
from alertmanager.duty.rows import changes
from alertmanager.duty.told_again import lost, tell_again
from alertmanager.duty.turns import coming_turns
from alertmanager.rosters import RosterBook
from alertmanager.rosters.notice_rules import NoticeRules
from alertmanager.store.duty_tables import DutyNotice, DutySnapshot

PARIS = ZoneInfo("Europe/Paris")
WEEK = timedelta(days=7)
RULES = NoticeRules(before=(WEEK, timedelta(hours=24), timedelta(hours=1)), changes=True)
FRIDAY = datetime(2026, 5, 22, 17, tzinfo=UTC)
"""Malik takes over from Inès, for the week."""
MALIK, NADIA, YANN = "+33639981002", "+33639981003", "+33639981005"


@dataclass
class Told:
    """The pager of the other tests, with a book that asks for reminders and notices."""

    world: Any
    book: RosterBook

    def at(self, text: str) -> None:
        self.world.now = datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)

    def notify(self) -> bool:
        with self.world.store.write() as session:
            return notify_changes(session, self.world.desk, self.book, self.world.now)

    def remind(self) -> list[bool]:
        turns = coming_turns(self.book, self.world.now, WEEK + timedelta(hours=1))
        now = self.world.now
        with self.world.store.write() as session:
            return [
                remind(session, self.world.desk, self.book, one, now)
                for one in due_reminders(turns, RULES, PARIS, now)
            ]

    def replace(self, *people: str, start: datetime = FRIDAY, span: timedelta = WEEK) -> str:
        with self.world.store.write() as session:
            made = planning.enter_change(
                session, self.book, "astreinte", (start, start + span), people,
                who="helene.vasseur", now=self.world.now, instead_of="malik.haddad",
            )  # fmt: skip
            return str(made.id)

    def sent(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = self.world.send_all()
        return found

    def rows(self) -> list[DutyNotice]:
        with self.world.store.read() as session:
            found = select(DutyNotice).order_by(DutyNotice.decided_at, DutyNotice.key)
            return list(session.scalars(found))


@pytest.fixture
def told(world: Any) -> Told:
    book = copy(world.desk.rosters)
    book.notices = RULES
    world.with_desk(rosters=book)
    found = Told(world, book)
    found.at("2026-05-11 10:00")
    assert found.notify()  # the first look: nobody was told anything before
    assert found.sent() == []
    return found


def test_a_change_is_told_once_to_who_gains_and_who_loses_and_the_journal_keeps_it(
    told: Told,
) -> None:
    told.replace("yann.legoff")
    assert told.notify()
    week = "Astreinte d'exploitation du ven 22/05 19:00 au ven 29/05 07:00."
    assert dict(told.sent()) == {
        YANN: f"VIGIE : planning d'astreinte modifié. En plus : {week}",
        MALIK: f"VIGIE : planning d'astreinte modifié. En moins : {week}",
    }
    assert told.notify()
    assert told.sent() == []
    assert {(row.kind, row.person) for row in told.rows()} == {
        ("gained", "yann.legoff"),
        ("lost", "malik.haddad"),
    }
    proof = {message.id: message.state for message in told.world.messages()}
    assert [proof[row.message_id or 0] for row in told.rows()] == ["delivered", "delivered"]
    lines = told.world.journal("duty.notified")
    assert [(line.detail["person"], line.detail["channel"]) for line in lines] == [
        ("malik.haddad", "sms"),
        ("yann.legoff", "sms"),
    ]


def test_what_is_changed_at_night_waits_for_the_morning_and_what_is_undone_is_not_told(
    told: Told,
) -> None:
    told.at("2026-05-11 23:30")
    change = told.replace("yann.legoff")
    assert not told.notify()
    told.at("2026-05-12 03:00")
    with told.world.store.write() as session:
        planning.cancel_change(session, change, who="helene.vasseur", now=told.world.now)
    assert told.notify()
    told.replace("nadia.benali")
    assert not told.notify()
    assert told.sent() == []
    told.at("2026-05-12 07:00")
    assert told.notify()
    assert {to for to, _ in told.sent()} == {NADIA, MALIK}


def test_what_begins_within_a_day_is_told_at_night(told: Told) -> None:
    told.at("2026-05-21 23:30")
    assert told.notify()  # a day later: people know the days that came in sight
    told.replace("yann.legoff")
    assert told.notify()
    assert {to for to, _ in told.sent()} == {YANN, MALIK}


def test_days_that_come_in_sight_are_no_change(told: Told) -> None:
    told.at("2026-06-30 10:00")
    assert told.notify()
    with told.world.store.read() as session:
        kept = session.scalars(select(DutySnapshot)).one()
    assert kept.until == told.world.now + timedelta(days=400)
    assert told.sent() == []


def test_without_notices_what_was_told_is_forgotten(told: Told) -> None:
    told.book.notices = NoticeRules()
    told.replace("yann.legoff")
    assert told.notify()
    told.book.notices = RULES
    assert told.notify()
    assert told.sent() == []


def test_nobody_is_told_more_than_they_bear_and_nothing_is_lost(told: Told) -> None:
    """Two courtesies in five minutes, as for those of incidents; the third says all the rest."""
    for day in range(5):
        told.replace("yann.legoff", start=FRIDAY + timedelta(days=day), span=timedelta(hours=10))
        told.notify()
        told.world.send_all()
        told.world.now += timedelta(seconds=10)
    texts = [m.text for m in told.world.messages() if m.address == YANN]
    assert len(texts) == 2
    told.world.now += timedelta(minutes=5)
    assert told.notify()
    told.world.send_all()
    *_, last = [m.text for m in told.world.messages() if m.address == YANN]
    assert "(+1 autre)" in last
    assert len([row for row in told.rows() if row.kind == "gained"]) == 5


def test_reminders_come_once_each_and_name_the_turn(told: Told) -> None:
    for instant in ("2026-05-15 19:00", "2026-05-15 19:05", "2026-05-21 19:00", "2026-05-22 18:00"):
        told.at(instant)
        told.remind()
    mine = [text for to, text in told.sent() if to == MALIK]
    span = "ven 22/05 19:00, jusqu'au ven 29/05 07:00"
    text = f"VIGIE : votre astreinte commence {span} (Astreinte d'exploitation)."
    assert mine == [text] * 3
    assert told.remind() == [True, True]  # the second roster's too
    assert told.sent() == []
    assert len(told.world.journal("duty.reminded")) == 6


def test_who_has_just_been_told_of_a_turn_is_not_reminded_of_it_too(told: Told) -> None:
    told.at("2026-05-22 10:00")
    told.replace("yann.legoff")
    told.notify()
    with told.world.store.read() as session:
        told.book = told.book.with_changes(changes(session), ())
    told.remind()
    assert len([to for to, _ in told.sent() if to == YANN]) == 1
    told.at("2026-05-22 18:00")
    told.remind()
    assert len([to for to, _ in told.sent() if to == YANN]) == 1


def test_what_does_not_arrive_goes_by_the_next_channel_and_that_is_the_proof(told: Told) -> None:
    sms = told.world.desk.channels[0]
    told.world.with_desk(channels=(sms, Channel("mail", ("email",), "email", capped=False)))
    told.replace("yann.legoff")
    told.notify()
    told.world.refuse_next()
    told.world.send_all()
    with told.world.store.write() as session:
        (only,) = lost(session, told.world.now)
        assert tell_again(session, told.world.desk, only, told.world.now)
    with told.world.store.read() as session:
        assert lost(session, told.world.now) == []
    ((to, text),) = told.sent()
    assert to.endswith("@deux-rives.test")
    assert text.startswith("VIGIE : planning d'astreinte modifié.")
    state = {message.id: (message.channel, message.state) for message in told.world.messages()}
    assert sorted(state[row.message_id or 0] for row in told.rows()) == [
        ("mail", "delivered"),
        ("sms", "delivered"),
    ]
    assert len(told.world.journal("duty.told_again")) == 1


def test_without_another_channel_it_stays_lost(told: Told) -> None:
    told.replace("yann.legoff")
    told.notify()
    told.world.refuse_next()
    with told.world.store.write() as session:
        (only,) = lost(session, told.world.now)
        assert tell_again(session, told.world.desk, only, told.world.now)
    assert len(told.world.messages()) == 2
